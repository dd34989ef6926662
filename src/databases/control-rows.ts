import { isIP } from "node:net";
import type { FoundCore, FoundState } from "../domain/index.ts";

/** A row as Postgres gives it. */
export type Row = Readonly<Record<string, unknown>>;

const STATES: readonly FoundState[] = ["serving", "starting", "draining"];
/** A name of DNS, or an address. */
const HOST = /^[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?$/i;
const MAX_TEXT = 255;

/** Cores out of rows: columns host and port, and instance, zone, key, state, started_at where there are. @throws Error */
export function foundIn(rows: readonly Row[]): FoundCore[] {
  const found = new Map<string, FoundCore>();
  for (const row of rows) {
    const core = coreOf(new Map(Object.entries(row).map(([name, value]) => [plain(name), value])));
    if (found.has(core.key)) throw new Error(`the key ${core.key} is there twice`);
    found.set(core.key, core);
  }
  return [...found.values()];
}

function coreOf(row: ReadonlyMap<string, unknown>): FoundCore {
  const host = textOf(row, "host");
  if (host === null) throw new Error("it has no host");
  if (isIP(host) === 0 && !HOST.test(host)) throw new Error("its host is neither a name nor an address");
  const port = Number(row.get("port") ?? Number.NaN);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`${host} has no port from 1 to 65535`);
  const told = textOf(row, "state");
  const state = told === null ? "serving" : STATES.find((one) => one === told.toLowerCase());
  if (state === undefined) throw new Error(`${host}:${port} has a state other than ${STATES.join(", ")}`);
  const instance = textOf(row, "instance");
  return {
    key: textOf(row, "key") ?? `${instance ?? host}:${port}`,
    instance,
    zone: textOf(row, "zone"),
    host,
    port,
    state,
    detail: told ?? "listed",
    startedAt: timeOf(row.get("startedat")),
  };
}

function textOf(row: ReadonlyMap<string, unknown>, name: string): string | null {
  const value = row.get(name);
  if (value === null || value === undefined || value === "") return null;
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "bigint")
    throw new Error(`its ${name} is no text`);
  const text = String(value);
  if (text.length > MAX_TEXT) throw new Error(`its ${name} is longer than ${MAX_TEXT} characters`);
  return text;
}

function timeOf(value: unknown): number | null {
  if (value === null || value === undefined) return null;
  const time = value instanceof Date ? value.getTime() : typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw new Error("its started_at is no time");
  return time;
}

/** `startedAt`, `started_at` and `STARTED_AT` are one. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll("_", "");
}
