import type {
  Finding,
  Health,
  LoadBalancerFacts,
  Outcome,
  Reason,
  TargetGroupFacts,
  TargetHealthFacts,
} from "../src/domain/index.ts";
import { balancersOf, probeBalancer, type BalancerInput, type ListedCore } from "./balancer.ts";
import { DEFAULTS, type Check } from "./check.ts";
import { takesTraffic } from "./load-balancer.ts";

/** The load balancer's own word on each core, and what is registered against what should be. */
export const targetHealth: Check<BalancerInput> = {
  kind: "target-health",
  tells: "What the load balancer says of each core, which cores it does not have, and which targets no core explains.",
  defaults: { ...DEFAULTS, schedule: "*/15 * * * * *" },
  targets: balancersOf,
  probe: (input, context) => probeBalancer(input, context, (facts) => judgeTargets(input, facts)),
};

interface Word extends Finding {
  readonly detail: string;
}

/**
 * One finding for each core behind the load balancer and for each target that no core explains, and the whole:
 * `down` when no core is served and not all are leaving (the reason most cores share); `degraded` when some are bad, with
 * their reason if it is one and `partial-failure` if they differ; `up` otherwise. A draining core is going by intent: its
 * finding is degraded/target-draining, and the whole does not mind unless nothing else is left. Where the inventory finds its
 * cores, one that is missing or unlisted is `unknown` for as long as others are served.
 */
export function judgeTargets(input: BalancerInput, facts: LoadBalancerFacts): Outcome {
  const told = input.cores.map((core) => wordOn(core, facts));
  // A task that moved is registered before the inventory has seen it. While something is served, that is no trouble yet.
  const isMoving = told.some((word) => word.health === "up") && input.cores.some((core) => core.isFound);
  const words = isMoving ? told.map((word, at) => (input.cores[at]?.isFound === true ? unread(word) : word)) : told;
  const unlisted = unlistedIn(input, facts).map((word) => (isMoving ? unread(word) : word));
  const all = facts.targetGroups.flatMap((group) => group.targets);
  const count = (states: readonly string[]): number => all.filter((target) => states.includes(target.state)).length;
  const [health, reason] = whole(words, unlisted);
  return {
    health,
    reason,
    detail: sentence(input.id, [...words, ...unlisted]),
    measures: {
      healthy: all.filter(takesTraffic).length,
      unhealthy: count(["unhealthy", "unhealthy.draining"]),
      draining: count(["draining"]),
      unused: count(["unused"]),
    },
    findings: [...words, ...unlisted].map(({ target, health, reason }) => ({ target, health, reason })),
  };
}

/** What differs between the target group and an inventory that finds its cores is for the inventory's next look to tell. */
function unread(word: Word): Word {
  if (word.reason !== "target-missing" && word.reason !== "target-unlisted") return word;
  return { ...word, health: "unknown", reason: "not-seen-yet" };
}

function whole(words: readonly Word[], unlisted: readonly Word[]): readonly [Health, Reason] {
  const served = words.some((word) => word.health === "up");
  const bad = words.filter((word) => word.health === "down");
  const draining = words.some((word) => word.reason === "target-draining");
  if (bad.length > 0) {
    const reasons = new Set(bad.map((word) => word.reason));
    const only = reasons.size === 1 ? bad[0]?.reason : undefined;
    // A core that is neither bad nor leaving may serve: it is only not known yet.
    if (!served && bad.length + words.filter((word) => word.reason === "target-draining").length === words.length)
      return ["down", only ?? "target-unhealthy"];
    return ["degraded", reasons.size === 1 && unlisted.length === 0 && only !== undefined ? only : "partial-failure"];
  }
  if (unlisted.some((word) => word.health === "degraded")) return ["degraded", "target-unlisted"];
  if (served || words.length === 0) return ["up", "ok"];
  if (draining) return ["degraded", "target-draining"];
  return ["unknown", "not-seen-yet"];
}

/** What the load balancer says of one core; the worst, where several target groups have it. */
function wordOn(core: ListedCore, facts: LoadBalancerFacts): Word {
  const found = facts.targetGroups.flatMap((group) => group.targets.filter((target) => isTarget(core, group, target)));
  if (found.length > 0) {
    const words = found.map((target) => stateWord(core.id, target));
    const order: readonly Health[] = ["down", "degraded", "unknown", "up"];
    const worst = words.sort((a, b) => order.indexOf(a.health) - order.indexOf(b.health))[0];
    if (worst !== undefined) return worst;
  }
  if (facts.targetGroups.length > 0 && !facts.targetGroups.some((group) => isPlaceable(core, group))) {
    const detail = `${core.id} cannot be found among the targets: give it its instance id, or its IP address as url`;
    return { target: core.id, health: "unknown", reason: "not-seen-yet", detail };
  }
  return {
    target: core.id,
    health: "down",
    reason: "target-missing",
    detail: `${core.id} is not registered`,
  };
}

function stateWord(id: string, target: TargetHealthFacts): Word {
  const why = [target.reason, target.description].filter((part) => part !== "").join(", ");
  const word = (health: Health, reason: Reason): Word => ({
    target: id,
    health,
    reason,
    detail: `${id} is ${target.state}${why === "" ? "" : ` (${why})`}`,
  });
  if (takesTraffic(target)) return { target: id, health: "up", reason: "ok", detail: "" };
  switch (target.state) {
    case "draining":
      return word("degraded", "target-draining");
    case "initial":
    case "unavailable":
      return word("unknown", "not-seen-yet");
    default:
      // unhealthy, unhealthy.draining, and unused: registered, and sent nothing.
      return word("down", "target-unhealthy");
  }
}

/**
 * Targets that no core of the inventory explains. Only groups that belong to these cores are looked at (all, when none has
 * one): a shared load balancer also serves what is none of ours. Targets on their way out are not held against it.
 */
function unlistedIn(input: BalancerInput, facts: LoadBalancerFacts): Word[] {
  const holds = (group: TargetGroupFacts): boolean =>
    group.targets.some((target) => input.cores.some((core) => isTarget(core, group, target)));
  const groups = facts.targetGroups.filter(holds);
  return (groups.length > 0 ? groups : facts.targetGroups)
    .filter((group) => input.cores.every((core) => isPlaceable(core, group)))
    .flatMap((group) =>
      group.targets
        .filter((target) => target.state !== "draining" && target.state !== "unhealthy.draining")
        .filter((target) => !input.inventory.some((core) => isTarget(core, group, target)))
        .map((target) => ({
          target: `${target.id}:${target.port}`,
          health: "degraded" as const,
          reason: "target-unlisted" as const,
          detail: `target ${target.id}:${target.port} is no core of the inventory`,
        })),
    );
}

/** By instance id and port, or IP address and port: a port used again by another process is another target. */
function isTarget({ core }: ListedCore, group: TargetGroupFacts, target: TargetHealthFacts): boolean {
  const at = addressOf(core.url);
  if (at.port !== target.port) return false;
  return group.targetType === "instance" ? core.instance === target.id : at.host === target.id;
}

/** Whether the inventory knows enough of the core to find it in this group. */
function isPlaceable({ core }: ListedCore, group: TargetGroupFacts): boolean {
  return group.targetType === "instance" ? core.instance !== undefined : IP.test(addressOf(core.url).host);
}

const IP = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)$/i;

function addressOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port, protocol } = new URL(url);
  const standard = protocol === "https:" ? 443 : 80;
  return { host: hostname.replace(/^\[(.+)\]$/, "$1"), port: port === "" ? standard : Number(port) };
}

/** At most this many targets are named in the sentence. */
const MAX_NAMED = 5;

function sentence(balancer: string, words: readonly Word[]): string {
  const telling = words.filter((word) => word.detail !== "").map((word) => word.detail);
  if (telling.length === 0) return "";
  const more = telling.length > MAX_NAMED ? `; and ${telling.length - MAX_NAMED} more` : "";
  return `load balancer ${balancer}: ${telling.slice(0, MAX_NAMED).join("; ")}${more}`;
}
