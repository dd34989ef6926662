type Nothing = undefined | false;

const EVERY_MS = 15;

/** Looks until `look` gives something, and gives it. @throws Error that names `what` after `ms`; what `look` throws */
export async function until<T>(
  what: string,
  ms: number,
  look: () => T | Nothing | Promise<T | Nothing>,
): Promise<Exclude<T, Nothing>> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (isSomething(found)) return found;
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await new Promise((resolve) => void setTimeout(resolve, EVERY_MS));
  }
}

function isSomething<T>(found: T | Nothing): found is Exclude<T, Nothing> {
  return found !== undefined && found !== false;
}
