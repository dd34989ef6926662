import type { HttpResult } from "../src/domain/index.ts";
import type { ProbeContext } from "./check.ts";
import { get, type Address } from "./request.ts";

/** Where a core shows the keys that it signs with: no api key needed, served from its cache without the database. */
const PATH = "/.well-known/jwks.json";
/** A core has a handful of keys; more than this is not read. */
const MAX_KEYS = 100;
const MAX_KID_LENGTH = 200;
const MAX_BODY_BYTES = 256 << 10;

/** What a core answered for its key set: `none` means that what listens there serves no key set at all. */
export type KeySetAnswer =
  | { readonly kind: "kids"; readonly kids: readonly string[] }
  | { readonly kind: "none"; readonly what: string }
  | { readonly kind: "unreadable"; readonly result: HttpResult };

/** Asks one core for the ids of its keys. */
export async function askKeySet(
  address: Address,
  connection: "fresh" | "reuse",
  timeoutMs: number,
  context: ProbeContext,
): Promise<KeySetAnswer> {
  const result = await get(address, PATH, { connection, timeoutMs, maxBodyBytes: MAX_BODY_BYTES }, context);
  // A core in trouble is the business of hello; only a sound answer says who is answering.
  if (!result.ok || result.status >= 500 || result.status === 429) return { kind: "unreadable", result };
  if (result.status !== 200) return { kind: "none", what: `${result.status} for ${PATH}` };
  const kids = result.truncated ? [] : kidsIn(result.body);
  return kids.length > 0 ? { kind: "kids", kids } : { kind: "none", what: `no key set at ${PATH}` };
}

function kidsIn(body: string): string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    // Not JSON, so no key set: that is the answer.
    return [];
  }
  if (typeof parsed !== "object" || parsed === null || !("keys" in parsed) || !Array.isArray(parsed.keys)) return [];
  const kids = new Set<string>();
  for (const key of parsed.keys.slice(0, MAX_KEYS) as unknown[]) {
    if (typeof key !== "object" || key === null || !("kid" in key)) continue;
    if (typeof key.kid === "string" && key.kid.length <= MAX_KID_LENGTH) kids.add(key.kid);
  }
  return [...kids];
}
