import { Worker } from "node:worker_threads";
import type { Clock, ClosedLoad, ClosedLevel, LoadTarget, Log, WireRequest } from "../domain/index.ts";
import type { ClosedOrder, ClosedWord } from "./closed-order.ts";

/** A fifth of a level, and at most two seconds, is warm-up, or what it takes until every caller had an answer. */
const WARM_SHARE = 0.2;
const LONGEST_WARM_MS = 2_000;
/** Of one request, ms: the cores answer a dead database after 5 s. */
const TIMEOUT_MS = 10_000;
/** A thread that is to stop and does not say anything within this, ms, is ended. */
const GRACE_MS = 3_000;
/** Connections of one level at most: beyond it the host's ports and files are measured. */
const MOST_CONNECTIONS = 10_000;

/**
 * The closed model over stock autocannon: N callers, each sending its next request when it has an answer. Counts and latencies
 * are this project's own, by autocannon's events; certificates are verified. Of autocannon's options those are never used
 * that set a rate, `workers`, and reconnecting.
 */
export function createClosedLoad(options: {
  readonly clock: Clock;
  readonly log: Log;
  /** Of one request, ms; at least 1000. */
  readonly timeoutMs?: number;
}): ClosedLoad {
  const { clock, log, timeoutMs = TIMEOUT_MS } = options;
  return {
    async level(target, request, connections, durationMs, signal, expected) {
      if (!Number.isInteger(connections) || connections < 1 || connections > MOST_CONNECTIONS) {
        throw new Error(`a level has 1 to ${MOST_CONNECTIONS} connections, not ${connections}`);
      }
      if (signal.aborted) return nothing(connections);
      const warmMs = Math.min(LONGEST_WARM_MS, durationMs * WARM_SHARE);
      const order = orderOf({ target, request, connections, durationMs, warmMs, timeoutMs, expected });
      const word = await inThread(order, { clock, log }, signal);
      if (word === undefined) return nothing(connections);
      if (word.kind === "failed") throw new Error(word.detail);
      const { figures, closes } = word;
      if (closes > figures.requests / 10) {
        log.warn("the target ends its connections: autocannon sends every request after that twice", { closes });
      }
      const { wrongBody, ...level } = figures;
      return { connections, ...level, ...(expected === undefined ? {} : { wrongBody }) };
    },
  };
}

/** Only what can be sent to a thread, and no more of the target than it needs. */
function orderOf(order: ClosedOrder): ClosedOrder {
  const { url, host, apiKey, tls } = order.target;
  const target: LoadTarget = { url, host, apiKey, tls: { ...tls }, coreHeader: undefined, cores: [] };
  const { method, path, headers, body } = order.request;
  const request: WireRequest = { method, path, headers: { ...headers }, body };
  return { ...order, target, request };
}

/** Gives the thread's word; `undefined` when it was stopped before it had anything to say. */
async function inThread(
  order: ClosedOrder,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<ClosedWord | undefined> {
  // autocannon's timers make Node warn; stdout and stderr are the program's own.
  const options = { workerData: order, stdout: true, stderr: true };
  const worker = new Worker(new URL("./closed-worker.ts", import.meta.url), options);
  for (const stream of [worker.stdout, worker.stderr]) {
    stream
      .setEncoding("utf8")
      .on("data", (text: string) => log.debug("the load's thread says", { text: text.slice(0, 500) }));
  }
  let grace: ReturnType<Clock["after"]> | undefined;
  let stop = (): void => undefined;
  try {
    return await new Promise<ClosedWord | undefined>((resolve) => {
      const failed = (detail: string): void => resolve(signal.aborted ? undefined : { kind: "failed", detail });
      worker.once("message", (word: ClosedWord) => {
        resolve(word.kind === "failed" && signal.aborted ? undefined : word);
      });
      worker.once("error", (error) => failed(`autocannon broke down: ${error.message}`));
      worker.once("exit", (code) => failed(`autocannon's thread ended with ${code}`));
      stop = () => {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread knows no origins
        worker.postMessage("stop");
        grace?.clear();
        grace = clock.after(GRACE_MS, () => resolve(undefined));
      };
      signal.addEventListener("abort", stop, { once: true });
      // Start of a thread, the connection before the level, the level, and the end of autocannon.
      const within = order.durationMs + order.timeoutMs + 3 * GRACE_MS;
      grace = clock.after(within, () => failed(`the level did not end within ${Math.round(within / 1_000)} s`));
    });
  } finally {
    signal.removeEventListener("abort", stop);
    grace?.clear();
    await worker.terminate();
  }
}

function nothing(connections: number): Omit<ClosedLevel, "stage"> {
  return {
    connections,
    durationMs: 0,
    requests: 0,
    throughput: 0,
    meanMs: 0,
    p50Ms: 0,
    p90Ms: 0,
    p99Ms: 0,
    non2xx: 0,
    errors: 0,
    timeouts: 0,
  };
}
