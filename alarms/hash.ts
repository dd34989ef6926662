import { createHash } from "node:crypto";

/** JSON with the keys of every object in order, so that equal data is equal text. `undefined` fields are left out. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

/** SHA-256 of {@link canonical}, in hex. */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

/** 64 bits of it: enough to tell definitions and names apart, short enough for a tag. */
export function shortHash(value: unknown): string {
  return hashOf(value).slice(0, 16);
}
