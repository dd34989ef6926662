import type { LoadTarget, WireRequest } from "../domain/index.ts";
import { LevelTally } from "./level-tally.ts";

/** One level, as it is given to the thread that makes it. Plain data. */
export interface ClosedOrder {
  readonly target: LoadTarget;
  readonly request: WireRequest;
  readonly connections: number;
  readonly durationMs: number;
  /** Thrown away at the begin, out of `durationMs`; longer where callers still wait for their first answer. */
  readonly warmMs: number;
  /** Of one request. */
  readonly timeoutMs: number;
  readonly expected: string | undefined;
}

/** What the thread says: once `ready`, then one of the others. `stop` is what it is told. */
export type ClosedWord =
  | { readonly kind: "measured"; readonly figures: ReturnType<LevelTally["figures"]>; readonly closes: number }
  /** A sentence for people. */
  | { readonly kind: "failed"; readonly detail: string };

/** The request's URL with the target's base path. */
export function urlOf(target: LoadTarget, request: WireRequest): URL {
  const base = new URL(target.url);
  return new URL(`${base.origin}${base.pathname.replace(/\/+$/, "")}${request.path}`);
}

/** Headers of their own that autocannon writes: a second one of each would make two requests of one. */
const AUTOCANNONS = new Set(["connection", "content-length", "transfer-encoding", "host"]);

/** What is sent with every request. @throws Error for a header that would break out of its line */
export function headersOf(target: LoadTarget, request: WireRequest): Record<string, string> {
  const headers: Record<string, string> = { host: target.host, "user-agent": "corewatch", accept: "*/*" };
  if (target.apiKey !== undefined) headers["api-key"] = target.apiKey;
  for (const [name, value] of Object.entries(request.headers)) {
    if (!AUTOCANNONS.has(name.toLowerCase())) headers[name.toLowerCase()] = value;
  }
  const empty = request.body === undefined || request.body === "";
  if (empty && request.method !== "GET" && request.method !== "DELETE") headers["content-length"] = "0";
  for (const [name, value] of Object.entries(headers)) {
    if (/[\r\n\0]/.test(name + value))
      throw new Error(`the request's header ${JSON.stringify(name)} holds a line break`);
  }
  return headers;
}
