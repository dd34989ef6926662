import { sentenceOf, undone, type Run, type StageEnd } from "./run-state.ts";

/** Fills the database to the wanted size, or counts what is there, and records what it holds before and after. */
export async function fillStage(run: Run, stage: number): Promise<StageEnd> {
  const { plan, seed } = run.input.head;
  const { onProgress } = run.ports;
  try {
    const database = await run.openCapacity();
    if (database === undefined)
      return undone("the database behind the cores is not known: set database at the deployment, and its url");
    run.emit({ type: "capacity", facts: await database.look("before", run.signal) });
    if (plan.capacity === "fill") {
      // Before the first row: what is interrupted has to be cleaned away as well.
      run.hasFilled = true;
      const want = { sessions: plan.sessions, users: plan.users, seed };
      const tell = (done: number, of: number): void => onProgress({ stage, doing: "filling the database", done, of });
      // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- it is a database that is filled
      run.emit({ type: "filled", facts: await database.fill(want, tell, run.signal) });
    }
    run.emit({ type: "capacity", facts: await database.look("filled", run.signal) });
  } catch (error) {
    if (!run.isInterrupted) return undone(sentenceOf(error));
  }
  if (run.isInterrupted) return { generator: null, cut: "interrupted", detail: "interrupted", isFatal: true };
  return { generator: null, cut: null, detail: "", isFatal: false };
}
