import type { Criterion } from "../src/domain/index.ts";
import { criterion, type Finding, isAsked, met, unmet, untold, whyUndone } from "./evidence.ts";
import type { RunRecord } from "./figures.ts";
import { findKnee, tellKnee } from "./knee.ts";
import { type Recommendation, recommend } from "./pools.ts";
import { number, percent, perSecond } from "./report-words.ts";

const SEED_RATE = "Should be able to handle 1k requests per second";
const SEED_POOLS = "Optimise thread pool size and db connection pool size";

/** The deployment can do at least what was promised. */
export function ceiling(record: RunRecord): Criterion | undefined {
  if (!isAsked(record, "ceiling")) return undefined;
  const { rate } = record.head.thresholds;
  return criterion(
    {
      id: "ceiling",
      title: "The ceiling is above the promised rate",
      target: `at least ${perSecond(rate)}`,
      stage: "ceiling",
      how: "Closed model (autocannon): each of a rising number of connections sends its next request when it has an answer; good answers a second.",
      seed: SEED_RATE,
    },
    findCeiling(record, rate),
  );
}

function findCeiling(record: RunRecord, rate: number): Finding {
  const knee = findKnee(record.levels.filter((level) => level.stage === "ceiling"));
  const why = whyUndone(record, "ceiling");
  if (knee.level !== undefined && knee.level.throughput >= rate) return met(tellKnee(knee));
  if (why !== undefined) return untold(why);
  if (record.levels.every((level) => level.stage !== "ceiling")) return untold("no level was measured");
  // A generator at its own limit, or a curve that still grew, has not seen the ceiling.
  return knee.reached || knee.level === undefined ? unmet(tellKnee(knee)) : untold(tellKnee(knee));
}

/** Pools that the ceiling and the tuning recommend; `null` where they did not run or answered too badly. */
export function recommendation(record: RunRecord): Recommendation | null {
  const { head, capacity } = record;
  // The tuning's levels are closer together; the ceiling's are what there is without it.
  const tuned = record.levels.filter((level) => level.stage === "tune");
  const levels = tuned.length > 0 ? tuned : record.levels;
  const cores = Math.max(1, head.cores.length);
  const known = new Set(head.spread.cores.flatMap((core) => core.instance ?? []));
  const unknown = head.spread.cores.filter((core) => core.instance === null).length;
  return recommend({
    levels,
    rate: head.thresholds.rate,
    cores,
    instances: Math.max(1, known.size + unknown),
    poolSize: head.poolSize,
    databases: 1,
    maxConnections: capacity.at(-1)?.maxConnections,
    connectionShare: head.thresholds.connectionShare,
  });
}

/** The cores' pools fit into the database. */
export function pools(record: RunRecord): Criterion | undefined {
  if (!isAsked(record, "tune")) return undefined;
  const { connectionShare } = record.head.thresholds;
  return criterion(
    {
      id: "pools",
      title: "Pools are known to fit",
      target: `all pools together at most ${percent(connectionShare)} of max_connections`,
      stage: "tune",
      how: "Connection pools of all cores as configured, and as recommended from the tuning by Little's law, against the database's limit.",
      seed: SEED_POOLS,
    },
    findPools(record),
  );
}

function findPools(record: RunRecord): Finding {
  const { cores, poolSize, thresholds } = record.head;
  const limit = record.capacity.at(-1)?.maxConnections;
  const advice = recommendation(record);
  const advised =
    advice === null
      ? ""
      : `; recommended: max_server_pool_size ${advice.maxServerPoolSize}, postgresql_connection_pool_size ${advice.connectionPoolSize}`;
  if (limit !== undefined) {
    const open = cores.length * poolSize;
    const words = `${cores.length} cores × ${poolSize} = ${number(open)} of ${number(limit)} connections${advised}`;
    if (open > thresholds.connectionShare * limit) return unmet(words);
    if (advice !== null) return met(words);
  }
  const why = whyUndone(record, "tune");
  if (limit === undefined) return untold(`max_connections is not known: the database was not looked at${advised}`);
  return untold(why ?? "no level of the tuning answered well enough to recommend anything");
}
