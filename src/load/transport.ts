import type { Clock, LoadTarget, LoadTransport, Timer, WireRequest, WireResult } from "../domain/index.ts";
import { Addresses } from "./addresses.ts";
import type { LookUp } from "./addresses.ts";
import { createDial } from "./dial.ts";
import { Flights } from "./flights.ts";
import { Line } from "./line.ts";

/** How a transport is set up. */
export interface TransportOptions {
  readonly target: LoadTarget;
  /** Of a whole request, from sending to the end of the answer, connecting included, ms. */
  readonly timeoutMs: number;
  /** Requests in flight at once; one more is refused, never queued. */
  readonly maxConnections: number;
  readonly clock: Clock;
  /** Between this and half as much again a connection lives, ms: new addresses get their share without all reconnecting at once. */
  readonly connectionLifeMs?: number;
  readonly lookUp?: LookUp;
}

const CONNECTION_LIFE_MS = 30_000;

/**
 * HTTP/1.1 over undici's clients, one request to a connection, connections kept alive and reused the last used first. Failures:
 * `refused` before a connection stood (its certificate included), `lost` after, `timed-out` when the time limit came first.
 */
export function createUndiciTransport(options: TransportOptions): LoadTransport {
  const { target, timeoutMs, maxConnections, clock } = options;
  const url = new URL(target.url);
  const addresses = new Addresses(url.hostname, clock, options.lookUp);
  const life = options.connectionLifeMs ?? CONNECTION_LIFE_MS;
  const lines = new Set<Line>();
  const free: Line[] = [];
  let opened = 0;
  const flights = new Flights();
  let alarm: Timer | undefined;
  let closed = false;

  const settings = {
    origin: url.origin,
    basePath: url.pathname.replace(/\/+$/, ""),
    headers: ["host", target.host, ...(target.apiKey === undefined ? [] : ["api-key", target.apiKey])],
    coreHeader: target.coreHeader,
    dial: createDial({ target, addresses, clock, timeoutMs }),
    addresses,
    clock,
    // Spread by the golden ratio: no two lines that were opened together end together.
    lifeMs: () => life * (1 + ((opened++ * 0.618_034) % 1) / 2),
    onFree: (line: Line) => void free.push(line),
  };

  function watch(): void {
    alarm = undefined;
    const now = clock.monotonic();
    for (const flight of flights.until(now)) {
      flight.line.giveUp({ kind: "timed-out", detail: `no whole answer within ${timeoutMs} ms` });
    }
    const next = flights.nextDeadline;
    if (next !== undefined) arm(next - now);
  }

  /** Time is looked at after what has come in was read: an answer that waited behind a stall of this thread is no timeout. */
  function arm(ms: number): void {
    alarm = clock.after(ms, () => setImmediate(watch));
  }

  function lineFor(): Line {
    const kept = free.pop();
    if (kept !== undefined) return kept;
    const line = new Line(settings);
    lines.add(line);
    return line;
  }

  function refuse(done: (result: WireResult) => void, detail: string): void {
    queueMicrotask(() => done({ kind: "refused", detail }));
  }

  function send(request: WireRequest, done: (result: WireResult) => void): void {
    if (closed) return refuse(done, "the load was stopped");
    if (flights.count >= maxConnections) return refuse(done, `all ${maxConnections} connections are in use`);
    addresses.refresh();
    const line = lineFor();
    const flight = flights.add(line, clock.monotonic() + timeoutMs);
    if (alarm === undefined) arm(timeoutMs);
    line.send(request, (result) => {
      flights.remove(flight);
      done(result);
    });
  }

  return {
    send,
    async close(): Promise<void> {
      if (closed) return;
      closed = true;
      alarm?.clear();
      for (const { line } of flights.until(Number.POSITIVE_INFINITY)) {
        line.giveUp({ kind: "lost", detail: "the load was stopped" });
      }
      for (const line of lines) line.close();
      lines.clear();
      free.length = 0;
    },
  };
}
