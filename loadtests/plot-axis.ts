import { scaleLinear } from "d3-scale";
import type { Axis } from "./plot.ts";
import { milliseconds, number, percent } from "./report-words.ts";

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400];

/** Time since the begin of a stage of this length, ms. */
export function timeAxis(durationMs: number): Axis {
  const max = Math.max(SECOND, durationMs);
  const step = (TIME_STEPS.find((seconds) => max / (seconds * SECOND) <= 9) ?? max / SECOND / 8) * SECOND;
  const ticks = [];
  for (let at = 0; at <= max; at += step) ticks.push({ at, text: timeText(at, step) });
  return { kind: "linear", min: 0, max, label: "time since the stage began", ticks };
}

function timeText(at: number, step: number): string {
  if (at === 0) return "0";
  if (step >= HOUR) return `${number(at / HOUR, 1)} h`;
  if (step >= MINUTE) return `${number(at / MINUTE)} min`;
  if (at < MINUTE && step < MINUTE) return `${number(at / SECOND)} s`;
  return `${Math.floor(at / MINUTE)}:${String(Math.floor(at / SECOND) % 60).padStart(2, "0")}`;
}

/** From 0 to a round number not below `max`. */
export function countAxis(max: number, label: string, unit: "plain" | "share" = "plain"): Axis {
  const scale = scaleLinear()
    .domain([0, max > 0 ? max : 1])
    .nice(4);
  const top = scale.domain()[1] ?? 1;
  const ticks = scale.ticks(4).map((at) => ({ at, text: unit === "share" ? percent(at) : number(at, 2) }));
  return { kind: "linear", min: 0, max: top, label, ticks };
}

/**
 * Of durations in ms. Logarithmic where the longest are far from the usual ones, so that both can be read; linear
 * otherwise. `usual` is about the median.
 */
export function latencyAxis(usual: number, smallest: number, longest: number, label: string): Axis {
  if (!(usual > 0) || !(smallest > 0) || longest / usual < 20) {
    const axis = countAxis(longest, label);
    return { ...axis, ticks: axis.ticks.map(({ at }) => ({ at, text: milliseconds(at) })) };
  }
  const min = 10 ** Math.floor(Math.log10(Math.max(0.01, smallest)));
  const max = niceAbove(longest);
  const decades = Math.log10(max / min);
  const ticks = [];
  for (let at = min; at <= max * 1.001; at *= 10) {
    for (const times of decades > 3 ? [1] : [1, 3]) {
      if (at * times <= max * 1.001) ticks.push({ at: at * times, text: milliseconds(at * times) });
    }
  }
  return { kind: "log", min, max, label: `${label}, logarithmic`, ticks };
}

/** 1, 2 or 5 times a power of ten, not below. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((times) => times * power >= value) ?? 10) * power;
}

/** Percentiles as 1 / (1 − p): each further nine takes the same room. `most`: the highest percentile, below 100. */
export function percentileAxis(most: number): Axis {
  const max = Math.max(100, inverse(most));
  const ticks = [0, 90, 99, 99.9, 99.99, 99.999, 99.9999]
    .filter((at) => inverse(at) <= max * 1.001)
    .map((at) => ({ at: inverse(at), text: at === 0 ? "0%" : `${at}%` }));
  return { kind: "log", min: 1, max, label: "percentile, as 1 / (1 − p)", ticks };
}

/** Where a percentile stands on {@link percentileAxis}. */
export function inverse(percent: number): number {
  return 1 / (1 - Math.min(percent, 99.99999) / 100);
}

/** Levels that were tried, each with its place; logarithmic, since they are doubled. */
export function levelAxis(levels: readonly number[], label: string): Axis {
  const min = Math.max(1, Math.min(...levels));
  const max = Math.max(min * 2, ...levels);
  const ticks = levels.map((at) => ({ at, text: number(at) }));
  return { kind: "log", min, max, label, ticks: ticks.slice(0, 16) };
}
