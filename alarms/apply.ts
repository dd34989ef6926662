import type { AlarmReader, AlarmWriter, CloudCall } from "../src/domain/index.ts";
import type { Change } from "./change.ts";
import { isSamePlan, type Reviewed } from "./json.ts";
import type { AlarmPlan } from "./plan.ts";
import type { CloudPacer } from "./rate.ts";
import { paceAccount, sentence } from "./read.ts";
import { judgeSafety } from "./safety.ts";
import { runStep, Skipped } from "./step.ts";
import { siteKey } from "./world.ts";

/** What became of one change. */
export interface ChangeResult {
  readonly change: Change;
  readonly outcome: "done" | "failed" | "skipped";
  /** One sentence; absent when done. */
  readonly error?: string;
}

/** Why a plan was not applied at all. */
export interface Refusal {
  readonly reason: "another-plan" | "too-many-changes";
  readonly message: string;
}

/** What applying needs. */
export interface ApplyPorts {
  readonly reader: AlarmReader;
  readonly writer: AlarmWriter;
  readonly pacer: CloudPacer;
  readonly signal: AbortSignal;
}

/** How a plan is to be applied. */
export interface ApplyOptions {
  /** The plan that somebody looked at; another one is refused. */
  readonly reviewed?: Reviewed;
  readonly force?: boolean;
  /** `safe`: only creates and updates, and nothing that somebody deleted by hand: for the daemon. */
  readonly only?: "safe";
  /** Called with each result before the next change of its kind begins: the place to keep the record. */
  readonly onResult?: (result: ChangeResult) => Promise<void> | void;
}

/** Requests of one site at once: enough to keep the API's rate however long an answer takes. */
const AT_ONCE = 6;
/** Names that are looked up in one request, right before they are made. */
const NAMES_AT_ONCE = 100;

/** Topic, policy, subscription, alarms, composites; deletes in reverse. */
const PHASES: readonly (readonly [verb: "put" | "delete", kind: Change["kind"]])[] = [
  ["put", "topic"],
  ["put", "policy"],
  ["put", "subscription"],
  ["put", "alarm"],
  ["put", "composite"],
  ["delete", "composite"],
  ["delete", "alarm"],
  ["delete", "subscription"],
  ["delete", "policy"],
  ["delete", "topic"],
];

/**
 * Applies a plan: makes no choice of its own. Sites go side by side, kinds one after the other; a change that fails does
 * not stop the others, only what needs it. Never throws for what AWS does.
 */
export async function applyPlan(
  plan: AlarmPlan,
  ports: ApplyPorts,
  options: ApplyOptions = {},
): Promise<{ readonly refused: Refusal } | { readonly results: readonly ChangeResult[] }> {
  const refused = refusalOf(plan, options);
  if (refused !== undefined) return { refused };
  const results = new Map<Change, ChangeResult>();
  const told = async (result: ChangeResult): Promise<void> => {
    results.set(result.change, result);
    await options.onResult?.(result);
  };
  const chosen: Change[] = [];
  for (const change of plan.changes) {
    const left = leftOut(change, plan, options);
    if (left === undefined) chosen.push(change);
    else await told({ change, outcome: "skipped", error: left });
  }
  const bySite = Map.groupBy(chosen, siteKey);
  await Promise.all([...bySite.values()].map((changes) => applySite(changes, ports, plan.fleet, told)));
  return { results: plan.changes.flatMap((change) => results.get(change) ?? []) };
}

function refusalOf(plan: AlarmPlan, { reviewed, force, only }: ApplyOptions): Refusal | undefined {
  if (reviewed !== undefined && reviewed.hash === plan.hash && !isSamePlan(reviewed, plan))
    return {
      reason: "another-plan",
      message: `the changes in the file are not those of the plan ${plan.hash.slice(0, 12)}: it was edited; make and look at a new plan`,
    };
  if (reviewed !== undefined && reviewed.hash !== plan.hash)
    return {
      reason: "another-plan",
      message: `what is there has changed since the plan ${reviewed.hash.slice(0, 12)} was made (now ${plan.hash.slice(0, 12)}): look at a new plan`,
    };
  const changes =
    only === "safe" ? plan.changes.filter((one) => leftOut(one, plan, { only }) === undefined) : plan.changes;
  const safety = judgeSafety({ ...plan, changes });
  return safety.reason === "ok" || force === true ? undefined : { reason: safety.reason, message: safety.message };
}

/** Why a change is not tried. A plan never holds a delete from an incomplete read; here is the second lock on that door. */
function leftOut(change: Change, plan: AlarmPlan, { only }: ApplyOptions): string | undefined {
  if (change.verb === "delete" && !plan.complete) return "not everything could be read, so nothing is deleted";
  if (only !== "safe") return undefined;
  if (change.verb === "delete") return "deletes are left to a person: `corewatch alarms apply`";
  if (change.restores) return "somebody deleted it by hand: `corewatch alarms apply` makes it again";
  return undefined;
}

async function applySite(
  changes: readonly Change[],
  ports: ApplyPorts,
  fleet: string,
  told: (result: ChangeResult) => Promise<void>,
): Promise<void> {
  const [first] = changes;
  if (first === undefined) return;
  const call = ports.pacer.call(paceAccount(first.place), first.region, ports.signal);
  /** Names and topic ARNs that could not be brought in order. */
  const broken = new Set<string>();
  for (const [verb, kind] of PHASES) {
    const phase = changes.filter((one) => one.kind === kind && (one.verb === "delete") === (verb === "delete"));
    for (let from = 0; from < phase.length; from += NAMES_AT_ONCE) {
      const chunk = phase.slice(from, from + NAMES_AT_ONCE);
      const held = await heldNames(chunk, ports, call);
      await inParallel(chunk, async (change) => {
        const result = await applyOne(change, ports, call, fleet, broken, held);
        if (result.outcome !== "done") breaks(change).forEach((one) => broken.add(one));
        await told(result);
      });
    }
  }
}

/** What others may wait for in vain when a change was not made. An alarm that exists can be referred to all the same. */
function breaks({ verb, name, step }: Change): string[] {
  if (verb !== "create") return [];
  if (step.does === "create-topic") return [step.topicArn];
  return step.does === "put-alarm" ? [name] : [];
}

async function applyOne(
  change: Change,
  ports: ApplyPorts,
  call: CloudCall,
  fleet: string,
  broken: ReadonlySet<string>,
  held: ReadonlySet<string> | Error,
): Promise<ChangeResult> {
  const missing = change.needs.find((one) => broken.has(one));
  if (missing !== undefined)
    return { change, outcome: "skipped", error: `${missing} could not be made, which it needs` };
  if (ports.signal.aborted) return { change, outcome: "skipped", error: "apply was interrupted before its turn" };
  if (change.step.does === "put-alarm" && !change.step.exists) {
    if (held instanceof Error) return { change, outcome: "failed", error: sentence(held) };
    if (held.has(change.name))
      return { change, outcome: "failed", error: "an alarm of this name appeared since the plan was made: plan again" };
  }
  try {
    await runStep(change, ports, call, fleet);
    return { change, outcome: "done" };
  } catch (error) {
    return { change, outcome: error instanceof Skipped ? "skipped" : "failed", error: sentence(error) };
  }
}

/** Which of the names about to be made are taken by now: a put would overwrite whatever has the name. */
async function heldNames(
  chunk: readonly Change[],
  ports: ApplyPorts,
  call: CloudCall,
): Promise<ReadonlySet<string> | Error> {
  const fresh = chunk.filter(({ step }) => step.does === "put-alarm" && !step.exists);
  const [first] = fresh;
  if (first === undefined) return new Set();
  try {
    const names = fresh.map((one) => one.name);
    const found = await ports.reader.alarmsNamed(first.place, names, call);
    return new Set(found.map((one) => one.definition.name));
  } catch (error) {
    return error instanceof Error ? error : new Error(sentence(error));
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}
