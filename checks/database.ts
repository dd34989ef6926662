import type {
  Database,
  DatabaseFacts,
  DatabaseFailure,
  DatabaseProber,
  Fleet,
  Health,
  NetFailure,
  Outcome,
  Phases,
  Reason,
  Target,
} from "../src/domain/index.ts";
import type { ProbeContext } from "./check.ts";
import { failureOutcome } from "./outcome.ts";

/** What the checks of databases look at. */
export interface DatabaseInput {
  readonly database: Database;
  /** Connections that the cores of all deployments on this database hold open when their pools are full: Σ cores × poolSize. */
  readonly poolDemand: number;
}

/** The databases of one kind. A database serves several deployments, so its target belongs to none. */
export function databaseTargets(
  fleet: Fleet,
  kind: Database["kind"],
): { readonly target: Target; readonly input: DatabaseInput }[] {
  return fleet.databases
    .filter((database) => database.kind === kind)
    .map((database) => ({
      target: { kind: "database", id: database.id, deployment: null },
      input: { database, poolDemand: poolDemand(fleet, database.id) },
    }));
}

function poolDemand(fleet: Fleet, database: string): number {
  return fleet.deployments
    .filter((deployment) => deployment.database === database)
    .reduce((sum, deployment) => sum + deployment.cores.length * deployment.poolSize, 0);
}

/** Looks at one database. */
export async function probeDatabase(
  input: DatabaseInput,
  prober: DatabaseProber,
  context: ProbeContext,
): Promise<Outcome> {
  const result = await prober.look(input.database.url, context.settings.timeoutMs, context.signal);
  if (!result.ok) {
    context.trace(`no answer: ${result.failure}: ${result.detail}`);
    return unanswered(input.database, result.failure, result.detail, result.phases);
  }
  const { facts } = result;
  context.trace(
    `version ${facts.version}, read-only ${facts.readOnly}, in recovery ${facts.inRecovery}, ` +
      `${facts.connectionsUsed} of ${facts.maxConnections === 0 ? "unlimited" : facts.maxConnections} connections`,
  );
  return judgeFacts(input, facts, result.phases);
}

/** A database that turns its clients away is down for the cores just as one that does not answer. */
function unanswered(database: Database, failure: DatabaseFailure, detail: string, phases: Phases): Outcome {
  const sentence = `database ${database.id}: ${detail}`;
  if (isDatabaseReason(failure)) return { health: "down", reason: failure, detail: sentence, measures: {}, phases };
  return failureOutcome(failure, sentence, phases);
}

type DatabaseReason = Exclude<DatabaseFailure, NetFailure>;
const DATABASE_REASONS: Record<DatabaseReason, true> = {
  "authentication-failed": true,
  "database-starting": true,
  "too-many-connections": true,
  "query-failed": true,
};
function isDatabaseReason(failure: DatabaseFailure): failure is DatabaseReason {
  return failure in DATABASE_REASONS;
}

type Verdict = readonly [health: Health, reason: Reason, detail: string];

/** What the facts mean: the worst first, so that the reason is the one to act on. */
export function judgeFacts(input: DatabaseInput, facts: DatabaseFacts, phases: Phases): Outcome {
  const [health, reason, detail] = writability(input, facts) ?? pressure(input, facts) ?? ["up", "ok", ""];
  return { health, reason, detail, measures: measuresOf(input, facts), phases };
}

/** On a database that takes no writes nobody can sign in, unless it is a replica and meant to be so. */
function writability({ database }: DatabaseInput, facts: DatabaseFacts): Verdict | undefined {
  if (database.replica) return undefined;
  if (facts.inRecovery)
    return ["down", "in-recovery", `database ${database.id} is in recovery: it is a standby, and takes no writes`];
  if (facts.readOnly) return ["down", "read-only", `database ${database.id} is read-only: nobody can sign in`];
  return undefined;
}

function pressure({ database, poolDemand }: DatabaseInput, facts: DatabaseFacts): Verdict | undefined {
  const { connectionsUsed: used, maxConnections: available, replicationLagMs: lag } = facts;
  if (available > 0 && used >= available * database.maxConnectionShare) {
    const share = Math.round((used / available) * 100);
    return [
      "degraded",
      "connections-high",
      `database ${database.id} has ${used} of ${available} connections in use (${share} %)`,
    ];
  }
  if (lag !== undefined && lag > database.maxLagMs) {
    return [
      "degraded",
      "replication-lag",
      `replication of database ${database.id} is ${(lag / 1000).toFixed(1)} s behind`,
    ];
  }
  if (available > 0 && poolDemand > available) {
    return [
      "degraded",
      "pools-exceed-connections",
      `the cores' pools on database ${database.id} can take ${poolDemand} connections, and it has ${available}: ` +
        "lower the pool size or raise max_connections",
    ];
  }
  return undefined;
}

function measuresOf({ poolDemand }: DatabaseInput, facts: DatabaseFacts): Record<string, number> {
  return {
    readMs: hundredths(facts.readMs),
    connectionsUsed: facts.connectionsUsed,
    maxConnections: facts.maxConnections,
    poolDemand,
    ...(facts.replicationLagMs === undefined ? {} : { replicationLagMs: hundredths(facts.replicationLagMs) }),
  };
}

function hundredths(ms: number): number {
  return Math.round(ms * 100) / 100;
}
