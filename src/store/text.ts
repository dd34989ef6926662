/** Makes text fit for a row. */
export type Clean = (text: string, max: number) => string;

/** `redact`, then what Postgres refuses taken out (NUL, halves of surrogate pairs), then cut to `max` characters. */
export function cleaner(redact: (text: string) => string): Clean {
  return (text, max) => redact(text).replaceAll("\0", "").slice(0, max).toWellFormed();
}

/** Every string inside `value` cleaned; `value` is JSON. */
export function cleanDeep(value: unknown, clean: Clean): unknown {
  if (typeof value === "string") return clean(value, 20_000);
  if (Array.isArray(value)) return value.map((item) => cleanDeep(item, clean));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [clean(key, 500), cleanDeep(item, clean)]));
}

/** Limits of texts in rows, in characters. */
export const MAX = { detail: 500, text: 4_000, error: 500, id: 300 } as const;

/** A Postgres array literal of numbers, several times cheaper than the client's own. */
export function numbers(values: readonly number[]): string {
  return `{${values.join(",")}}`;
}

/** A Postgres array literal of texts. */
export function texts(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? "NULL" : `"${value.replace(/["\\]/g, "\\$&")}"`)).join(",")}}`;
}
