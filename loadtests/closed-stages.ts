import type { ClosedLevel, ClosedLoad, LoadTarget, WireRequest } from "../src/domain/index.ts";
import { failedShare, grows, KNEE, type KneeSettings, rounded } from "./knee.ts";

/** What a closed-model stage works with. */
export interface ClosedStage {
  readonly stage: "ceiling" | "tune";
  readonly load: ClosedLoad;
  readonly target: LoadTarget;
  readonly request: WireRequest;
  /** Text that every good answer holds; SuperTokens answers 200 to what failed. */
  readonly expected?: string;
  /** Numbers of connections. */
  readonly levels: readonly number[];
  readonly levelMs: number;
  readonly settings?: KneeSettings;
  /** Gets every level when it is done. A level that was cut short is not among them. */
  readonly emit: (level: ClosedLevel) => void;
}

/** How a closed-model stage went. `detail` is a sentence for people; `failed`: nothing, or no more, could be measured. */
export interface ClosedStageResult {
  readonly levels: readonly ClosedLevel[];
  readonly ended: "all-levels" | "past-knee" | "errors" | "interrupted" | "failed";
  readonly detail: string;
}

/** Raises the number of connections level by level, until throughput stopped growing, too much fails, or `signal` aborts. Never throws. */
export async function runClosedStage(stage: ClosedStage, signal: AbortSignal): Promise<ClosedStageResult> {
  const settings = stage.settings ?? KNEE;
  const done: ClosedLevel[] = [];
  const end = (ended: ClosedStageResult["ended"], detail: string): ClosedStageResult => ({
    levels: done,
    ended,
    detail,
  });
  const rising = [...new Set(stage.levels)].sort((a, b) => a - b);
  for (const connections of rising) {
    if (signal.aborted) return end("interrupted", `interrupted before ${connections} connections`);
    let level: ClosedLevel;
    try {
      const { load, target, request, levelMs, expected } = stage;
      const measured = await load.level(target, request, connections, levelMs, signal, expected);
      level = { stage: stage.stage, ...measured };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return end("failed", `${connections} connections could not be measured: ${why}`);
    }
    if (signal.aborted) return end("interrupted", `interrupted at ${connections} connections`);
    done.push(level);
    stage.emit(level);
    const failed = failedShare(level);
    if (failed > settings.errors) {
      return end("errors", `${rounded(failed * 100)}% of the requests failed at ${connections} connections`);
    }
    if (isPast(done, settings)) {
      return end("past-knee", `throughput did not grow over the last ${settings.confirm} levels`);
    }
  }
  return rising.length === 0
    ? end("failed", "there is no level to measure")
    : end("all-levels", `all ${rising.length} levels were measured`);
}

/** Did none of the last levels outgrow the best before them? */
function isPast(levels: readonly ClosedLevel[], settings: KneeSettings): boolean {
  const before = levels.slice(0, -settings.confirm);
  const best = before.reduce<ClosedLevel | undefined>(
    (best, level) => (best === undefined || level.throughput > best.throughput ? level : best),
    undefined,
  );
  return best !== undefined && !levels.slice(-settings.confirm).some((level) => grows(best, level, settings.growth));
}
