import type { PlannedStage } from "../src/domain/index.ts";
import { runClosedStage } from "./closed-stages.ts";
import { sentenceOf, undone, type Run, type StageEnd } from "./run-state.ts";

/** One stage of the closed model. It has no breaker: levels are short, and rise no further when too much fails. */
export async function closedStage(run: Run, stage: "ceiling" | "tune", plan: PlannedStage): Promise<StageEnd> {
  const { target, closedRequest, closedExpected } = run.input;
  const { levels, levelMs } = plan;
  try {
    const request = await closedRequest(run.signal);
    const { ended, detail } = await runClosedStage(
      {
        stage,
        load: run.ports.closed,
        target,
        request,
        levels,
        levelMs,
        ...(closedExpected === undefined ? {} : { expected: closedExpected }),
        emit: (level) => run.emit({ type: "level", level }),
      },
      run.signal,
    );
    if (ended === "failed" && !run.isInterrupted) return undone(detail);
    if (ended !== "interrupted" && !run.isInterrupted) return { generator: null, cut: null, detail, isFatal: false };
  } catch (error) {
    if (!run.isInterrupted) return undone(sentenceOf(error));
  }
  return { generator: null, cut: "interrupted", detail: "interrupted", isFatal: true };
}
