import type { CapacityFacts, ClosedLevel, Cut, FillFacts, RunEnvironment } from "./certify-record.ts";
import type { CertifyThresholds, PlanName, StageKind } from "./certify.ts";
import type { GeneratorHealth, OutcomeCounts } from "./load.ts";

/** Outcome of one criterion. `invalid`: it could not be told (the generator's fault, no samples, no way to do it); never a pass. */
export type CriterionOutcome = "pass" | "fail" | "invalid";

/** One criterion of a certificate. */
export interface Criterion {
  /** `rate`, `errors`, `latency-p99` … unique within a certificate (`survival-errors`). */
  readonly id: string;
  /** What is asked, for people. */
  readonly title: string;
  readonly target: string;
  readonly measured: string;
  readonly outcome: CriterionOutcome;
  readonly stage: StageKind | null;
  /** How it was measured, in a sentence. */
  readonly how: string;
  /** The runbook's line behind it, or an empty string. */
  readonly seed: string;
}

/** Latency of some arrivals, ms, from their scheduled moment. */
export interface LatencyFigures {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** What `certify` writes and prints: certificate.json. Times are ISO 8601 UTC. */
export interface Certificate {
  readonly version: 1;
  readonly deployment: string;
  readonly plan: PlanName;
  readonly verdict: "pass" | "fail" | "invalid";
  /** One sentence for people. */
  readonly summary: string;
  readonly criteria: readonly Criterion[];
  /** Of all measured open-model stages (the warm-up is left out): `offered` is the sum of the outcomes. */
  readonly load: { readonly offered: number } & OutcomeCounts;
  readonly stages: readonly {
    readonly stage: StageKind;
    readonly startedAt: string;
    readonly finishedAt: string | null;
    readonly cut: Cut | null;
    readonly load: ({ readonly offered: number } & OutcomeCounts) | null;
    readonly response: LatencyFigures | null;
    readonly service: LatencyFigures | null;
    readonly lateness: LatencyFigures | null;
    readonly sentRate: number | null;
    readonly dispersion: number | null;
    readonly generator: GeneratorHealth | null;
    /** Requests a second that were to be sent, on average; `null` for stages without arrivals. */
    readonly plannedRate?: number | null;
    /** Latencies of the stage's windows, ms, from the first to the last: what runs differ by anyhow is reckoned from them. */
    readonly windows?: {
      readonly everyMs: number;
      readonly p50Ms: readonly number[];
      readonly p99Ms: readonly number[];
    } | null;
  }[];
  readonly perEndpoint: readonly {
    readonly endpoint: string;
    readonly offered: number;
    readonly ok: number;
    readonly response: LatencyFigures;
  }[];
  /** By core: answers that named it (`answers`, with latency), and what it counted itself (`ownRequests`, all callers). */
  readonly perCore: readonly {
    readonly core: string;
    readonly instance: string | null;
    readonly zone: string | null;
    readonly answers: number | null;
    readonly failures: number | null;
    readonly share: number | null;
    readonly response: LatencyFigures | null;
    readonly ownRequests: number | null;
  }[];
  /** The pools that the ceiling and the tuning recommend; `null` where they did not run. */
  readonly recommendation: {
    readonly maxServerPoolSize: number;
    readonly connectionPoolSize: number;
    readonly coresPerInstance: number;
    /** Sentences with the reckoning. */
    readonly because: readonly string[];
  } | null;
  readonly levels: readonly ClosedLevel[];
  readonly capacity: readonly CapacityFacts[];
  readonly fill: FillFacts | null;
  readonly scenario: { readonly name: string; readonly tells: readonly string[]; readonly settings: unknown };
  readonly thresholds: CertifyThresholds;
  /** What was shortened by flags, cut short, or could not be seen. */
  readonly caveats: readonly string[];
  readonly environment: RunEnvironment;
  readonly connectionUri: string;
  readonly seed: number;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** SHA-256, hex, of this document as JSON without this field. */
  readonly hash: string;
}
