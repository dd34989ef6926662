import type { ClosedLevel } from "../../src/domain/index.ts";

/** One level, with everything well but what is said. */
export function levelOf(connections: number, throughput: number, more: Partial<ClosedLevel> = {}): ClosedLevel {
  const meanMs = throughput === 0 ? 0 : (connections * 1_000) / throughput;
  return {
    stage: "ceiling",
    connections,
    durationMs: 1_000,
    requests: Math.round(throughput),
    throughput,
    meanMs,
    p50Ms: meanMs * 0.9,
    p90Ms: meanMs * 1.5,
    p99Ms: meanMs * 3,
    non2xx: 0,
    errors: 0,
    timeouts: 0,
    generatorBusy: 0.4,
    ...more,
  };
}

/** Throughput of N callers of which each takes `aloneMs`, before a part that carries `most` requests/s. */
export function bounded(connections: number, aloneMs: number, most: number): number {
  return Math.min((connections * 1_000) / aloneMs, most);
}

/** Gunther's law: contention `sigma`, coherency `kappa`, `lone` requests/s with one caller. */
export function universal(connections: number, lone: number, sigma: number, kappa: number): number {
  return (lone * connections) / (1 + sigma * (connections - 1) + kappa * connections * (connections - 1));
}

/** A small generator of even numbers from 0 to 1 (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
