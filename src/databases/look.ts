import { Socket } from "node:net";
import type { Clock, DatabaseFacts, DatabaseFailure, Phases } from "../domain/index.ts";
import type { Trouble } from "./failure.ts";
import type { Gate } from "./gate.ts";

/** What one look may use: sockets that are timed, and destroyed when the look ends in whatever way. */
export interface Attempt {
  /** A socket that is not connected yet. */
  socket(): Socket;
  /** Milliseconds until the deadline, at least 1. */
  timeLeft(): number;
}

/** What a look found, or why nothing. */
export type LookResult<Found = DatabaseFacts> =
  | { readonly ok: true; readonly phases: Phases; readonly facts: Found }
  | { readonly ok: false; readonly failure: DatabaseFailure; readonly detail: string; readonly phases: Phases };

/** What a prober gives to {@link look}. */
export interface LookOptions {
  readonly clock: Clock;
  readonly gate: Gate;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Puts what the client library threw into words. */
  readonly explain: (error: unknown) => Trouble;
}

/** Timers of the deadline and of the caller's signal fire in the same moment; within this the deadline's word counts. */
const SAME_MOMENT_MS = 25;
/** Share of the time after which a look that waited for its place is not begun any more. */
const LATEST_START = 0.9;

/**
 * Runs `work` under the deadline and the signal, in one of the gate's places. Whatever `work` does, its sockets are gone when
 * this returns, and it returns at the deadline: a server that never answers costs no more than `timeoutMs`.
 */
export async function look<Found>(
  options: LookOptions,
  work: (attempt: Attempt) => Promise<Found>,
): Promise<LookResult<Found>> {
  const { clock, timeoutMs, signal } = options;
  const started = clock.monotonic();
  const elapsed = (): number => clock.monotonic() - started;
  const ended = new AbortController();
  const end = (): void => ended.abort();
  const timer = clock.after(timeoutMs, end);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();

  const sockets: Socket[] = [];
  const spans: { dns?: number; connect?: number } = {};
  let state: "waiting" | "connecting" | "connected" = "waiting";
  const attempt: Attempt = {
    socket: () => {
      const socket = timedSocket(clock, spans, () => (state = "connected"));
      sockets.push(socket);
      state = "connecting";
      return socket;
    },
    timeLeft: () => Math.max(1, Math.ceil(timeoutMs - elapsed())),
  };
  const phases = (): Phases => ({ ...spans, total: elapsed() });
  const stopped = (): Trouble => {
    if (signal.aborted && elapsed() < timeoutMs - SAME_MOMENT_MS)
      return { failure: "cancelled", detail: "the look was called off" };
    const after = `within ${Math.round(timeoutMs)} ms`;
    if (state === "waiting")
      return { failure: "local-resources", detail: `no database client of this process became free ${after}` };
    if (state === "connecting") return { failure: "connect-timeout", detail: `it took no connection ${after}` };
    return { failure: "timeout", detail: `it took the connection and gave no answer ${after}` };
  };

  const leave = await options.gate.enter(ended.signal);
  try {
    // With next to nothing left, a connection made now would only be torn down again.
    if (leave === undefined || elapsed() > timeoutMs * LATEST_START)
      return { ok: false, ...stopped(), phases: phases() };
    const running = work(attempt);
    // After the deadline nobody waits for it any more; its failure then is only that its socket went away.
    running.catch(() => undefined);
    const facts = await Promise.race([running, whenAborted(ended.signal)]);
    if (facts === undefined) return { ok: false, ...stopped(), phases: phases() };
    return { ok: true, phases: phases(), facts };
  } catch (error) {
    const trouble = ended.signal.aborted ? stopped() : options.explain(error);
    return { ok: false, ...trouble, phases: phases() };
  } finally {
    timer.clear();
    signal.removeEventListener("abort", end);
    for (const socket of sockets) socket.destroy();
    leave?.();
  }
}

function whenAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

function timedSocket(clock: Clock, spans: { dns?: number; connect?: number }, onConnect: () => void): Socket {
  const socket = new Socket();
  // Clients connect it as soon as they have it.
  let from = clock.monotonic();
  socket.once("lookup", () => {
    spans.dns = clock.monotonic() - from;
    from = clock.monotonic();
  });
  socket.once("connect", () => {
    spans.connect = clock.monotonic() - from;
    onConnect();
  });
  // A destroyed client has no listener left; an error after the look has ended concerns nobody.
  socket.on("error", () => undefined);
  return socket;
}
