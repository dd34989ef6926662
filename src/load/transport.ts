import type { Clock, LoadTarget, LoadTransport, Timer, WireRequest, WireResult } from "../domain/index.ts";
import { Addresses } from "./addresses.ts";
import type { LookUp } from "./addresses.ts";
import { createDial } from "./dial.ts";
import { type Flight, Flights } from "./flights.ts";
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
 * Connections that are being made at once. While a target stalls, requests wait for one of these or for a connection that
 * becomes free: a thousand handshakes at once would keep it from ever recovering, and no caller with a pool does that.
 */
const MAX_CONNECTING = 32;

/** A request that waits for a connection; its time runs. */
interface Waiting {
  readonly request: WireRequest;
  readonly tell: (result: WireResult) => void;
  readonly flight: Flight;
}

/**
 * HTTP/1.1 over undici's clients, one request to a connection, connections kept alive and reused the last used first; a
 * request for which there is none waits, at most {@link MAX_CONNECTING} being made at once, and its time runs. Failures: `refused` before a connection stood (its certificate included), `lost` after, `timed-out` when the time limit came first.
 */
export function createUndiciTransport(options: TransportOptions): LoadTransport {
  const { target, timeoutMs, maxConnections, clock } = options;
  const url = new URL(target.url);
  const addresses = new Addresses(url.hostname, clock, options.lookUp);
  const life = options.connectionLifeMs ?? CONNECTION_LIFE_MS;
  const lines = new Set<Line>();
  /** Lines that can take a request: those whose connection may still stand, and those that have none. */
  const free: Line[] = [];
  const cold: Line[] = [];
  const connecting = new Set<Line>();
  const waiting = new Set<Waiting>();
  let opened = 0;
  const flights = new Flights();
  let alarm: Timer | undefined;
  let pumping = false;
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
    onFree(line: Line): void {
      connecting.delete(line);
      free.push(line);
      pumpSoon();
    },
    onDialled(line: Line): void {
      connecting.delete(line);
      pumpSoon();
    },
  };

  function watch(): void {
    alarm = undefined;
    const now = clock.monotonic();
    for (const flight of flights.until(now)) {
      flight.holder.giveUp({ kind: "timed-out", detail: `no whole answer within ${timeoutMs} ms` });
    }
    const next = flights.nextDeadline;
    if (next !== undefined) arm(next - now);
  }

  /** Time is looked at after what has come in was read: an answer that waited behind a stall of this thread is no timeout. */
  function arm(ms: number): void {
    alarm = clock.after(ms, () => setImmediate(watch));
  }

  function lineFor(): Line | undefined {
    for (let kept = free.pop(); kept !== undefined; kept = free.pop()) {
      if (kept.isWarm) return kept;
      cold.push(kept);
    }
    if (connecting.size >= MAX_CONNECTING) return undefined;
    const line = cold.pop() ?? new Line(settings);
    lines.add(line);
    connecting.add(line);
    return line;
  }

  /** A client that just failed, or is reading an answer, takes no request before it is done with that. */
  function pumpSoon(): void {
    if (waiting.size === 0 || pumping) return;
    pumping = true;
    queueMicrotask(pump);
  }

  /** Hands on who waits, the first first. */
  function pump(): void {
    pumping = false;
    for (const first of waiting) {
      const line = closed ? undefined : lineFor();
      if (line === undefined) return;
      waiting.delete(first);
      first.flight.holder = line;
      line.send(first.request, first.tell);
    }
  }

  function refuse(done: (result: WireResult) => void, detail: string): void {
    queueMicrotask(() => done({ kind: "refused", detail }));
  }

  function send(request: WireRequest, done: (result: WireResult) => void): void {
    if (closed) return refuse(done, "the load was stopped");
    if (flights.count >= maxConnections) return refuse(done, `all ${maxConnections} connections are in use`);
    addresses.refresh();
    const nobody = { giveUp: (result: WireResult) => tell(result) };
    const flight = flights.add(nobody, clock.monotonic() + timeoutMs);
    if (alarm === undefined) arm(timeoutMs);
    const tell = (result: WireResult): void => {
      flights.remove(flight);
      done(result);
    };
    // Whoever waits already goes first.
    const line = waiting.size === 0 ? lineFor() : undefined;
    if (line === undefined) {
      const mine: Waiting = { request, tell, flight };
      waiting.add(mine);
      flight.holder = {
        giveUp(result) {
          waiting.delete(mine);
          tell(result);
        },
      };
      return;
    }
    flight.holder = line;
    line.send(request, tell);
  }

  return {
    send,
    async close(): Promise<void> {
      if (closed) return;
      closed = true;
      alarm?.clear();
      for (const { holder } of flights.until(Number.POSITIVE_INFINITY)) {
        holder.giveUp({ kind: "lost", detail: "the load was stopped" });
      }
      for (const line of lines) line.close();
      lines.clear();
      free.length = 0;
      cold.length = 0;
    },
  };
}
