import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** What a farm process is told at its start. */
export interface FarmSettings {
  readonly count: number;
  readonly basePort: number;
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
}

/** Which cores answer 503 from now on (by index); all others answer Hello. */
export interface FarmMessage {
  readonly failing: readonly number[];
}

/** Cores in a process of their own, whose CPU is nobody's figure. */
export class Farm {
  readonly #child: ChildProcess;
  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(settings: FarmSettings): Promise<Farm> {
    const child = fork(new URL("./farm-process.ts", import.meta.url), [JSON.stringify(settings)]);
    await Promise.race([
      once(child, "message"),
      once(child, "exit").then(() => Promise.reject(new Error("the farm of cores did not start"))),
    ]);
    return new Farm(child);
  }

  async fail(cores: readonly number[]): Promise<void> {
    const told = once(this.#child, "message");
    this.#child.send({ failing: cores } satisfies FarmMessage);
    await told;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await gone;
  }
}
