import { formatDuration, type OutcomeCounts, SHOT_OUTCOMES, type StageKind } from "../src/domain/index.ts";

/** Names of stages, for people. */
export const STAGE_NAMES: Readonly<Record<StageKind, string>> = {
  "warm-up": "Warm-up",
  ceiling: "Ceiling",
  tune: "Tuning",
  empty: "Empty database",
  fill: "Filling",
  full: "Full database",
  sustained: "Sustained",
  survival: "Survival",
  "scale-out": "Scale-out",
  soak: "Soak",
};

/** `3.4 ms`, `41 ms`, `1.25 s`, `3 min`: three digits that count. */
export function milliseconds(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  if (ms >= 60_000) return formatDuration(ms);
  if (ms >= 1_000) return `${trim(ms / 1_000, 2)} s`;
  return `${trim(ms, ms < 10 ? 2 : ms < 100 ? 1 : 0)} ms`;
}

/** `1,234.5` */
export function number(value: number, digits = 0): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}

/** `998.7/s` */
export function perSecond(rate: number): string {
  return `${number(rate, rate < 100 ? 1 : 0)}/s`;
}

/** `0.12%` of a share from 0 to 1; what is not nothing never reads as nothing. */
export function percent(share: number): string {
  if (share > 0 && share < 0.00001) return "<0.001%";
  return `${trim(share * 100, share < 0.01 ? 3 : share < 0.1 ? 2 : 1)}%`;
}

/** `681 MiB`; 1 MiB is 1,048,576 bytes. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < 4) {
    value /= 1024;
    unit++;
  }
  return `${trim(value, value < 100 && unit > 0 ? 1 : 0)} ${["B", "KiB", "MiB", "GiB", "TiB"][unit]}`;
}

/** `2026-11-21 08:00:00 UTC` of epoch ms or ISO 8601. */
export function moment(at: number | string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "at an unknown time";
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Time since a stage began: `1:07.4`, `1:02:07`. */
export function clockTime(ms: number): string {
  const sign = ms < 0 ? "−" : "";
  const tenths = Math.round(Math.abs(ms) / 100);
  const seconds = Math.floor(tenths / 10) % 60;
  const minutes = Math.floor(tenths / 600);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (minutes >= 60) return `${sign}${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds)}`;
  return `${sign}${minutes}:${two(seconds)}.${tenths % 10}`;
}

/** Arrivals that failed, in whatever way. */
export function failures(counts: OutcomeCounts): number {
  return SHOT_OUTCOMES.reduce((sum, outcome) => sum + (outcome === "ok" ? 0 : counts[outcome]), 0);
}

/** `12 timed out, 3 lost`; an empty string without failures. */
export function failureWords(counts: OutcomeCounts): string {
  return SHOT_OUTCOMES.filter((outcome) => outcome !== "ok" && counts[outcome] > 0)
    .map((outcome) => `${number(counts[outcome])} ${outcome.replace("-", " ")}`)
    .join(", ");
}

function trim(value: number, digits: number): string {
  return number(Number(value.toFixed(digits)), digits);
}
