import { monitorEventLoopDelay } from "node:perf_hooks";
import type { ThreadHealth } from "./worker-messages.ts";

/** The event loop is looked at so often, ms: its own timer is in the figures, and is taken out of them. */
const LOOK_MS = 20;

/** Watches the thread that it runs in: CPU and stalls of the event loop, from its making to `end`. */
export class ThreadWatch {
  readonly #delay = monitorEventLoopDelay({ resolution: LOOK_MS });
  readonly #busy = performance.eventLoopUtilization();
  readonly #cpu = threadCpuMs();

  constructor() {
    this.#delay.enable();
  }

  end(): Pick<ThreadHealth, "cpuSeconds" | "eventLoopMaxMs" | "eventLoopP99Ms"> {
    this.#delay.disable();
    const cpuMs =
      this.#cpu === undefined
        ? performance.eventLoopUtilization(this.#busy).active
        : (threadCpuMs() ?? this.#cpu) - this.#cpu;
    return {
      cpuSeconds: cpuMs / 1000,
      eventLoopMaxMs: stall(this.#delay.max),
      eventLoopP99Ms: stall(this.#delay.percentile(99)),
    };
  }
}

function stall(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - LOOK_MS);
}

/**
 * CPU of this thread so far, ms; `undefined` where Node cannot tell it (before 23.9). Then the time in which the event loop was not
 * waiting stands for it, which is never less.
 */
function threadCpuMs(): number | undefined {
  if (typeof process.threadCpuUsage !== "function") return undefined;
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
