const EVERY_MS = 15;

/** Looks until `look` gives something, and gives it. @throws Error that names `what` after `ms`; what `look` throws */
export async function until<T>(
  what: string,
  ms: number,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found as Exclude<T, Nothing>;
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await new Promise((resolve) => void setTimeout(resolve, EVERY_MS));
  }
}
