import type { Doors } from "./doors.ts";
import { EXIT, Problem } from "./exit.ts";

/** The same Ctrl-C can come twice, from the terminal and passed on by npm or npx: within this time it is one, ms. */
const SAME_MS = 1_000;

/** What signals do to one command line. */
export interface Interruption {
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** The name of the first signal; `undefined` while none came. */
  first(): string | undefined;
  /**
   * While the answer is held, a second signal does not end the process but aborts `giveUp`, so that clean-up can still say
   * what it leaves; a third one ends it. Gives the way to let go.
   */
  readonly hold: () => { readonly giveUp: AbortSignal; release(): void };
  /** Lets signals go. */
  forget(): void;
}

/** The first signal lets a command end in order, stopping what it started; a second one ends the process at once. */
export function watchSignals(doors: Pick<Doors, "clock" | "err" | "exit" | "onSignal" | "onHangUp">): Interruption {
  const controller = new AbortController();
  let first: { readonly name: string; readonly at: number } | undefined;
  /** When the last signal that did something came. */
  let acted = 0;
  let held: AbortController | undefined;
  const act = (name: string): void => {
    const at = doors.clock.monotonic();
    if (first === undefined) {
      first = { name, at };
      acted = at;
      controller.abort(interrupted());
    } else if (at - acted <= SAME_MS) {
      // The same one, by another way.
    } else if (held !== undefined && !held.signal.aborted) {
      acted = at;
      held.abort(interrupted());
    } else {
      doors.err("ended at once: what was started may still run\n");
      doors.exit(EXIT.interrupted);
    }
  };
  const forget = doors.onSignal(act);
  const hold = (): { readonly giveUp: AbortSignal; release(): void } => {
    const mine = new AbortController();
    held = mine;
    // What is held must be put back in order: a terminal that goes away is an interruption like any other.
    const forgetHangUp = doors.onHangUp(act);
    return {
      giveUp: mine.signal,
      release: () => {
        forgetHangUp();
        if (held === mine) held = undefined;
      },
    };
  };
  return { signal: controller.signal, first: () => first?.name, hold, forget };
}

/** `work`, unless the command is interrupted first; what comes of `work` then is nobody's concern. @throws Problem 130 */
export async function unlessInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(interrupted());
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function interrupted(): Problem {
  return new Problem(EXIT.interrupted, "interrupted");
}
