import { createHash } from "node:crypto";

/** JSON with the keys of every object in order, so that equal data is equal text. `undefined` fields are left out. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

/** SHA-256, in hex, of an object's JSON without its own field `hash`. The same before it was written and after it was read. */
export function hashOf(document: object): string {
  const { hash: _, ...rest }: Record<string, unknown> = { ...document };
  return createHash("sha256").update(canonical(rest)).digest("hex");
}
