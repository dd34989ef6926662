import type { Clock, ControlDatabaseReader, CoreSource, Database } from "../domain/index.ts";
import { foundIn, type Row } from "./control-rows.ts";
import { Gate } from "./gate.ts";
import { look } from "./look.ts";
import { openPostgres } from "./postgres-client.ts";
import { explainPostgres } from "./postgres-errors.ts";

/** Of one read, its connection included, ms. */
const READ_MS = 10_000;
/** Reads that run at once, over all databases. */
const AT_ONCE = 4;
/** Rows that one answer may have: more cores than any deployment, more apps than any fleet. */
const MAX_ROWS = 100_000;

const TABLE = "apps_with_load_balancer";
/** The app's id has been called all of these; the first that is there counts. */
const ID_COLUMNS = ["appid", "app", "id"];
const COLUMNS = `
  SELECT attribute.attname AS name FROM pg_attribute attribute
   WHERE attribute.attrelid = to_regclass('${TABLE}') AND attribute.attnum > 0 AND NOT attribute.attisdropped
   ORDER BY attribute.attnum`;

/** What reads of control databases need. */
export interface ControlOptions {
  readonly databases: readonly Database[];
  readonly clock: Clock;
}

/** Asks one database, in a transaction that cannot write. */
type Ask = (text: string, values: readonly string[]) => Promise<readonly Row[]>;

/** Reads the control database's list of apps that have a load balancer. */
export function createControlDatabase(options: ControlOptions): ControlDatabaseReader {
  const read = createReader(options);
  const signal = new AbortController().signal;
  return {
    appsWithLoadBalancer: (database) =>
      read(database, signal, async (ask) => {
        const columns = (await ask(COLUMNS, [])).map(({ name }) => String(name));
        if (columns.length === 0)
          throw new ControlTrouble(
            `has no table ${TABLE}, or this user may not see it: check the search path and grants`,
          );
        const column = idColumn(columns);
        if (column === undefined)
          throw new ControlTrouble(
            `has no column with the app's id in ${TABLE}: there are ${columns.slice(0, 10).join(", ")}`,
          );
        const quoted = `"${column.replaceAll('"', '""')}"`;
        const rows = await ask(`SELECT DISTINCT ${quoted}::text AS id FROM ${TABLE} WHERE ${quoted} IS NOT NULL`, []);
        return new Set(rows.map(({ id }) => String(id)));
      }),
  };
}

/** Cores are the rows of a query on the control database. */
export function controlSource(options: ControlOptions): CoreSource {
  const read = createReader(options);
  return ({ id, app, discover }, signal) => {
    if (discover.from !== "control-database" || discover.query === undefined)
      return Promise.reject(new Error(`${id} has no query for its control database: set discovery.query`));
    const { database, query } = discover;
    return read(database, signal, async (ask) => {
      const rows = await ask(query, [app, id].slice(0, parametersOf(query)));
      try {
        return foundIn(rows);
      } catch (error) {
        throw new ControlTrouble(
          `gave a row that is no core: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    });
  };
}

/** What is wrong with the content, in words that may be shown. */
class ControlTrouble extends Error {
  override readonly name = "ControlTrouble";
}

function createReader({ databases, clock }: ControlOptions) {
  const gate = new Gate(AT_ONCE);
  return async <T>(id: string, signal: AbortSignal, work: (ask: Ask) => Promise<T>): Promise<T> => {
    const database = databases.find((one) => one.id === id);
    if (database === undefined) throw new Error(`fleet.yaml has no database ${id}`);
    if (database.kind !== "postgres") throw new Error(`database ${id} is not Postgres: control databases are`);
    let trouble: ControlTrouble | undefined;
    const found = await look(
      { clock, gate, timeoutMs: READ_MS, signal, explain: explainPostgres },
      async (attempt): Promise<{ readonly value: T } | undefined> => {
        const client = await openPostgres(database.url, attempt);
        const timeout = Math.ceil(attempt.timeLeft());
        await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${timeout}`);
        const ask: Ask = async (text, values) => {
          // One row more than there may be: a cut answer must be seen.
          const bounded = `SELECT * FROM (${text.replace(/;\s*$/, "")}\n) AS asked LIMIT ${MAX_ROWS + 1}`;
          const { rows } = await client.query<Row>({ text: bounded, values: [...values] });
          if (rows.length > MAX_ROWS) throw new ControlTrouble(`answered with more than ${MAX_ROWS} rows`);
          return rows;
        };
        try {
          const value = await work(ask);
          await client.query("COMMIT");
          await client.end();
          return { value };
        } catch (error) {
          if (!(error instanceof ControlTrouble)) throw error;
          trouble = error;
          return undefined;
        }
      },
    );
    if (trouble !== undefined) throw new Error(`database ${id} ${trouble.message}`);
    if (!found.ok) throw new Error(`database ${id} could not be read: ${found.detail}`);
    if (found.facts === undefined) throw new Error(`database ${id} gave no answer`);
    return found.facts.value;
  };
}

function idColumn(columns: readonly string[]): string | undefined {
  const plain = (name: string): string => name.toLowerCase().replaceAll("_", "");
  for (const wanted of ID_COLUMNS) {
    const found = columns.find((name) => plain(name) === wanted);
    if (found !== undefined) return found;
  }
  return columns.length === 1 ? columns[0] : undefined;
}

/** How many of `$1`, `$2` a query uses: Postgres takes no more than it asked for. */
function parametersOf(query: string): number {
  return Math.max(0, ...[...query.matchAll(/\$([12])\b/g)].map(([, number]) => Number(number)));
}
