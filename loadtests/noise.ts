import { seededRandom } from "./random.ts";

const ROUNDS = 1_000;
/** Of differences between runs that differ by chance alone, so many lie within the bound. */
const CONFIDENCE = 0.99;
/**
 * Blocks of a short run show less than the whole spread: of 60 to 100 windows with troubles of several seconds, 3–5% of equal
 * runs lay beyond the bare bound, and under 1% beyond this multiple of it.
 */
const WIDER = 1.5;
/** Runs on the same machine differ by more than the windows of one of them do: at least this part of the larger value … */
const LEAST_SHARE = 0.05;
/** … and at least this, ms: below it timers and scheduling are what is measured. */
const LEAST_MS = 0.2;

/** Fewer windows than this say nothing about how much they differ. */
export const FEWEST_WINDOWS = 10;

/** The mean of some windows' values. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * By how much the means of two runs' windows may differ by chance, ms. A moving-block bootstrap (H. R. Künsch, "The Jackknife and
 * the Bootstrap for General Stationary Observations", 1989): runs are drawn again from blocks of neighbouring windows, since
 * a slow second makes the next one slow. The same seed gives the same bound.
 */
export function noiseOfMeans(a: readonly number[], b: readonly number[], seed: number): number {
  const random = seededRandom(seed, "noise");
  const centre = mean(a) - mean(b);
  const off: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    off.push(Math.abs(redrawn(a, random) - redrawn(b, random) - centre));
  }
  off.sort((x, y) => x - y);
  const bound = off[Math.min(ROUNDS - 1, Math.ceil(CONFIDENCE * ROUNDS) - 1)] ?? 0;
  return Math.max(WIDER * bound, LEAST_SHARE * Math.max(mean(a), mean(b)), LEAST_MS);
}

/** Mean of as many values, drawn in blocks. */
function redrawn(values: readonly number[], random: () => number): number {
  const block = Math.max(1, Math.round(Math.sqrt(values.length)));
  let sum = 0;
  let count = 0;
  while (count < values.length) {
    const from = Math.floor(random() * (values.length - block + 1));
    for (let i = 0; i < block && count < values.length; i++, count++) sum += values[from + i] ?? 0;
  }
  return count === 0 ? 0 : sum / count;
}

/** By how much two shares of so many may differ by chance (normal approximation, 2.58 standard deviations = 99%); at least one in each. */
export function noiseOfShares(a: { share: number; of: number }, b: { share: number; of: number }): number {
  if (a.of === 0 || b.of === 0) return 1;
  const pooled = (a.share * a.of + b.share * b.of) / (a.of + b.of);
  return Math.max(2.58 * Math.sqrt(pooled * (1 - pooled) * (1 / a.of + 1 / b.of)), 1 / a.of, 1 / b.of);
}
