const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** How durations are written: `250ms 10s 5m 2h 30d`. */
export const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/;

/** Milliseconds of `250ms`, `10s`, `5m`, `2h`, `30d`; `undefined` for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  const unit = UNITS[match[2] ?? ""];
  return unit === undefined ? undefined : Number(match[1]) * unit;
}

/** The shortest exact writing of `ms` that {@link parseDuration} reads back: 90000 → `90s`. */
export function writeDuration(ms: number): string {
  for (const unit of ["d", "h", "m", "s"]) {
    const length = UNITS[unit] ?? 1;
    if (ms > 0 && ms % length === 0) return `${ms / length}${unit}`;
  }
  return `${ms}ms`;
}
