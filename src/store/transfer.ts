import { once } from "node:events";
import { finished } from "node:stream/promises";
import type { Client } from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import type { Store } from "../domain/index.ts";
import { run } from "./connection.ts";
import { Partitions } from "./partitions.ts";
import { PostgresStore } from "./postgres-store.ts";
import { jsonFrame, readFrames, writeFrames } from "./transfer-file.ts";
import type { Frame } from "./transfer-file.ts";
import { SERIES_TABLE, TRANSFER_TABLES, copyIn, copyOut, partitionsNeeded, stage, unstage } from "./transfer-tables.ts";
import type { TransferTable } from "./transfer-tables.ts";

/** Counts up with what the frames mean; the schema version is written beside it. */
const FORMAT = 1;
const ALL_TABLES: readonly TransferTable[] = [SERIES_TABLE, ...TRANSFER_TABLES];
const NO_LIMITS = { statement_timeout: 0, query_timeout: 0 };

/**
 * Writes everything of the store's fleet to `file`, as it is at one moment; the daemon may run meanwhile.
 * @throws StoreUnavailable; Error when the file cannot be written.
 */
export async function exportStore(store: Store, file: string): Promise<{ rows: number }> {
  const { connection, fleet } = postgres(store);
  const { to: schema } = await store.migrate();
  const id = await fleet.id();
  const client = await connection.dedicated("export", NO_LIMITS);
  const counted = { rows: 0 };
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    await writeFrames(file, exported(client, id, { format: FORMAT, schema, fleet: fleet.name }, counted));
    await client.query("COMMIT");
  } catch (error) {
    throw connection.failure(error);
  } finally {
    await client.end();
  }
  return counted;
}

async function* exported(
  client: Client,
  fleet: number,
  header: Omit<Header, "corewatch" | "lastIncident">,
  counted: { rows: number },
): AsyncGenerator<Frame> {
  const { rows } = await client.query<{ last: number }>(
    "SELECT last_incident AS last FROM corewatch.fleet WHERE id = $1",
    [fleet],
  );
  yield jsonFrame("H", { corewatch: "store", ...header, lastIncident: rows[0]?.last ?? 0 } satisfies Header);
  for (const one of ALL_TABLES) {
    yield jsonFrame("T", { name: one.name, columns: one.columns });
    const stream = client.query(copyTo(copyOut(one, fleet)));
    for await (const chunk of stream) yield { kind: "D", bytes: chunk };
    counted.rows += stream.rowCount;
  }
  yield jsonFrame("E", { rows: counted.rows });
}

interface Header {
  readonly corewatch: "store";
  readonly format: number;
  readonly schema: number;
  readonly fleet: string;
  readonly lastIncident: number;
}

/**
 * Puts what `file` holds into the store's fleet, which must have nothing yet: all of it or, when anything fails, nothing.
 * @throws StoreUnavailable; Error when the file is damaged, cut short or from a newer corewatch, or the store is not empty.
 */
export async function importStore(store: Store, file: string): Promise<{ rows: number }> {
  const { connection, fleet } = postgres(store);
  const { to: schema } = await store.migrate();
  const id = await fleet.id();
  const client = await connection.dedicated("import", NO_LIMITS);
  try {
    await refuseFull(client, id);
    const header = await stageFile(client, file, schema);
    const partitions = new Partitions(connection);
    for (const one of TRANSFER_TABLES) {
      const needed = partitionsNeeded(one);
      if (needed === undefined || one.partitionBy === undefined) continue;
      const { rows } = await run<{ at: number }>(client, needed);
      await partitions.ensure(
        one.partitionBy.table,
        rows.map((row) => row.at),
      );
    }
    await client.query("BEGIN");
    await refuseFull(client, id);
    let rows = 0;
    for (const one of ALL_TABLES) {
      const result = await client.query(one === SERIES_TABLE ? unstageSeries(id) : unstage(one, id));
      rows += result.rowCount ?? 0;
    }
    const last = [id, header.lastIncident];
    await client.query("UPDATE corewatch.fleet SET last_incident = greatest(last_incident, $2) WHERE id = $1", last);
    await client.query("COMMIT");
    return { rows };
  } catch (error) {
    throw connection.failure(error);
  } finally {
    // Ends the transaction, if one is open, and removes the temporary tables.
    await client.end();
  }
}

function unstageSeries(fleet: number): string {
  return `INSERT INTO corewatch.series (fleet, key, deployment) SELECT ${fleet}, key, deployment FROM staged_series ORDER BY id`;
}

async function refuseFull(client: Client, fleet: number): Promise<void> {
  const { rows } = await run<{ full: boolean }>(
    client,
    `SELECT EXISTS (SELECT 1 FROM corewatch.series WHERE fleet = $1) OR EXISTS (SELECT 1 FROM corewatch.incident WHERE fleet = $1)
       OR EXISTS (SELECT 1 FROM corewatch.silence WHERE fleet = $1) AS full`,
    [fleet],
  );
  if (rows[0]?.full === true) {
    throw new Error("the store already holds observations or incidents of this fleet: import into an empty one");
  }
}

/** Reads the whole file into temporary tables: a damaged file is found before anything is written. */
async function stageFile(client: Client, file: string, schema: number): Promise<Header> {
  let header: Header | undefined;
  let ended = false;
  let sink: ReturnType<typeof copyFrom> | undefined;
  let failure: unknown;
  const close = async (): Promise<void> => {
    if (sink === undefined) return;
    sink.end();
    await finished(sink);
    sink = undefined;
  };
  for await (const { kind, bytes } of readFrames(file)) {
    if (kind === "H") {
      header = readHeader(file, bytes, schema);
      continue;
    }
    if (header === undefined) throw new Error(`${file} is no export of corewatch`);
    if (kind === "T") {
      await close();
      const { name }: { name?: unknown } = JSON.parse(bytes.toString("utf8"));
      const one = ALL_TABLES.find((known) => known.name === name);
      if (one === undefined)
        throw new Error(`${file} holds "${String(name)}", which this corewatch does not know: update it`);
      await client.query(stage(one));
      sink = client.query(copyFrom(copyIn(one)));
      sink.on("error", (error) => (failure = error));
    } else if (kind === "D") {
      if (sink === undefined) throw new Error(`${file} is damaged: rows of no table`);
      if (failure !== undefined) throw failure;
      if (!sink.write(bytes)) await once(sink, "drain");
    } else {
      await close();
      ended = true;
    }
  }
  if (header === undefined || !ended) throw new Error(`${file} is cut short: export again`);
  return header;
}

function readHeader(file: string, bytes: Buffer, schema: number): Header {
  const header: Header = JSON.parse(bytes.toString("utf8"));
  if (header.corewatch !== "store") throw new Error(`${file} is no export of corewatch`);
  if (header.format > FORMAT || header.schema > schema) {
    throw new Error(`${file} was written by a newer corewatch: update this one first`);
  }
  return header;
}

function postgres(store: Store): PostgresStore {
  if (store instanceof PostgresStore) return store;
  throw new Error("only a store in Postgres can be exported or imported");
}
