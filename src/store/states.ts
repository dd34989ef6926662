import { HEALTHS, REASONS } from "../domain/index.ts";
import type { SeriesKey, SeriesState } from "../domain/index.ts";
import { run } from "./connection.ts";
import { texts } from "./text.ts";

type Runner = Parameters<typeof run>[0];

interface StateRow {
  key: string;
  health: number;
  reason: number;
  since: number;
  recent: string;
  goods: number;
  slot: number;
  version: number;
}

const COLUMNS = "s.key, t.health, t.reason, t.since, t.recent, t.goods, t.slot, t.version";

/** SQL of all states of fleet $1. */
export const ALL_STATES = `SELECT ${COLUMNS} FROM corewatch.series_state t JOIN corewatch.series s ON s.id = t.series WHERE s.fleet = $1`;

/** The stored states of `keys`. */
export async function readStates(
  client: Runner,
  fleet: number,
  keys: readonly SeriesKey[],
): Promise<Map<SeriesKey, SeriesState>> {
  if (keys.length === 0) return new Map();
  const statement = { name: "read-states", text: `${ALL_STATES} AND s.key = ANY($2::text[])` };
  const { rows } = await run<StateRow>(client, statement, [fleet, texts(keys)]);
  return new Map(rows.map((row) => [row.key, stateOf(row)]));
}

/** A row as the judge knows it. */
export function stateOf(row: StateRow): SeriesState {
  const { key, since, goods, slot, version } = row;
  return {
    key,
    health: HEALTHS[row.health] ?? "unknown",
    reason: REASONS[row.reason] ?? "internal-error",
    since,
    recent: Array.from(row.recent, (mark) => mark === "1"),
    goods,
    slot,
    version,
  };
}

/**
 * Writes states whose `version` is the one that was read (0: never stored).
 * @throws Error when one was written since: it was made from older memory than what the decision was given.
 */
export async function writeStates(
  client: Runner,
  ids: ReadonlyMap<SeriesKey, number>,
  states: readonly SeriesState[],
): Promise<SeriesState[]> {
  if (states.length === 0) return [];
  const rows = states.map((state) => ({
    series: ids.get(state.key),
    health: HEALTHS.indexOf(state.health),
    reason: REASONS.indexOf(state.reason),
    since: Math.round(state.since),
    recent: state.recent.map((bad) => (bad ? "1" : "0")).join(""),
    goods: state.goods,
    slot: Math.round(state.slot),
    version: state.version + 1,
  }));
  const { rowCount } = await run(client, WRITE, [JSON.stringify(rows)]);
  if (rowCount !== states.length) {
    throw new Error("a decision was made from states that are not the stored ones: it is void");
  }
  return states.map((state) => ({ ...state, version: state.version + 1 }));
}

const WRITE = {
  name: "write-states",
  text: `INSERT INTO corewatch.series_state AS t (series, health, reason, since, recent, goods, slot, version)
SELECT n.series, n.health, n.reason, n.since, n.recent, n.goods, n.slot, n.version
FROM jsonb_to_recordset($1::jsonb) AS n(series int, health smallint, reason smallint, since int8, recent text, goods int, slot int8, version int)
LEFT JOIN corewatch.series_state o ON o.series = n.series
WHERE coalesce(o.version, 0) = n.version - 1
ON CONFLICT (series) DO UPDATE SET (health, reason, since, recent, goods, slot, version) =
  (excluded.health, excluded.reason, excluded.since, excluded.recent, excluded.goods, excluded.slot, excluded.version)
WHERE t.version = excluded.version - 1`,
};
