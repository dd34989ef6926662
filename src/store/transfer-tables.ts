import { PARTITIONED } from "./partitions.ts";
import type { Partitioned } from "./partitions.ts";

/** How one table travels: what is read of it, and how what was read is put into the other store. */
export interface TransferTable {
  readonly name: string;
  /** Columns in the file, in order. */
  readonly columns: readonly string[];
  /** `fleet`: rows of the fleet by its number; `series`: rows of the fleet's series, whose numbers are mapped on arrival. */
  readonly by: "fleet" | "series";
  /** Column that orders the rows, when their order matters: they get new numbers on arrival. */
  readonly orderBy?: string;
  /** Column of the partition key. */
  readonly partitionBy?: { readonly column: "slot" | "start"; readonly table: Partitioned };
}

const NOTICE =
  "id incident channel kind because text broadcast mention at state attempts begun_at failing_since due_at sent_at receipt error";
const ROLLED = "start series up degraded down unknown missed latency";

function table(name: string, columns: string, rest: Omit<TransferTable, "name" | "columns">): TransferTable {
  return { name, columns: columns.split(" "), ...rest };
}

function partitioned(name: Partitioned, columns: string, column: "slot" | "start"): TransferTable {
  return table(name, columns, { by: "series", partitionBy: { column, table: name } });
}

/** Everything of a fleet but its number, its series and its name, in an order that foreign keys allow. */
export const TRANSFER_TABLES: readonly TransferTable[] = [
  table("stale", "span start", { by: "fleet" }),
  table("incident", "number state scope resolved_at version body", { by: "fleet" }),
  table("incident_event", "id incident at kind text", { by: "fleet", orderBy: "id" }),
  table("notice", NOTICE, { by: "fleet", orderBy: "id" }),
  table("post", "incident channel channel_id ts", { by: "fleet" }),
  table("silence", "id from_at until_at match reason by", { by: "fleet" }),
  table("beat", "id at ok message", { by: "fleet" }),
  table("fact", "key value", { by: "fleet" }),
  table("series_state", "series health reason since recent goods slot version", { by: "series" }),
  partitioned("observation", "slot at series duration lateness health reason detail measures", "slot"),
  partitioned("missed", "slot series why", "slot"),
  partitioned("minute", ROLLED, "start"),
  partitioned("hour", ROLLED, "start"),
];

/** The series themselves go first: the others refer to them. */
export const SERIES_TABLE: TransferTable = table("series", "id key deployment", { by: "fleet" });

/** SQL that copies the rows of fleet `fleet` out. */
export function copyOut(one: TransferTable, fleet: number): string {
  const columns = one.columns.map((column) => `t.${column}`).join(", ");
  const order = one.orderBy === undefined ? "" : ` ORDER BY t.${one.orderBy}`;
  const rows =
    one.by === "fleet"
      ? `corewatch.${one.name} t WHERE t.fleet = ${fleet}`
      : `corewatch.${one.name} t JOIN corewatch.series s ON s.id = t.series WHERE s.fleet = ${fleet}`;
  return `COPY (SELECT ${columns} FROM ${rows}${order}) TO STDOUT`;
}

/** SQL of a temporary table that takes what the file holds. */
export function stage(one: TransferTable): string {
  return `CREATE TEMPORARY TABLE staged_${one.name} AS SELECT ${one.columns.join(", ")} FROM corewatch.${one.name} WITH NO DATA`;
}

/** SQL that fills the temporary table. */
export function copyIn(one: TransferTable): string {
  return `COPY staged_${one.name} (${one.columns.join(", ")}) FROM STDIN`;
}

/** SQL that puts staged rows in their place, for fleet `fleet`. */
export function unstage(one: TransferTable, fleet: number): string {
  // Ordered rows get new numbers, in the same order.
  const columns = one.columns.filter((column) => column !== one.orderBy);
  const order = one.orderBy === undefined ? "" : ` ORDER BY t.${one.orderBy}`;
  if (one.by === "fleet") {
    const values = columns.map((column) => `t.${column}`).join(", ");
    return `INSERT INTO corewatch.${one.name} (fleet, ${columns.join(", ")}) SELECT ${fleet}, ${values} FROM staged_${one.name} t${order}`;
  }
  const values = columns.map((column) => (column === "series" ? "s.id" : `t.${column}`)).join(", ");
  return `INSERT INTO corewatch.${one.name} (${columns.join(", ")}) SELECT ${values} FROM staged_${one.name} t
    JOIN staged_series o ON o.id = t.series JOIN corewatch.series s ON s.key = o.key AND s.fleet = ${fleet}`;
}

/** SQL of the moments whose partitions staged rows need. */
export function partitionsNeeded(one: TransferTable): string | undefined {
  if (one.partitionBy === undefined) return undefined;
  const { column, table: name } = one.partitionBy;
  return `SELECT DISTINCT ${column} / ${PARTITIONED[name]} * ${PARTITIONED[name]} AS at FROM staged_${one.name}`;
}
