import { build } from "hdr-histogram-js";

/** How late probes started. */
export interface Lateness {
  /** `ms` with a fraction. */
  record(ms: number): void;
  /** Milliseconds, right to two digits. */
  summary(): { readonly p50: number; readonly p99: number; readonly max: number };
}

/** Above this it does not matter how late. */
const MAX_MS = 600_000;

/** A histogram of fixed size: what is recorded never costs more memory. */
export function createLateness(): Lateness {
  const histogram = build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_MS * 1_000,
    numberOfSignificantValueDigits: 2,
    autoResize: false,
    useWebAssembly: false,
  });
  return {
    record(ms) {
      histogram.recordValue(Math.round(Math.min(MAX_MS, Math.max(0, ms)) * 1_000));
    },
    summary() {
      if (histogram.totalCount === 0) return { p50: 0, p99: 0, max: 0 };
      const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1_000;
      return { p50: at(50), p99: at(99), max: histogram.maxValue / 1_000 };
    },
  };
}
