import { z } from "zod";

/** A whole number within bounds. */
export function whole(min: number, max: number): z.ZodNumber {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

/** A number within bounds. */
export function within(min: number, max: number): z.ZodNumber {
  const error = `must be a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/**
 * Version of the core driver interface that calls speak. 4.0 is spoken by every core since 7.0, and all that scenarios
 * send has had the same shape since.
 */
export const cdiVersion = z
  .string({ error: 'must be a version such as "4.0", in quotes' })
  .regex(/^\d{1,2}\.\d{1,2}$/, { error: 'must be a version such as "4.0"' })
  .default("4.0");

/** `9.5%` of a share from 0 to 1. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}

/** How many of `total` fall to this thread: the threads' parts add up to `total`. */
export function partOf(total: number, thread: number, threads: number): number {
  return Math.floor((total * (thread + 1)) / threads) - Math.floor((total * thread) / threads);
}
