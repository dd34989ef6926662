import { HEALTHS, REASONS, seriesKey } from "../domain/index.ts";
import type { MissedSlot, Observation } from "../domain/index.ts";
import type { Connection } from "./connection.ts";
import { errorCode } from "./errors.ts";
import type { FleetRow } from "./fleet-row.ts";
import type { Partitions } from "./partitions.ts";
import type { SeriesIds } from "./series.ts";
import { MAX, numbers, texts } from "./text.ts";
import type { Clean } from "./text.ts";

/** The order of {@link MissedSlot.why} in rows: new ones go at the end. */
export const WHYS = ["overrun", "stalled", "clock", "stopped"] as const satisfies readonly MissedSlot["why"][];

const MINUTE = 60_000;
const MOST_MICROSECONDS = 2_000_000_000;
/** Rows of one statement: more than this waits in line anyway. */
const BATCH = 2_000;
/** "no partition of relation found for row" */
const NO_PARTITION = "23514";

const HEALTH_NUMBER = new Map(HEALTHS.map((health, index) => [health, index]));
const REASON_NUMBER = new Map(REASONS.map((reason, index) => [reason, index]));

/**
 * One statement writes a batch: the rows, and in the same breath that the rollups of their minutes are out of date.
 * Marking updates the mark that is there, which takes its row lock: a rollup of that minute waits for this statement to
 * commit and so sees its rows, or removed the mark before, and then it is made again.
 */
const OBSERVED = {
  name: "append-observations",
  text: `WITH marked AS (${mark("$10")})
INSERT INTO corewatch.observation (slot, at, series, duration, lateness, health, reason, detail, measures)
SELECT * FROM unnest($1::int8[], $2::int8[], $3::int4[], $4::int4[], $5::int4[], $6::int2[], $7::int2[], $8::text[], $9::jsonb[])
ON CONFLICT DO NOTHING`,
};
const OBSERVED_BARE = {
  name: "append-bare-observations",
  text: `WITH marked AS (${mark("$8")})
INSERT INTO corewatch.observation (slot, at, series, duration, lateness, health, reason)
SELECT * FROM unnest($1::int8[], $2::int8[], $3::int4[], $4::int4[], $5::int4[], $6::int2[], $7::int2[])
ON CONFLICT DO NOTHING`,
};
const MISSED = {
  name: "append-missed",
  text: `WITH marked AS (${mark("$4")})
INSERT INTO corewatch.missed (slot, series, why) SELECT * FROM unnest($1::int8[], $2::int4[], $3::int2[])
ON CONFLICT DO NOTHING`,
};

/** Marks the minutes in the array at `place`; the fleet's number follows it. */
function mark(place: `$${number}`): string {
  const fleet = `$${Number(place.slice(1)) + 1}`;
  return `INSERT INTO corewatch.stale (fleet, span, start) SELECT ${fleet}::int, 0, * FROM unnest(${place}::int8[])
  ON CONFLICT (fleet, span, start) DO UPDATE SET start = excluded.start`;
}

/**
 * Writes observations and missed slots. What is not kept: phases (a probe at the command line shows them) and findings
 * (they are evidence for the diagnosis of their moment).
 */
export class Appender {
  readonly #connection: Connection;
  readonly #fleet: FleetRow;
  readonly #series: SeriesIds;
  readonly #partitions: Partitions;
  readonly #clean: Clean;

  constructor(connection: Connection, fleet: FleetRow, series: SeriesIds, partitions: Partitions, clean: Clean) {
    this.#connection = connection;
    this.#fleet = fleet;
    this.#series = series;
    this.#partitions = partitions;
    this.#clean = clean;
  }

  /** @throws StoreUnavailable; then some of it may have been written, and writing it again is harmless. */
  async append(observations: readonly Observation[], missed: readonly MissedSlot[]): Promise<void> {
    for (let from = 0; from < observations.length; from += BATCH) {
      await this.#observed(observations.slice(from, from + BATCH));
    }
    for (let from = 0; from < missed.length; from += BATCH) await this.#missed(missed.slice(from, from + BATCH));
  }

  async #observed(batch: readonly Observation[]): Promise<void> {
    const keys = batch.map((one) => seriesKey(one.target, one.check));
    const ids = await this.#series.of(keys);
    await this.#series.belong(new Map(batch.map((one, index) => [keys[index] ?? "", one.target.deployment])));
    const slots = batch.map((one) => one.slot);
    const columns: unknown[] = [
      numbers(slots),
      numbers(batch.map((one) => Math.round(one.at))),
      numbers(keys.map((key) => idOf(ids, key))),
      numbers(batch.map((one) => microseconds(one.durationMs))),
      numbers(batch.map((one) => microseconds(one.latenessMs))),
      numbers(batch.map((one) => HEALTH_NUMBER.get(one.health) ?? 0)),
      numbers(batch.map((one) => REASON_NUMBER.get(one.reason) ?? 0)),
    ];
    const details = batch.map((one) => (one.detail === "" ? null : this.#clean(one.detail, MAX.detail)));
    const measures = batch.map((one) => measuresJson(one.measures));
    // Most batches hold nothing but good news.
    const bare = details.every((one) => one === null) && measures.every((one) => one === null);
    if (!bare) columns.push(texts(details), texts(measures));
    await this.#write("observation", slots, bare ? OBSERVED_BARE : OBSERVED, columns);
  }

  async #missed(batch: readonly MissedSlot[]): Promise<void> {
    const ids = await this.#series.of(batch.map((one) => one.series));
    const slots = batch.map((one) => one.slot);
    await this.#write("missed", slots, MISSED, [
      numbers(slots),
      numbers(batch.map((one) => idOf(ids, one.series))),
      numbers(batch.map((one) => WHYS.indexOf(one.why))),
    ]);
  }

  async #write(
    table: "observation" | "missed",
    slots: readonly number[],
    statement: { name: string; text: string },
    columns: readonly unknown[],
  ): Promise<void> {
    const minutes = [...new Set(slots.map((slot) => Math.floor(slot / MINUTE) * MINUTE))].sort((a, b) => a - b);
    const values = [...columns, numbers(minutes), await this.#fleet.id()];
    await this.#partitions.ensure(table, slots);
    try {
      await this.#connection.append(statement, values);
    } catch (error) {
      if (errorCode(error) !== NO_PARTITION) throw error;
      // Rows from before the retention, whose partition another process dropped.
      this.#partitions.forget();
      await this.#partitions.ensure(table, slots);
      await this.#connection.append(statement, values);
    }
  }
}

function idOf(ids: ReadonlyMap<string, number>, key: string): number {
  const id = ids.get(key);
  if (id === undefined) throw new Error(`the store gave ${key} no number`);
  return id;
}

function microseconds(ms: number): number {
  if (!(ms > 0)) return 0;
  return Math.min(MOST_MICROSECONDS, Math.round(ms * 1000));
}

/** At most 32 finite numbers as JSON; `null` when there is none. */
function measuresJson(measures: Readonly<Record<string, number>>): string | null {
  let kept: Record<string, number> | undefined;
  let count = 0;
  for (const name in measures) {
    const value = measures[name];
    if (value === undefined || !Number.isFinite(value) || ++count > 32) continue;
    kept ??= {};
    kept[name] = value;
  }
  return kept === undefined ? null : JSON.stringify(kept);
}
