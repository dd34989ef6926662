import type { Finding, Health, Outcome } from "../src/domain/index.ts";
import { DEFAULTS, type Check, type ProbeContext } from "./check.ts";
import { askKeySet, type KeySetAnswer } from "./key-set.ts";
import { failureOutcome } from "./outcome.ts";
import { baseOf, startWatch, type Address } from "./request.ts";

/** The cores of one deployment. */
export interface JwksInput {
  readonly deployment: string;
  readonly cores: readonly { readonly id: string; readonly address: Address }[];
}

/** How many cores are asked at the same time. */
const AT_ONCE = 8;
/**
 * Longest and shortest time for one core, ms: a key set comes from the core's cache, and one that hangs must not take the
 * others' time. Between them each core gets an equal share of what is left.
 */
const LONGEST_MS = 2_500;
const SHORTEST_MS = 500;
/** With less than this left nobody is asked any more, ms. */
const TOO_LATE_MS = 50;

/**
 * All cores of a deployment read their signing keys from one database, so they serve the same key ids. A core that serves
 * others signs tokens that the rest refuses: it has another database, or none. A core that cannot be asked is left to `hello`;
 * where that leaves fewer than two of several to compare, or not all could be asked in time, nothing was learned.
 */
export const jwks: Check<JwksInput> = {
  kind: "jwks",
  tells: "Whether all cores of a deployment sign with the same keys, and so share one database.",
  defaults: { ...DEFAULTS, schedule: "30 * * * * *", connection: "reuse" },

  targets: (fleet) =>
    fleet.deployments
      .filter(({ cores }) => cores.length > 0)
      .map(({ id, host, tls, cores }) => ({
        target: { kind: "deployment", id, deployment: id },
        input: {
          deployment: id,
          cores: cores.map((core) => ({ id: core.id, address: { base: baseOf(core.url), host, tls } })),
        },
      })),

  async probe(input, context) {
    const began = context.clock.monotonic();
    const answers = await askAll(input, context);
    const total = context.clock.monotonic() - began;
    return { ...compare(input, answers), phases: { total } };
  },
};

type Answers = ReadonlyMap<string, KeySetAnswer>;

async function askAll({ deployment, cores }: JwksInput, context: ProbeContext): Promise<Answers> {
  const answers = new Map<string, KeySetAnswer>();
  const waiting = [...cores];
  const left = startWatch(context);
  const worker = async (): Promise<void> => {
    for (let core = waiting.shift(); core !== undefined; core = waiting.shift()) {
      if (left() < TOO_LATE_MS) return;
      const share = left() / Math.ceil((waiting.length + 1) / AT_ONCE);
      const mayTake = Math.min(left(), LONGEST_MS, Math.max(SHORTEST_MS, share));
      const answer = await askKeySet(core.address, context.settings.connection, mayTake, context);
      answers.set(core.id, answer);
      if (answer.kind === "kids") context.keySets.record(deployment, core.id, answer.kids, context.clock.now());
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, cores.length) }, worker));
  return answers;
}

/**
 * One set everywhere: up. Otherwise the cores outside the largest group are named: all, where no group is largest. Sets with a
 * key in common are a rotation that did not reach everyone (`degraded`); sets with none are two databases (`down`).
 */
function compare({ deployment, cores }: JwksInput, answers: Answers): Outcome {
  const groups = new Map<string, string[]>();
  const sets = new Map<string, ReadonlySet<string>>();
  for (const [core, answer] of answers) {
    if (answer.kind !== "kids") continue;
    const key = JSON.stringify([...answer.kids].toSorted());
    groups.set(key, [...(groups.get(key) ?? []), core]);
    sets.set(key, new Set(answer.kids));
  }
  const compared = [...groups.values()].reduce((sum, cores) => sum + cores.length, 0);
  const measures = { cores: cores.length, compared, keySets: groups.size };
  if (groups.size === 0) return { ...noneSeen(answers), measures };
  if (groups.size === 1) {
    const gap = gapIn(cores.length, answers.size, compared);
    if (gap !== undefined) return { health: "unknown", reason: "not-seen-yet", detail: gap, measures };
    return { health: "up", reason: "ok", detail: "", measures };
  }

  const ranked = [...groups].toSorted(([, a], [, b]) => b.length - a.length);
  const [first, second] = ranked;
  const tie = first?.[1].length === second?.[1].length;
  const main = (tie ? undefined : sets.get(first?.[0] ?? "")) ?? new Set<string>();
  const odd = ranked.slice(tie ? 0 : 1);
  const apart = tie ? disjoint([...sets.values()]) : odd.some(([key]) => disjoint([main, sets.get(key) ?? main]));
  const findings: Finding[] = odd.flatMap(([key, cores]) => {
    const own = sets.get(key) ?? new Set();
    const health: Health = tie ? (apart ? "down" : "degraded") : disjoint([main, own]) ? "down" : "degraded";
    return cores.map((core) => ({ target: `${deployment}/${core}`, health, reason: "key-set-mismatch" as const }));
  });
  const names = findings.map((finding) => finding.target);
  const shown = names.slice(0, 10).join(", ") + (names.length > 10 ? ` and ${names.length - 10} more` : "");
  const detail = tie
    ? `the cores serve ${groups.size} different sets of signing keys: ${shown}`
    : `${shown} ${names.length === 1 ? "serves" : "serve"} other signing keys than most cores of ${deployment}`;
  return { health: apart ? "down" : "degraded", reason: "key-set-mismatch", detail, measures, findings };
}

/** Why one and the same key set everywhere says nothing yet; `undefined` when it does. */
function gapIn(all: number, asked: number, compared: number): string | undefined {
  if (asked < all) return `${all - asked} of ${all} cores went unasked: the others took all of the time`;
  if (compared < 2 && all > 1)
    return `only one of ${all} cores gave its key set, so there was nothing to compare; each core's hello says why`;
  return undefined;
}

/** Two of the sets have no key in common. */
function disjoint(sets: readonly ReadonlySet<string>[]): boolean {
  return sets.some((a, at) => sets.slice(at + 1).some((b) => ![...a].some((kid) => b.has(kid))));
}

/** No core gave a key set: nothing was learned about keys, and why is told by each core's own hello. */
function noneSeen(answers: Answers): Outcome {
  for (const answer of answers.values()) {
    if (answer.kind !== "unreadable" || answer.result.ok) continue;
    const outcome = failureOutcome(answer.result.failure, answer.result.detail, answer.result.phases);
    if (outcome.health === "unknown") return outcome;
  }
  const detail = "no core gave its key set, so there was nothing to compare; each core's hello says why";
  return { health: "unknown", reason: "not-seen-yet", detail, measures: {} };
}
