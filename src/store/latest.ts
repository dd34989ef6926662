import { HEALTHS, REASONS } from "../domain/index.ts";
import type { Observation, SeriesKey } from "../domain/index.ts";
import type { Connection } from "./connection.ts";
import { parseSeriesKey } from "./series.ts";

/** Rows in one call. */
const MOST = 10_000;

interface ObservationRow {
  key: string;
  deployment: string | null;
  slot: number;
  at: number;
  duration: number;
  lateness: number;
  health: number;
  reason: number;
  detail: string | null;
  measures: Record<string, number> | null;
}

/** The newest observations of one fleet, newest slot first; at most 10,000. @throws StoreUnavailable */
export async function latestObservations(connection: Connection, fleet: number, limit: number): Promise<Observation[]> {
  const { rows } = await connection.query<ObservationRow>(LATEST, [
    fleet,
    Math.max(0, Math.min(MOST, Math.floor(limit))),
  ]);
  return rows.map((row) => {
    const { kind, id, check } = parseSeriesKey(row.key);
    return {
      target: { kind, id, deployment: row.deployment },
      check,
      slot: row.slot,
      at: row.at,
      durationMs: row.duration / 1000,
      latenessMs: row.lateness / 1000,
      health: HEALTHS[row.health] ?? "unknown",
      reason: REASONS[row.reason] ?? "internal-error",
      detail: row.detail ?? "",
      measures: row.measures ?? {},
    };
  });
}

const LATEST = {
  name: "latest",
  text: `SELECT s.key, s.deployment, o.slot, o.at, o.duration, o.lateness, o.health, o.reason, o.detail, o.measures
FROM corewatch.observation o JOIN corewatch.series s ON s.id = o.series AND s.fleet = $1
ORDER BY o.slot DESC, o.series DESC LIMIT $2`,
};

/** When each series of a fleet was last seen with a known health, since then. @throws StoreUnavailable */
export async function lastSeen(
  connection: Connection,
  fleet: number,
  since: number,
): Promise<ReadonlyMap<SeriesKey, number>> {
  const values = [fleet, Math.round(since), HEALTHS.indexOf("unknown")];
  const { rows } = await connection.query<{ key: SeriesKey; slot: number }>(LAST_SEEN, values);
  return new Map(rows.map(({ key, slot }) => [key, slot]));
}

const LAST_SEEN = {
  name: "last-seen",
  text: `SELECT s.key, max(o.slot) AS slot
FROM corewatch.observation o JOIN corewatch.series s ON s.id = o.series AND s.fleet = $1
WHERE o.slot >= $2 AND o.health <> $3 GROUP BY s.key`,
};
