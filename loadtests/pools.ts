import type { Certificate, ClosedLevel } from "../src/domain/index.ts";
import { instancesAnswer } from "./cores-per-instance.ts";
import { findKnee, KNEE, type Knee, rounded, tellKnee } from "./knee.ts";

/** What pools are reckoned from. The curve was measured through the load balancer, over all cores together. */
export interface PoolQuestion {
  /** Of one stage, or of several over the same cores. */
  readonly levels: readonly ClosedLevel[];
  /** Requests a second that are to be carried. */
  readonly rate: number;
  /** Cores that took the load, and instances that they stood on; at least 1 each. */
  readonly cores: number;
  readonly instances: number;
  /** Connections that each core holds to each database now. */
  readonly poolSize: number;
  /** Databases that each core holds a pool to; one per tenant that has its own. */
  readonly databases: number;
  /** Of the database server; `undefined`: not known, and then not checked. */
  readonly maxConnections: number | undefined;
  /** Share of {@link maxConnections} that all pools together may take, 0–1. The rest is for people, backups, and one more core. */
  readonly connectionShare: number;
  /** Share of requests that touch the database, 0–1; `undefined`: all are taken to. */
  readonly databaseShare?: number;
  /** How long such a request holds its connection, ms; `undefined`: all its time. */
  readonly databaseMs?: number;
}

/** Pools, cores per instance and the reckoning. */
export type Recommendation = NonNullable<Certificate["recommendation"]>;

/**
 * Room for bunched arrivals over the mean number in flight L: 3 · √L. For independent arrivals the number in flight is
 * Poisson where nobody waits (M/G/∞), whose standard deviation is √L; the square root staffing rule of S. Halfin and W. Whitt
 * ("Heavy-Traffic Limits for Queues with Many Exponential Servers", 1981) with 3 leaves well under 1% waiting.
 */
const ROOM = 3;
/** A pool of one lets a single slow statement hold up its core. */
const LEAST_POOL = 2;

/**
 * Pools by Little's law (L = λ · W) at the wanted rate with one core gone, checked against max_connections; `null` where no
 * level answered well enough. Infeasible questions are answered with what fits, and `because` says that it is not enough.
 */
export function recommend(question: PoolQuestion): Recommendation | null {
  const { rate, cores } = question;
  const knee = findKnee(question.levels, KNEE);
  if (knee.level === undefined) return null;
  const because = [tellKnee(knee)];
  const ceiling = knee.level.throughput / cores;
  const left = Math.max(1, cores - 1);
  const perCore = rate / left;
  // The curve is of all cores: where each of them took `perCore` requests/s, they took this many together.
  const { meanMs, measured } = meanAt(question.levels, knee, perCore * cores);
  const inFlight = (perCore * meanMs) / 1_000;

  because.push(carrying(question, ceiling, perCore, knee));
  const needed = withRoom(inFlight);
  because.push(
    `At ${rounded(perCore)} requests/s and ${rounded(meanMs)} ms ${measured ? "" : "(the most that was measured) "}a core has ` +
      `${rounded(inFlight)} requests in flight; with room for bunched arrivals (3 · √${rounded(inFlight)}) ${needed}.`,
  );
  const server = serverPool(question, knee, needed, because);
  const pool = connectionPool(question, { perCore, meanMs, server }, because);
  const spread = instancesAnswer({ ...question, ceiling, reached: knee.reached });
  because.push(...spread.because, ...unknowns(question));
  return { maxServerPoolSize: server, connectionPoolSize: pool, coresPerInstance: spread.coresPerInstance, because };
}

function carrying({ cores, rate }: PoolQuestion, ceiling: number, perCore: number, knee: Knee): string {
  const gone = cores === 1 ? "With the only core" : `With one of ${cores} cores gone`;
  const each = `${gone}, each ${cores === 1 ? "" : "of the others "}must carry ${rounded(perCore)} of ${rounded(rate)} requests/s`;
  const can = `${knee.reached ? "one core's ceiling is" : "one core was seen to carry"} ${rounded(ceiling)}`;
  if (perCore <= ceiling) {
    return cores === 1 ? `${each}; ${can}. Nothing is left when it fails.` : `${each}; ${can}: enough.`;
  }
  if (!knee.reached) return `${each}; ${can}, and its ceiling is not known: whether that is enough was not measured.`;
  const wanted = Math.ceil(rate / ceiling) + 1;
  return `${each}; ${can}: not enough. ${wanted} cores would be, if each brings as much.`;
}

/** Threads of one core: what the rate needs, and beyond that as many as are of any use. */
function serverPool({ cores, poolSize }: PoolQuestion, knee: Knee, needed: number, because: string[]): number {
  if (knee.level === undefined) return needed;
  if (!knee.reached || knee.why !== "flat") {
    because.push(
      `max_server_pool_size ${needed}: what the rate needs. How many more would be of use was not measured.`,
    );
    return needed;
  }
  const useful = Math.max(LEAST_POOL, Math.ceil(knee.level.connections / cores));
  because.push(
    needed <= useful
      ? `max_server_pool_size ${useful}: so many requests per core are in flight where throughput stops growing; more would only move the queue into the core.`
      : `max_server_pool_size ${useful}, not ${needed}: beyond ${useful} requests per core in flight, throughput was not seen to grow.`,
  );
  because.push(
    "Throughput may have stopped growing because of the pools as they were set while it was measured " +
      `(${poolSize} database connections a core): after a change, tune again.`,
  );
  return useful;
}

/** Connections of one core to one database: what the rate needs, and not more than fit. */
function connectionPool(
  question: PoolQuestion,
  core: { readonly perCore: number; readonly meanMs: number; readonly server: number },
  because: string[],
): number {
  const { cores, databases, maxConnections, connectionShare, databaseShare = 1, databaseMs } = question;
  const heldMs = Math.min(databaseMs ?? core.meanMs, core.meanMs);
  const inUse = (core.perCore * databaseShare * heldMs) / 1_000;
  // A request holds one connection at a time: more connections than threads are never in use.
  const needed = Math.min(Math.max(LEAST_POOL, core.server), withRoom(inUse));
  const holds = databaseMs === undefined ? `its whole ${rounded(heldMs)} ms` : `${rounded(heldMs)} ms`;
  because.push(
    `Of ${rounded(core.perCore)} requests/s per core ${rounded(databaseShare * 100)}% touch the database and hold a connection for ` +
      `${holds}: ${rounded(inUse)} connections in use, with room ${needed}.`,
  );
  if (maxConnections === undefined) {
    because.push(
      `max_connections is not known: that ${cores} cores × ${needed} × ${databases} databases = ${cores * needed * databases} fit was not checked.`,
    );
    return needed;
  }
  const allowed = Math.floor(connectionShare * maxConnections);
  const fits = Math.floor(allowed / (cores * databases));
  const size = Math.max(1, Math.min(needed, fits));
  const sum = `${cores} cores × ${size} × ${databases} ${databases === 1 ? "database" : "databases"} = ${cores * size * databases} connections`;
  const limit = `${rounded(connectionShare * 100)}% of max_connections ${maxConnections} = ${allowed}`;
  const raise = `max_connections ${Math.ceil((cores * needed * databases) / connectionShare)} or fewer cores would do`;
  if (fits < 1) because.push(`Not feasible: even ${sum} are more than ${limit}; ${raise}.`);
  else if (size < needed)
    because.push(`Not feasible as needed: ${sum} are all that fit in ${limit}, ${needed} a pool are needed; ${raise}.`);
  else
    because.push(`${sum}, held open also when idle, within ${limit}; ${moreCores(allowed, cores, size * databases)}.`);
  return size;
}

function moreCores(allowed: number, cores: number, each: number): string {
  const more = Math.floor(allowed / each) - cores;
  return more === 0 ? "one more core would go beyond it" : `${more} more ${more === 1 ? "core fits" : "cores fit"}`;
}

function withRoom(mean: number): number {
  return Math.max(LEAST_POOL, Math.ceil(mean + ROOM * Math.sqrt(mean)));
}

/**
 * Average latency at a total throughput, between the two levels around it, up to the knee. Below the first level: the first level's,
 * which is not less. Above what was measured: the knee's, which is less than the truth; `measured` is false then.
 */
function meanAt(levels: readonly ClosedLevel[], knee: Knee, throughput: number): { meanMs: number; measured: boolean } {
  const top = knee.level;
  if (top === undefined) return { meanMs: 0, measured: false };
  const rising = levels
    .filter((level) => level.connections <= top.connections && level.throughput > 0)
    .sort((a, b) => a.throughput - b.throughput);
  const above = rising.find((level) => level.throughput >= throughput);
  if (above === undefined) return { meanMs: Math.max(...rising.map((level) => level.meanMs)), measured: false };
  const below = rising[rising.indexOf(above) - 1];
  if (below === undefined) return { meanMs: above.meanMs, measured: true };
  const part = (throughput - below.throughput) / (above.throughput - below.throughput);
  return { meanMs: below.meanMs + part * (above.meanMs - below.meanMs), measured: true };
}

/** What nobody should read into the figures. */
function unknowns(question: PoolQuestion): string[] {
  const holding =
    question.databaseMs === undefined
      ? " How long a request holds its connection was not measured; taking all its time errs towards a larger pool."
      : "";
  return [
    `Not known here: other kinds of requests than the one measured (a sign-in holds a thread for as long as its password hash takes), other users of the same database, the memory of a thread, and whether the load balancer spreads evenly.${holding}`,
  ];
}
