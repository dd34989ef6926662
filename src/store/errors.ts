/** The `code` of a system, module or Postgres error (`ENOENT`, `57P01`), or `undefined` when it bears none. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** What an unknown thing that was thrown says. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
