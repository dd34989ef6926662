import { wait, type Arrivals, type Core, type PlannedStage } from "../src/domain/index.ts";
import { coreMinutes } from "./core-minutes.ts";
import { callHook, hookLimit } from "./hook-calls.ts";
import { within } from "./deadline.ts";
import { sentenceOf, undone, type Run, type StageEnd } from "./run-state.ts";
import { appear } from "./added-core.ts";
import { AddedShare } from "./added-share.ts";
import { durationOf, lasting } from "./arrivals.ts";
import { startLoad, type Load } from "./stage-load.ts";
import { WATCH_END_MS, watchTargets } from "./watch-targets.ts";

/** Load before the core is asked for, ms. */
const LEAD_MS = 10_000;
/** The new core's own count is asked for this often, ms: it changes once a minute. */
const COUNT_MS = 5_000;
/** A whole minute of its counting is over at most this long after it took its first share, ms. */
const WHOLE_MINUTE_MS = 130_000;
const SLACK_MS = 60_000;

/** A core is added under load: asked for, awaited in the inventory, and watched until it carries its share. */
export async function scaleOutStage(run: Run, stage: number, plan: PlannedStage): Promise<StageEnd> {
  const { deployment, target, head } = run.input;
  const hook = deployment.scale?.request;
  if (plan.arrivals === undefined) return undone("the plan has no arrivals for it");
  if (hook === undefined) return undone("fleet.yaml does not say how a core is added: set scale.request");
  const { clock } = run.ports;
  const { firstShareMs } = head.thresholds;
  const longest = LEAD_MS + hookLimit(hook) + firstShareMs + WHOLE_MINUTE_MS + SLACK_MS;
  const share = new AddedShare(target.cores.length);
  const load = startLoad(run, stage, lasting(plan.arrivals, longest), (records) => share.take(records, clock.now()));
  const watching = watchTargets(run, load.over);
  const began = clock.monotonic();
  let trouble: string | undefined;
  try {
    await wait(clock, LEAD_MS, load.over);
    if (!load.over.aborted) trouble = await grow(run, stage, load, share, plan.arrivals);
    const planned = began + durationOf(plan.arrivals);
    if (trouble === undefined) await wait(clock, planned - clock.monotonic(), load.over);
  } catch (error) {
    trouble = sentenceOf(error);
  } finally {
    load.stop();
  }
  const end = await load.end;
  await within(run.ports.clock, WATCH_END_MS, watching);
  if (trouble === undefined) return end;
  return { ...end, cut: end.cut ?? "failed", detail: end.detail === "" ? trouble : `${end.detail}; ${trouble}` };
}

/** Asks for the core and stays until it carries its share. Gives a sentence when it could not be done. */
async function grow(
  run: Run,
  stage: number,
  load: Load,
  share: AddedShare,
  arrivals: Arrivals,
): Promise<string | undefined> {
  const { clock } = run.ports;
  const { deployment, head } = run.input;
  const hook = deployment.scale?.request;
  if (hook === undefined) return undefined;
  const uris = new ConnectionUris(run);
  uris.saw(deployment.connectionUri);
  const until = clock.monotonic() + head.thresholds.firstShareMs;
  run.coreDueBy = until;
  const cores = deployment.cores.length + 1;
  const { ok, detail } = await callHook(run, stage, { what: "scale", hook, core: undefined, cores }, load.over);
  if (load.over.aborted) return undefined;
  if (!ok) {
    // Whoever refused has made none; clean-up looks once more, since the refusal may have come too late.
    run.coreDueBy = clock.monotonic();
    return `a core could not be asked for: ${detail}`;
  }
  const added = await appear(run, (uri) => uris.saw(uri), until, load.over);
  if (load.over.aborted) return undefined;
  if (added.length === 0) return "the inventory shows no new core: it was asked for, and did not come in time";
  const names = [...run.input.target.cores, ...run.added.map((core) => core.id)];
  run.ports.generator.setCores(names);
  await carries(run, load, uris, { share, arrivals, added, until: until + WHOLE_MINUTE_MS });
  return undefined;
}

interface Carrying {
  readonly share: AddedShare;
  readonly arrivals: Arrivals;
  readonly added: readonly Core[];
  /** Monotonic ms. */
  readonly until: number;
}

/** Stays until every new core carried its share for a whole minute, as answers or its own count say, or time is up. */
async function carries(run: Run, load: Load, uris: ConnectionUris, given: Carrying): Promise<void> {
  const { clock, reloadDeployment } = run.ports;
  const { share, arrivals, added, until } = given;
  const appeared = clock.now();
  const all = run.input.deployment.cores.length + run.added.length;
  const enough = (rateOf(arrivals) * 60 * run.input.head.thresholds.shareOfEven) / all;
  const first = run.input.target.cores.length;
  const carrying = new Set<string>();
  while (!load.over.aborted && clock.monotonic() < until) {
    for (const [place, core] of added.entries()) {
      // A minute in which it was taken in is none in which it carried its share.
      const since = run.ports.targetHealth === undefined ? appeared : run.healthyAt.get(core.id);
      if (since === undefined) continue;
      const minutes = await coreMinutes(run, core, since, load.over);
      const answers = share.best(first + place, since, clock.now());
      const counted = Math.max(answers, ...minutes.map(({ requests }) => requests));
      if (counted >= enough) carrying.add(core.id);
    }
    if (carrying.size === added.length) break;
    await wait(clock, COUNT_MS, load.over);
  }
  try {
    uris.saw((await reloadDeployment()).connectionUri);
  } catch (error) {
    run.warn(`the inventory could not be read at the end: ${sentenceOf(error)}`);
  }
}

/** Records the connectionUri when it is first seen and when it is another one. */
class ConnectionUris {
  readonly #run: Run;
  #last: string | undefined;

  constructor(run: Run) {
    this.#run = run;
  }

  saw(uri: string): void {
    if (uri === this.#last) return;
    this.#last = uri;
    this.#run.emit({ type: "connection-uri", at: this.#run.ports.clock.now(), uri });
  }
}

function rateOf(arrivals: Arrivals): number {
  if (arrivals.kind === "ramp") return arrivals.to;
  return arrivals.kind === "step" ? (arrivals.steps.at(-1)?.rate ?? 0) : arrivals.rate;
}
