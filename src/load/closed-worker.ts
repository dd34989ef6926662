import { parentPort, workerData } from "node:worker_threads";
import type { Instance } from "autocannon";
import { Callers } from "./closed-callers.ts";
import { type ClosedOrder, type ClosedWord, headersOf, urlOf } from "./closed-order.ts";
import { distrust, preflight } from "./preflight.ts";

/**
 * Makes one level with stock autocannon, in a thread of its own: a level saturates its thread, and what autocannon throws
 * in the handler of a socket ends the level and not the program.
 */

/** autocannon looks this often whether it is to stop, ms. */
const LOOK_MS = 50;
/** In two such slices in a row, ms … */
const SLICE_MS = 100;
/** … this share fails, 0–1, of at least … */
const HOPELESS = 0.95;
/** … so many requests: then the level ends, since autocannon connects again without a pause. */
const HOPELESS_REQUESTS = 10;

/** The warm-up goes on while callers wait for their first answer (a TLS handshake takes milliseconds of this thread), up to this share of the level. */
const LONGEST_WARM = 0.5;

async function measure(order: ClosedOrder): Promise<ClosedWord> {
  const { target, request } = order;
  if (request.method === "HEAD") {
    // autocannon waits for the body that the answer's length announces.
    throw new Error("HEAD cannot be measured in the closed model: measure GET");
  }
  const headers = headersOf(target, request);
  let stop = (): void => undefined;
  let stopped = false;
  parentPort?.once("message", () => {
    stopped = true;
    stop();
  });
  const tls = await preflight(target, order.timeoutMs);
  const { default: autocannon } = await import("autocannon");
  let distrusted: string | undefined;
  let measuredSince: number | undefined;
  const now = (): number => performance.now();
  const callers = new Callers({
    now,
    expected: order.expected,
    distrusted: target.tls.verify
      ? (why) => {
          distrusted = why;
          stop();
        }
      : undefined,
  });
  let idle = performance.eventLoopUtilization();
  let ended: ReturnType<typeof callers.tally.figures> | undefined;
  let closes = 0;

  await new Promise<void>((resolve, reject) => {
    let instance: Instance | undefined;
    const end = setTimeout(() => stop(), order.durationMs);
    let warm = setTimeout(begin, order.warmMs, order.warmMs);
    function begin(passedMs: number): void {
      if (callers.waiting > 0 && passedMs < order.durationMs * LONGEST_WARM) {
        warm = setTimeout(begin, LOOK_MS, passedMs + LOOK_MS);
        return;
      }
      measuredSince = now();
      idle = performance.eventLoopUtilization();
      callers.begin();
    }
    const hope = setInterval(
      watchHope(callers, () => stop()),
      SLICE_MS,
    );
    stop = () => {
      if (ended !== undefined) return;
      clearTimeout(warm);
      clearTimeout(end);
      clearInterval(hope);
      callers.finish(measuredSince ?? -Infinity);
      ended = callers.tally.figures(now(), performance.eventLoopUtilization(idle).utilization);
      closes = callers.closes;
      instance?.stop();
    };
    // Neither a rate nor its correction: without a rate autocannon corrects nothing, and refuses the option that says so.
    instance = autocannon(
      {
        url: urlOf(target, request).href,
        method: request.method,
        headers,
        ...(request.body === undefined ? {} : { body: request.body }),
        connections: order.connections,
        pipelining: 1,
        // Ended by the timer above; this is for the case that it is not.
        duration: order.durationMs / 1_000 + 10,
        timeout: Math.max(1, order.timeoutMs / 1_000),
        sampleInt: LOOK_MS,
        ...(tls?.servername === undefined ? {} : { servername: tls.servername }),
        ...(tls === undefined ? {} : { tlsOptions: withoutUndefined(tls) }),
        ...(order.expected === undefined ? {} : { verifyBody: (body) => callers.verify(String(body)) }),
        setupClient: (client) => callers.watch(client),
      },
      (error: unknown) => {
        stop();
        callers.destroy();
        if (error === null) resolve();
        else reject(error instanceof Error ? error : new Error("autocannon broke down"));
      },
    );
    if (stopped || ended !== undefined) instance.stop();
  });
  if (distrusted !== undefined) return { kind: "failed", detail: distrust(target, distrusted) };
  if (ended === undefined) return { kind: "failed", detail: "autocannon ended without a measurement" };
  if (ended.requests === 0 && !stopped) {
    const why = callers.failure === "" ? "no answer" : callers.failure;
    return { kind: "failed", detail: `no request was answered: ${why}` };
  }
  return { kind: "measured", figures: ended, closes };
}

/** Calls `stop` when in two slices in a row nearly every request failed. */
function watchHope(callers: Callers, stop: () => void): () => void {
  let tally = callers.tally;
  let before = { all: 0, bad: 0 };
  let hopeless = 0;
  return () => {
    if (callers.tally !== tally) {
      tally = callers.tally;
      before = { all: 0, bad: 0 };
    }
    const made = tally.made;
    const all = made.all - before.all;
    const bad = made.bad - before.bad;
    before = made;
    hopeless = all >= HOPELESS_REQUESTS && bad >= HOPELESS * all ? hopeless + 1 : 0;
    if (hopeless >= 2) stop();
  };
}

/** `tls.connect` takes a member that is there and `undefined` for a value. */
function withoutUndefined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

if (parentPort !== null) {
  const port = parentPort;
  const order: ClosedOrder = workerData;
  const word = await measure(order).catch((error: unknown): ClosedWord => ({
    kind: "failed",
    detail: error instanceof Error ? error.message : String(error),
  }));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port knows no origins
  port.postMessage(word);
}
