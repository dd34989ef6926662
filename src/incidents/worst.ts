import type { Affected, Diagnosis, Incident, SignIn, Target, Worst } from "../domain/index.ts";
import { seriesKey } from "../domain/index.ts";
import { rank } from "./conclusion.ts";
import type { Draft } from "./draft.ts";

/** Series that an incident keeps of all that it ever affected: more than anybody reads. */
const MAX_AFFECTED = 200;

/** From good to bad. */
const SIGN_INS: readonly SignIn[] = ["yes", "unknown", "partly", "no"];

/** What a new incident was at its worst so far. */
export function worstOf({ signIn, affected, evidence }: Pick<Diagnosis, "signIn" | "affected" | "evidence">): Worst {
  return { signIn, affected: affected.slice(0, MAX_AFFECTED), targets: countTargets(affected), evidence };
}

/**
 * Keeps whom the diagnosis affects, and what it says of signing in if that is worse. Called for each one, also where the
 * incident itself waits for more changes to gather: what is over by then was there all the same.
 */
export function keepWorst(draft: Draft, diagnosis: Diagnosis): void {
  const { incident } = draft;
  const before = incident.worst ?? worstOf(incident);
  // While it heals, what is not known is only not known yet.
  const isLater = isHealing(incident) && diagnosis.signIn === "unknown";
  const signIn = isLater ? before.signIn : worseSignIn(before.signIn, diagnosis.signIn);
  const affected = joinAffected(before.affected, diagnosis.affected);
  const targets = Math.max(before.targets, countTargets(diagnosis.affected));
  if (signIn === before.signIn && affected === before.affected && targets === before.targets) return;
  draft.set({ worst: { ...before, signIn, affected, targets } });
}

/** Keeps why, when a diagnosis that is taken on is as bad and as wide as any before. Comes after {@link keepWorst}. */
export function keepWhy(draft: Draft, { severity, affected, evidence }: Diagnosis): void {
  const { incident } = draft;
  const before = incident.worst ?? worstOf(incident);
  const step = rank(severity) - rank(incident.peak);
  const isWidest = step > 0 || (step === 0 && countTargets(affected) >= before.targets);
  if (isWidest && !isHealing(incident) && evidence.length > 0) draft.set({ worst: { ...before, evidence } });
}

/** The worst of an incident and of one that goes on in it. */
export function joinWorst(into: Incident, from: Incident): Worst {
  const [a, b] = [into.worst ?? worstOf(into), from.worst ?? worstOf(from)];
  const affected = joinAffected(a.affected, b.affected);
  return {
    signIn: worseSignIn(a.signIn, b.signIn),
    affected,
    targets: Math.max(a.targets, b.targets),
    evidence: a.evidence.length === 0 ? b.evidence : a.evidence,
  };
}

/** All that an incident affects now or ever did, as far as it was kept. */
export function everAffected({ affected, worst }: Pick<Incident, "affected" | "worst">): readonly Affected[] {
  return worst === undefined ? affected : joinAffected(worst.affected, affected, Infinity);
}

function worseSignIn(a: SignIn, b: SignIn): SignIn {
  return SIGN_INS.indexOf(b) > SIGN_INS.indexOf(a) ? b : a;
}

/** `known` itself when `more` adds nothing; a series that was degraded and is down now is kept as down. */
function joinAffected(
  known: readonly Affected[],
  more: readonly Affected[],
  max: number = MAX_AFFECTED,
): readonly Affected[] {
  const byKey = new Map(known.map((one) => [keyOf(one), one]));
  let changed = false;
  for (const one of more) {
    const key = keyOf(one);
    const before = byKey.get(key);
    const isNews = before === undefined ? byKey.size < max : before.health !== "down" && one.health === "down";
    if (!isNews) continue;
    byKey.set(key, one);
    changed = true;
  }
  return changed ? [...byKey.values()] : known;
}

function countTargets(affected: readonly Affected[]): number {
  return new Set(affected.map(({ target }) => nameOf(target))).size;
}

function keyOf({ target, check }: Affected): string {
  return check === undefined ? nameOf(target) : seriesKey(target, check);
}

function nameOf({ kind, id }: Target): string {
  return `${kind}:${id}`;
}

function isHealing({ healingSince }: Incident): boolean {
  return (healingSince ?? null) !== null;
}
