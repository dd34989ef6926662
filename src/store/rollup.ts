import { setImmediate as breathe } from "node:timers/promises";
import type { PoolClient } from "pg";
import type { Connection } from "./connection.ts";
import { LATENCIES, Latency } from "./latency.ts";
import type { Partitions } from "./partitions.ts";
import { HOUR, MINUTE, floor } from "./spans.ts";

/** Counts of one series in one span, as rows carry them. */
export interface Counts {
  series: number;
  up: number;
  degraded: number;
  down: number;
  unknown: number;
  missed: number;
}

/** Series between two pauses, so that making rollups never holds up a probe: about 2 ms of work. */
const BREATH = 50;
/** The same for hours, where each has sixty minutes to merge. */
const HOUR_BREATH = 10;

/**
 * Makes the rollup of one minute anew from its observations, in one transaction that also takes its mark away: what is
 * appended meanwhile waits or marks it again (see append.ts).
 */
export async function rollMinute(
  connection: Connection,
  partitions: Partitions,
  fleet: number,
  start: number,
): Promise<void> {
  await partitions.ensure("minute", [start]);
  await connection.transaction(async (client) => {
    await unmark(client, fleet, 0, start);
    const { rows } = await client.query<Counts & { durations: string | null }>(RAW_OF_MINUTE, [
      fleet,
      start,
      start + MINUTE,
    ]);
    const latency = new Latency();
    const made: Rolled[] = [];
    for (const [index, { durations, ...counts }] of rows.entries()) {
      if (index % BREATH === BREATH - 1) await breathe();
      latency.reset();
      for (const duration of durations?.split(",") ?? []) latency.record(Number(duration));
      made.push({ counts, latency: latency.total === 0 ? null : latency.encode() });
    }
    await write(client, "minute", start, made);
    await mark(client, fleet, 1, floor(start, HOUR));
  });
}

/** Makes the rollup of one hour anew from its minutes. */
export async function rollHour(
  connection: Connection,
  partitions: Partitions,
  fleet: number,
  start: number,
): Promise<void> {
  await partitions.ensure("hour", [start]);
  await connection.transaction(async (client) => {
    await unmark(client, fleet, 1, start);
    const latency = new Latency();
    const { rows } = await client.query<{ series: number }>(SERIES_OF_HOUR, [fleet, start, start + HOUR]);
    for (let from = 0; from < rows.length; from += HOUR_BREATH) {
      const series = rows.slice(from, from + HOUR_BREATH).map((row) => row.series);
      const minutes = await client.query<Counts & { latencies: string | null }>(MINUTES_OF_HOUR, [
        series,
        start,
        start + HOUR,
      ]);
      const made: Rolled[] = [];
      for (const { latencies, ...counts } of minutes.rows) {
        latency.reset();
        latency.mergeAll(latencies);
        made.push({ counts, latency: latency.total === 0 ? null : latency.encode() });
      }
      await write(client, "hour", start, made);
      await breathe();
    }
  });
}

interface Rolled {
  readonly counts: Counts;
  readonly latency: Buffer | null;
}

const RAW_OF_MINUTE = {
  name: "raw-of-minute",
  text: `SELECT series, sum(up)::int AS up, sum(degraded)::int AS degraded, sum(down)::int AS down,
  sum(unknown)::int AS unknown, sum(missed)::int AS missed, string_agg(durations, ',') AS durations
FROM (
  SELECT series, count(*) FILTER (WHERE health = 0) AS up, count(*) FILTER (WHERE health = 1) AS degraded,
    count(*) FILTER (WHERE health = 2) AS down, count(*) FILTER (WHERE health = 3) AS unknown, 0 AS missed,
    string_agg(duration::text, ',') FILTER (WHERE health <> 3) AS durations
  FROM corewatch.observation WHERE slot >= $2 AND slot < $3 GROUP BY series
  UNION ALL
  SELECT series, 0, 0, 0, 0, count(*), NULL FROM corewatch.missed WHERE slot >= $2 AND slot < $3 GROUP BY series
) rows JOIN corewatch.series s ON s.id = series AND s.fleet = $1
GROUP BY series ORDER BY series`,
};

const SERIES_OF_HOUR = {
  name: "series-of-hour",
  text: `SELECT id AS series FROM corewatch.series s WHERE fleet = $1 AND EXISTS (
  SELECT 1 FROM corewatch.minute m WHERE m.series = s.id AND m.start >= $2 AND m.start < $3) ORDER BY id`,
};

const MINUTES_OF_HOUR = {
  name: "minutes-of-hour",
  text: `SELECT series, sum(up)::int AS up, sum(degraded)::int AS degraded, sum(down)::int AS down,
  sum(unknown)::int AS unknown, sum(missed)::int AS missed,
  ${LATENCIES} AS latencies
FROM corewatch.minute WHERE series = ANY ($1::int[]) AND start >= $2 AND start < $3 GROUP BY series ORDER BY series`,
};

async function write(
  client: PoolClient,
  table: "minute" | "hour",
  start: number,
  made: readonly Rolled[],
): Promise<void> {
  if (made.length === 0) return;
  const of = (pick: (counts: Counts) => number): number[] => made.map(({ counts }) => pick(counts));
  await client.query({
    name: `write-${table}`,
    text: `INSERT INTO corewatch.${table} (start, series, up, degraded, down, unknown, missed, latency)
SELECT $1::int8, * FROM unnest($2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::bytea[])
ON CONFLICT (series, start) DO UPDATE SET (up, degraded, down, unknown, missed, latency) =
  (excluded.up, excluded.degraded, excluded.down, excluded.unknown, excluded.missed, excluded.latency)`,
    values: [
      start,
      of((counts) => counts.series),
      of((counts) => counts.up),
      of((counts) => counts.degraded),
      of((counts) => counts.down),
      of((counts) => counts.unknown),
      of((counts) => counts.missed),
      made.map(({ latency }) => (latency === null ? null : `\\x${latency.toString("hex")}`)),
    ],
  });
}

/** 0: minutes, 1: hours. */
type SpanKind = 0 | 1;

/** Takes a mark away; waits for an append that is just renewing it. */
async function unmark(client: PoolClient, fleet: number, span: SpanKind, start: number): Promise<void> {
  await client.query("DELETE FROM corewatch.stale WHERE fleet = $1 AND span = $2 AND start = $3", [fleet, span, start]);
}

async function mark(client: PoolClient, fleet: number, span: SpanKind, start: number): Promise<void> {
  await client.query(
    `INSERT INTO corewatch.stale (fleet, span, start) VALUES ($1, $2, $3)
     ON CONFLICT (fleet, span, start) DO UPDATE SET start = excluded.start`,
    [fleet, span, start],
  );
}
