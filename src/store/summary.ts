import type { SeriesKey, SeriesSummary } from "../domain/index.ts";
import type { Connection } from "./connection.ts";
import type { FleetRow } from "./fleet-row.ts";
import { LATENCIES, Latency } from "./latency.ts";
import type { Counts } from "./rollup.ts";
import { HOUR, floor, sourcesOf } from "./spans.ts";
import type { Span } from "./spans.ts";
import { numbers, texts } from "./text.ts";

/** Series in one call. */
const MOST_SERIES = 10_000;
/** Series in one statement: a year of hours for fifty is 440,000 rows at most. */
const CHUNK = 50;

type CountsWithLatencies = Counts & { latencies: string | null };
type CountsWithDurations = Counts & { durations: string | null };

/**
 * Uptime and latency of `series` over [from, to): exact counts, and latencies of everything but unknown observations to
 * two digits. A series never seen comes back with zeros.
 * @throws StoreUnavailable
 */
export async function summarize(
  connection: Connection,
  fleet: FleetRow,
  series: readonly SeriesKey[],
  from: number,
  to: number,
): Promise<SeriesSummary[]> {
  if (series.length > MOST_SERIES) throw new RangeError(`at most ${MOST_SERIES} series in one summary`);
  const fleetId = await fleet.id();
  const { rows: known } = await connection.query<{ key: string; id: number }>(
    "SELECT key, id FROM corewatch.series WHERE fleet = $1 AND key = ANY ($2::text[])",
    [fleetId, texts(series)],
  );
  const ids = new Map(known.map((row) => [row.key, row.id]));
  const stale = await connection.query<{ span: number; start: number }>(
    "SELECT span, start FROM corewatch.stale WHERE fleet = $1 AND start >= $2 AND start < $3 ORDER BY span, start",
    [fleetId, floor(from, HOUR), Math.ceil(to)],
  );
  const startsOf = (span: number): number[] => stale.rows.filter((row) => row.span === span).map((row) => row.start);
  const sources = sourcesOf(from, to, startsOf(0), startsOf(1));
  const tallies = new Map<number, Tally>();
  for (const id of ids.values()) tallies.set(id, new Tally());
  const all = [...tallies.keys()];
  for (let at = 0; at < all.length; at += CHUNK) {
    const some = all.slice(at, at + CHUNK);
    for (const [table, spans] of [
      ["hour", sources.hours],
      ["minute", sources.minutes],
    ] as const) {
      if (spans.length === 0) continue;
      const { rows } = await connection.query<CountsWithLatencies>(rolledSql(table), [numbers(some), ...bounds(spans)]);
      for (const row of rows) tallies.get(row.series)?.addRolled(row);
    }
    if (sources.raw.length === 0) continue;
    const { rows } = await connection.query<CountsWithDurations>(RAW, [numbers(some), ...bounds(sources.raw)]);
    for (const row of rows) tallies.get(row.series)?.addRaw(row);
  }
  return series.map((key) => (tallies.get(ids.get(key) ?? -1) ?? new Tally()).summary(key, from, to));
}

class Tally {
  readonly #counts = { up: 0, degraded: 0, down: 0, unknown: 0, missed: 0 };
  #latency: Latency | undefined;

  addRolled({ latencies, ...counts }: CountsWithLatencies): void {
    this.#add(counts);
    if (latencies !== null) (this.#latency ??= new Latency()).mergeAll(latencies);
  }

  addRaw({ durations, ...counts }: CountsWithDurations): void {
    this.#add(counts);
    if (durations === null) return;
    this.#latency ??= new Latency();
    for (const duration of durations.split(",")) this.#latency.record(Number(duration));
  }

  #add(counts: Counts): void {
    for (const name of ["up", "degraded", "down", "unknown", "missed"] as const) this.#counts[name] += counts[name];
  }

  summary(series: SeriesKey, from: number, to: number): SeriesSummary {
    const at = (share: number): number | null => {
      const microseconds = this.#latency?.quantile(share) ?? null;
      return microseconds === null ? null : microseconds / 1000;
    };
    return { series, from, to, ...this.#counts, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
  }
}

function bounds(spans: readonly Span[]): [string, string] {
  const whole = spans.map(([from, to]) => [Math.ceil(from), Math.ceil(to)] as const);
  return [numbers(whole.map(([from]) => from)), numbers(whole.map(([, to]) => to))];
}

function rolledSql(table: "minute" | "hour"): { name: string; text: string } {
  return {
    name: `summary-${table}`,
    text: `SELECT series, sum(up)::int AS up, sum(degraded)::int AS degraded, sum(down)::int AS down,
  sum(unknown)::int AS unknown, sum(missed)::int AS missed,
  ${LATENCIES} AS latencies
FROM unnest($2::int8[], $3::int8[]) AS span(f, t) JOIN corewatch.${table} r
  ON r.series = ANY ($1::int[]) AND r.start >= span.f AND r.start < span.t
GROUP BY series`,
  };
}

const RAW = {
  name: "summary-raw",
  text: `WITH span AS (SELECT * FROM unnest($2::int8[], $3::int8[]) AS span(f, t)), seen AS (
  SELECT o.series, o.health, o.duration FROM span JOIN corewatch.observation o
    ON o.slot >= span.f AND o.slot < span.t AND o.series = ANY ($1::int[])
), gone AS (
  SELECT m.series FROM span JOIN corewatch.missed m
    ON m.slot >= span.f AND m.slot < span.t AND m.series = ANY ($1::int[])
)
SELECT series, sum(up)::int AS up, sum(degraded)::int AS degraded, sum(down)::int AS down, sum(unknown)::int AS unknown,
  sum(missed)::int AS missed, string_agg(durations, ',') AS durations
FROM (
  SELECT series, count(*) FILTER (WHERE health = 0) AS up, count(*) FILTER (WHERE health = 1) AS degraded,
    count(*) FILTER (WHERE health = 2) AS down, count(*) FILTER (WHERE health = 3) AS unknown, 0 AS missed,
    string_agg(duration::text, ',') FILTER (WHERE health <> 3) AS durations
  FROM seen GROUP BY series
  UNION ALL SELECT series, 0, 0, 0, 0, count(*), NULL FROM gone GROUP BY series
) parts GROUP BY series`,
};
