import type { Arrivals } from "../src/domain/index.ts";

/** How long they last, ms. */
export function durationOf(arrivals: Arrivals): number {
  return arrivals.kind === "step" ? sum(arrivals.steps.map((step) => step.durationMs)) : arrivals.durationMs;
}

/** How many there are to be; of Poisson arrivals on average. */
export function countOf(arrivals: Arrivals): number {
  if (arrivals.kind === "step") return sum(arrivals.steps.map((step) => (step.rate * step.durationMs) / 1_000));
  const rate = arrivals.kind === "ramp" ? (arrivals.from + arrivals.to) / 2 : arrivals.rate;
  return (rate * arrivals.durationMs) / 1_000;
}

/** Requests a second, on average over the whole length. */
export function meanRate(arrivals: Arrivals): number {
  const length = durationOf(arrivals);
  return length === 0 ? 0 : (countOf(arrivals) * 1_000) / length;
}

/** The most requests a second that are due at any time. */
export function peakRate(arrivals: Arrivals): number {
  if (arrivals.kind === "ramp") return Math.max(arrivals.from, arrivals.to);
  return arrivals.kind === "step" ? Math.max(...arrivals.steps.map((step) => step.rate)) : arrivals.rate;
}

/** The same arrivals for as long as something may take: whoever asked for them stops them. Ramps and steps stay as they are. */
export function lasting(arrivals: Arrivals, ms: number): Arrivals {
  if (arrivals.kind !== "constant" && arrivals.kind !== "poisson") return arrivals;
  return { ...arrivals, durationMs: Math.max(arrivals.durationMs, ms) };
}

/**
 * By how much the rate of `count` arrivals may differ from the planned one, 0–1, without anybody's fault: the limit, and what
 * chance (four standard deviations of Poisson arrivals) or one arrival at the edge makes in a short stage.
 */
export function rateTolerance(arrivals: Arrivals, count: number, limit: number): number {
  const n = Math.max(1, count);
  return Math.max(limit, arrivals.kind === "poisson" ? 4 / Math.sqrt(n) : 2 / n);
}

/** `100 s`, `10 min`, `4 h`: a length that is asked for, exactly. */
export function lengthWords(ms: number): string {
  if (ms >= 3_600_000 && ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms >= 300_000 && ms % 60_000 === 0 ? `${ms / 60_000} min` : `${Math.round(ms / 100) / 10} s`;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
