import { resolve } from "node:path";
import type { Adoption } from "../../alarms/adopt.ts";
import type { ApplyOptions, ChangeResult } from "../../alarms/apply.ts";
import { applyDocument, planDocument, reviewedPlan, type Reviewed } from "../../alarms/json.ts";
import type { AlarmPlan } from "../../alarms/plan.ts";
import { makePlan } from "../../alarms/planning.ts";
import { renderPlan, renderResults } from "../../alarms/render.ts";
import { makeAdoption, planAndApply, type Applied, type Planner, readRecord } from "../../alarms/run.ts";
import { paintOf, withAlarms, type Desk } from "./alarms-desk.ts";
import type { CommonOptions } from "./context.ts";
import { reasonOf, wantFormat } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";

/** Options of `alarms plan`. */
export interface PlanOptions extends CommonOptions {
  readonly out?: string;
  readonly detailedExitcode?: boolean;
}

/** What CloudWatch and SNS lack, have wrong or have too much. Writes nothing to AWS. */
export async function planAlarms(options: PlanOptions, doors: Doors): Promise<ExitCode> {
  const format = wantFormat(options.format, ["text", "json"]);
  return withAlarms(options, doors, async ({ fleet, store, ports, signal }) => {
    const { plan } = await makePlan(fleet, await readRecord(store), ports);
    if (signal.aborted) return EXIT.interrupted;
    const json = `${JSON.stringify(planDocument(plan), null, 2)}\n`;
    if (options.out !== undefined) writePlan(resolve(doors.cwd, options.out), json, doors);
    doors.out(format === "json" ? json : renderPlan(plan, paintOf(options, doors)));
    if (format === "text" && options.out !== undefined)
      doors.out(`Saved: "corewatch alarms apply ${options.out}" does this and nothing else.\n`);
    if (isUnsure(plan)) return EXIT.unsure;
    const differs = plan.changes.length > 0 || plan.conflicts.length > 0;
    return options.detailedExitcode === true && differs ? EXIT.changes : EXIT.good;
  });
}

/** Something could not be read, or a load balancer is not there: what AWS lacks is not known. */
function isUnsure({ complete, unresolved }: AlarmPlan): boolean {
  return !complete || unresolved.length > 0;
}

function writePlan(path: string, json: string, doors: Doors): void {
  try {
    doors.writeFile(path, json);
  } catch (error) {
    throw new Problem(EXIT.usage, `--out ${path}: cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}

/** Options of `alarms apply`. */
export interface ApplyCommandOptions extends CommonOptions {
  readonly force?: boolean;
}

/** Does what a plan says: of a reviewed plan's file only when what is there has not changed since. */
export async function applyAlarms(
  file: string | undefined,
  options: ApplyCommandOptions,
  doors: Doors,
): Promise<ExitCode> {
  const format = wantFormat(options.format, ["text", "json"]);
  const reviewed = file === undefined ? undefined : reviewedOf(file, doors);
  return withAlarms(options, doors, async (desk) => {
    const applied = await run(desk, makePlan, options, doors, {
      ...(reviewed === undefined ? {} : { reviewed }),
      ...(options.force === undefined ? {} : { force: options.force }),
    });
    if (applied.outcome === "busy") throw busy();
    if (format === "json") doors.out(`${JSON.stringify(documentOf(applied), null, 2)}\n`);
    return verdict(applied, desk, doors);
  });
}

/** Options of `alarms adopt`. */
export interface AdoptOptions extends CommonOptions {
  readonly dryRun?: boolean;
}

/** Takes over what was made by hand, by tags alone: the next plan shows every other difference. */
export async function adoptAlarms(options: AdoptOptions, doors: Doors): Promise<ExitCode> {
  const format = wantFormat(options.format, ["text", "json"]);
  return withAlarms(options, doors, async (desk) => {
    if (options.dryRun === true) {
      const { plan } = await makeAdoption(desk.fleet, await readRecord(desk.store), desk.ports);
      if (desk.signal.aborted) return EXIT.interrupted;
      const document = { ...planDocument(plan), duplicates: plan.duplicates };
      if (format === "json") doors.out(`${JSON.stringify(document, null, 2)}\n`);
      else doors.out(renderPlan(plan, paintOf(options, doors), NOTHING_TO_ADOPT) + renderDuplicates(plan));
      return isUnsure(plan) ? EXIT.unsure : EXIT.good;
    }
    const applied = await run(desk, makeAdoption, options, doors, { idle: NOTHING_TO_ADOPT });
    if (applied.outcome === "busy") throw busy();
    const document = { ...documentOf(applied), duplicates: applied.plan.duplicates };
    doors.out(format === "json" ? `${JSON.stringify(document, null, 2)}\n` : renderDuplicates(applied.plan));
    return verdict(applied, desk, doors);
  });
}

const NOTHING_TO_ADOPT = "Nothing to take over.";

/** Says every n-th of many results on stderr: an apply at the API's rate takes minutes. */
const TELL_EVERY_MS = 5_000;

async function run<Plan extends AlarmPlan>(
  { fleet, store, ports }: Desk,
  planner: Planner<Plan>,
  options: CommonOptions,
  doors: Doors,
  { idle, ...how }: Pick<ApplyOptions, "reviewed" | "force"> & { readonly idle?: string },
): Promise<Applied<Plan>> {
  const text = options.format === "text";
  let done = 0;
  let all = 0;
  let told = doors.clock.monotonic();
  const applied = await planAndApply({
    fleet,
    store,
    ports,
    clock: doors.clock,
    planner,
    onPlan: (plan) => {
      all = plan.changes.length;
      if (text) doors.out(`${renderPlan(plan, paintOf(options, doors), idle)}\n`);
    },
    options: {
      ...how,
      onResult: () => {
        done++;
        if (doors.clock.monotonic() - told < TELL_EVERY_MS) return;
        told = doors.clock.monotonic();
        doors.err(`${done} of ${all} changes\n`);
      },
    },
  });
  if (text && applied.outcome === "applied" && applied.results.length > 0)
    doors.out(renderResults(applied.results, paintOf(options, doors)));
  return applied;
}

function documentOf(applied: Exclude<Applied<AlarmPlan>, { outcome: "busy" }>): Record<string, unknown> {
  if (applied.outcome === "applied") return { ...applyDocument(applied.plan, applied.results) };
  return { ...applyDocument(applied.plan, []), refused: applied.refused };
}

function verdict(applied: Exclude<Applied<AlarmPlan>, { outcome: "busy" }>, desk: Desk, doors: Doors): ExitCode {
  if (applied.outcome === "refused") {
    doors.err(`not applied: ${applied.refused.message}\n`);
    return desk.signal.aborted ? EXIT.interrupted : EXIT.bad;
  }
  if (!applied.kept) {
    doors.err(
      "the store went away: what was made is not in its record, so that an alarm deleted by hand from now on would be made again; run apply again\n",
    );
  }
  if (desk.signal.aborted) return EXIT.interrupted;
  if (applied.results.some(isLeft) || applied.plan.conflicts.length > 0) return EXIT.bad;
  return isUnsure(applied.plan) ? EXIT.unsure : EXIT.good;
}

function isLeft({ outcome }: ChangeResult): boolean {
  return outcome !== "done";
}

function renderDuplicates({ duplicates }: Adoption): string {
  if (duplicates.length === 0) return "";
  const lines = duplicates.flatMap(({ series, kept, others, account, region }) => [
    `  ${series} (${account}/${region})`,
    `      kept: ${kept}; the same by hand, left alone: ${others.join("; ")}`,
  ]);
  return ["", "Duplicates:", ...lines, ""].join("\n");
}

function reviewedOf(file: string, doors: Doors): Reviewed {
  const path = resolve(doors.cwd, file);
  try {
    return reviewedPlan(doors.readFile(path));
  } catch (error) {
    throw new Problem(EXIT.usage, `${file}: ${reasonOf(error)}`, { cause: error });
  }
}

function busy(): Problem {
  return new Problem(
    EXIT.unsure,
    "another corewatch applies alarms of this fleet right now: run this again when it is done",
  );
}
