import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A started child.ts. */
export interface Child {
  /** Its next line; rejects when it ends without one. */
  line(): Promise<string>;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to stop; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Resolves when it ended by itself. */
  readonly ended: Promise<void>;
}

/** Starts child.ts in a process of its own. */
export function startChild(...args: string[]): Child {
  const child = spawn(process.execPath, [fileURLToPath(new URL("child.ts", import.meta.url)), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, "exit").then(() => undefined);
  const stop = async (): Promise<number | null> => {
    child.stdin.end();
    await ended;
    return child.exitCode;
  };
  return {
    ended,
    stop,
    async line() {
      const next = await lines.next();
      if (next.done === true) throw new Error("the child ended without a word");
      return next.value;
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
