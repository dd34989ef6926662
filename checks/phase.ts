import type { SeriesKey } from "../src/domain/index.ts";

/**
 * Where in its slot a series is probed: a share in [0, 1) that depends on nothing but the key, so that it is the same
 * after a restart, a reload and on another host. FNV-1a, then a finaliser, since FNV's high bits alone cluster for keys
 * that differ in their last character (`acme-1`, `acme-2`).
 */
export function phaseOf(key: SeriesKey): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
}

/** Slots longer than this are not spread further: whoever asks for a probe at three o'clock gets it within a minute. */
export const MAX_SPREAD_MS = 60_000;

/** Over how many milliseconds of a slot its targets are spread. */
export function spreadOf(slotLengthMs: number): number {
  return Math.min(slotLengthMs, MAX_SPREAD_MS);
}

/**
 * Over how many milliseconds the first look at `count` series is spread when watching begins: soon, since nobody wants
 * to wait a slot for the first picture, but no faster than 1,000 probes a second.
 */
export function startSpreadOf(slotLengthMs: number, count: number): number {
  return Math.min(spreadOf(slotLengthMs), Math.max(2_000, count));
}
