import { monitorEventLoopDelay } from "node:perf_hooks";

/** How much the event loop lags. */
export interface LoopLag {
  /** The longest delay since the last call, ms. */
  worst(): number;
  stop(): void;
}

/** Watches this process's event loop. */
export function watchEventLoop(): LoopLag {
  const resolution = 20;
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  return {
    worst() {
      const ms = delay.count === 0 ? 0 : Math.max(0, delay.max / 1e6 - resolution);
      delay.reset();
      return ms;
    },
    stop: () => void delay.disable(),
  };
}
