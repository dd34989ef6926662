import { unwatchFile, watchFile } from "node:fs";

/** How often a watched path is looked at, ms. Looking at the path sees swapped links, which watching the file does not. */
const INTERVAL_MS = 1_000;

/** Tells when what stands at a path has changed. */
export const fileWatch = {
  watch(path: string, onChange: () => void): { stop(): void } {
    const listener = (): void => onChange();
    watchFile(path, { interval: INTERVAL_MS, persistent: false }, listener);
    return { stop: () => unwatchFile(path, listener) };
  },
};
