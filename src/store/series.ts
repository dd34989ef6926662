import type { CheckKind, SeriesKey, Target } from "../domain/index.ts";
import { CHECK_KINDS, TARGET_KINDS } from "../domain/index.ts";
import { run } from "./connection.ts";
import type { Connection } from "./connection.ts";
import type { FleetRow } from "./fleet-row.ts";
import { texts } from "./text.ts";

/** What takes statements: the pool, or the connection of a transaction. */
type Runner = Parameters<typeof run>[0] | Connection;

/** Series keys as the small numbers that rows carry. Numbers never change, so they are remembered. */
export class SeriesIds {
  readonly #connection: Connection;
  readonly #fleet: FleetRow;
  readonly #ids = new Map<SeriesKey, number>();
  readonly #deployments = new Map<SeriesKey, string | null>();

  constructor(connection: Connection, fleet: FleetRow) {
    this.#connection = connection;
    this.#fleet = fleet;
  }

  /** The numbers of all `keys`, made where missing. @throws StoreUnavailable */
  async of(keys: Iterable<SeriesKey>): Promise<ReadonlyMap<SeriesKey, number>> {
    const missing = [...new Set(keys)].filter((key) => !this.#ids.has(key));
    if (missing.length > 0) {
      for (const [key, id] of await this.make(this.#connection, missing)) this.#ids.set(key, id);
    }
    return this.#ids;
  }

  /** As `of`, on a connection whose transaction may still fail: nothing is remembered. */
  async make(runner: Runner, keys: readonly SeriesKey[]): Promise<Map<SeriesKey, number>> {
    const fleet = await this.#fleet.id();
    const insert =
      "INSERT INTO corewatch.series (fleet, key) SELECT $1, * FROM unnest($2::text[]) ON CONFLICT (fleet, key) DO NOTHING";
    const select = "SELECT key, id FROM corewatch.series WHERE fleet = $1 AND key = ANY($2::text[])";
    for (const key of keys) parseSeriesKey(key);
    // In order, so that two processes never wait for each other crosswise.
    const values = [fleet, texts([...keys].sort())];
    const found = await query<{ key: string; id: number }>(runner, select, values);
    if (found.length === keys.length) return new Map(found.map(({ key, id }) => [key, id]));
    await query(runner, insert, values);
    const all = await query<{ key: string; id: number }>(runner, select, values);
    return new Map(all.map(({ key, id }) => [key, id]));
  }

  /** Keeps which deployment a series belongs to; one statement when something changed, none otherwise. */
  async belong(deployments: ReadonlyMap<SeriesKey, string | null>): Promise<void> {
    const changed = [...deployments].filter(([key, deployment]) => this.#deployments.get(key) !== deployment);
    if (changed.length === 0) return;
    await this.#connection.query(
      `UPDATE corewatch.series s SET deployment = d.deployment FROM unnest($2::text[], $3::text[]) AS d(key, deployment)
       WHERE s.fleet = $1 AND s.key = d.key AND s.deployment IS DISTINCT FROM d.deployment`,
      [await this.#fleet.id(), texts(changed.map(([key]) => key)), texts(changed.map(([, one]) => one))],
    );
    for (const [key, deployment] of changed) this.#deployments.set(key, deployment);
  }
}

async function query<Row extends object>(runner: Runner, text: string, values: readonly unknown[]): Promise<Row[]> {
  const result = "transaction" in runner ? await runner.query<Row>(text, values) : await run<Row>(runner, text, values);
  return result.rows;
}

/** The parts of a series key: `core:acme/acme-1:hello`. @throws Error when it is none. */
export function parseSeriesKey(key: SeriesKey): { kind: Target["kind"]; id: string; check: CheckKind } {
  const first = key.indexOf(":");
  const last = key.lastIndexOf(":");
  const kind = TARGET_KINDS.find((one) => one === key.slice(0, first));
  const check = CHECK_KINDS.find((one) => one === key.slice(last + 1));
  if (kind === undefined || check === undefined || last <= first) throw new Error(`"${key}" is no key of a series`);
  return { kind, id: key.slice(first + 1, last), check };
}
