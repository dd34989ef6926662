import { wait } from "../domain/index.ts";
import type { Clock, TurnStore } from "../domain/index.ts";

/** The turn that the daemon holds that receives a fleet's alarms; the store frees it with the process. */
const RECEIVING = "alarm-receiving";
/** How often a command looks for the daemon, and how long it waits in between, ms: one may just be starting. */
const LOOKS = 3;
const BETWEEN_MS = 1_500;

/** Shows other processes that this one receives alarms, until `signal` aborts or the turn is lost. @throws StoreUnavailable */
export async function holdReceiving(store: TurnStore, signal: AbortSignal): Promise<void> {
  await store.exclusive(RECEIVING, async (lost) => {
    const over = AbortSignal.any([signal, lost]);
    if (over.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    over.addEventListener("abort", () => resolve());
    await promise;
  });
}

/** Whether a daemon of this fleet receives alarms now, on whichever machine. @throws StoreUnavailable */
export async function isReceiving(store: TurnStore, clock: Clock, signal: AbortSignal): Promise<boolean> {
  for (let look = 1; ; look++) {
    const turn = await store.exclusive(RECEIVING, () => Promise.resolve());
    if (!turn.held) return true;
    if (look === LOOKS || signal.aborted) return false;
    await wait(clock, BETWEEN_MS, signal);
  }
}
