import { statSync } from "node:fs";

/** How often a watched path is looked at, ms. */
const INTERVAL_MS = 1_000;

/** Tells when what stands at a path has changed. */
export interface PathWatch {
  watch(path: string, onChange: () => void): { stop(): void };
}

/**
 * Looks at paths again and again. It looks at the path and not at the file, so that a swapped link is seen; and it knows
 * what stood there when the watching began, so that no change falls between (fs.watchFile takes its first look later).
 */
export function createFileWatch(intervalMs = INTERVAL_MS): PathWatch {
  return {
    watch(path, onChange) {
      let seen = stampOf(path);
      const timer = setInterval(() => {
        const now = stampOf(path);
        if (now === seen) return;
        seen = now;
        onChange();
      }, intervalMs);
      timer.unref();
      return { stop: () => clearInterval(timer) };
    },
  };
}

/** What tells two states of a path apart; also why nothing can be seen there. */
function stampOf(path: string): string {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
    return [dev, ino, size, mtimeMs, ctimeMs].join(" ");
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}
