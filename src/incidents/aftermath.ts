import type { Cause, Diagnosis, Fleet, Incident, Target } from "../domain/index.ts";
import { scopeKey } from "../domain/index.ts";
import { alarmsOf } from "./alarm-rules.ts";
import { everAffected } from "./worst.ts";

/** Causes that leave an aftermath: something that served was gone. */
const OUTAGES: ReadonlySet<Cause> = new Set([
  "core-down",
  "several-cores-down",
  "one-core-left",
  "all-cores-down",
  "host-down",
  "zone-down",
  "many-deployments-down",
  "database-down",
  "database-unreachable-from-cores",
]);

/**
 * What is left for a while when cores answer again: the load balancer takes each back only after several good checks, and
 * the ways that users go are looked at less often than cores.
 */
const AFTERMATH: ReadonlySet<Cause> = new Set([
  "target-unhealthy",
  "load-balancer-degraded",
  "load-balancer-down",
  "sign-in-broken",
]);

/** Five good checks 30 s apart (seed's target group: healthy threshold 5, interval 30 s) are 150 s; twice that is no aftermath. */
const HEALING_MS = 300_000;

/** An alarm over one or two periods of five minutes stays in ALARM for so long after what it saw is over. */
const ALARM_HEALING_MS = 900_000;

/** Diagnoses with aftermaths put where they belong. */
export interface Healed {
  readonly diagnoses: readonly Diagnosis[];
  /** Ids of incidents of which only an aftermath is left. */
  readonly healing: ReadonlySet<string>;
}

/**
 * An outage that heals is still that outage: while the load balancer takes cores back, its complaint is neither a new
 * cause nor a new incident, for {@link HEALING_MS} at most; while nothing but CloudWatch alarms is left of an incident,
 * whatever its cause, for {@link ALARM_HEALING_MS}. What lasts longer is a matter of its own.
 */
export function keepHealing(
  fleet: Fleet,
  diagnoses: readonly Diagnosis[],
  incidents: readonly Incident[],
  now: number,
): Healed {
  const open = incidents.filter(({ state, cause }) => state !== "resolved" && cause !== "alarm-firing");
  // Either way: a clock that was set back must not make it heal for ever.
  const heals = ({ healingSince }: Incident, ms: number): boolean => Math.abs(now - (healingSince ?? now)) < ms;
  const isTail = ({ cause }: Diagnosis): boolean => AFTERMATH.has(cause) || cause === "alarm-firing";
  const kept = diagnoses.filter((one) => !isTail(one));
  const current = kept.filter(({ cause }) => OUTAGES.has(cause));
  const byScope = new Map(kept.map((one) => [scopeKey(one.scope), one]));
  // An outage whose scope has a diagnosis of its own follows that one.
  const ended = open.filter(({ scope }) => !byScope.has(scopeKey(scope)));
  const endedFor = ({ cause }: Diagnosis): Incident[] =>
    ended.filter((one) =>
      cause === "alarm-firing" ? heals(one, ALARM_HEALING_MS) : OUTAGES.has(one.cause) && heals(one, HEALING_MS),
    );
  const healing = new Set<string>();
  for (const tail of diagnoses.filter(isTail)) {
    const going = current.find((one) => touches(fleet, one, tail));
    const over = going === undefined ? endedFor(tail).find((one) => touches(fleet, one, tail)) : undefined;
    const key = scopeKey((going ?? over ?? tail).scope);
    const whole = byScope.get(key);
    if (whole !== undefined) byScope.set(key, joined(whole, tail));
    else {
      byScope.set(key, over === undefined ? tail : asTail(over, tail));
      // A storm in which something else is still wrong only ebbs.
      if (over !== undefined && (over.scope.kind !== "fleet" || kept.length === 0)) healing.add(over.id);
    }
  }
  return { diagnoses: [...byScope.values()], healing };
}

function asTail({ scope, deployment, cause, severity }: Incident, diagnosis: Diagnosis): Diagnosis {
  return { ...diagnosis, scope, deployment, cause, severity };
}

function joined(whole: Diagnosis, part: Diagnosis): Diagnosis {
  return {
    ...whole,
    evidence: [...whole.evidence, ...part.evidence].slice(0, 12),
    affected: [...whole.affected, ...part.affected],
    ...alarmsOf([whole, part]),
  };
}

/** Whether the diagnosis is about what the outage hit: its scope, one of its deployments or targets; a storm may have hit any. */
function touches(
  fleet: Fleet,
  outage: Pick<Incident, "scope" | "affected" | "worst" | "alarms">,
  diagnosis: Diagnosis,
): boolean {
  if (outage.scope.kind === "fleet" || scopeKey(outage.scope) === scopeKey(diagnosis.scope)) return true;
  // Also what has recovered: of a host's deployments one may heal before the other.
  const hit = new Set(everAffected(outage).flatMap(({ target }) => [nameOf(target), target.deployment]));
  // Cores without their database fail the load balancer's checks before they fail ours often enough.
  if (outage.scope.kind === "database") {
    for (const { id, database } of fleet.deployments) if (database === outage.scope.id) hit.add(id);
  }
  if (diagnosis.alarms?.some(({ arn, deployments }) => isHit(outage, arn) || deployments.some((id) => hit.has(id))))
    return true;
  return diagnosis.affected.some(
    ({ target }) => hit.has(nameOf(target)) || (target.deployment !== null && hit.has(target.deployment)),
  );
}

function isHit({ alarms = [] }: Pick<Incident, "alarms">, arn: string): boolean {
  return alarms.some((one) => one.arn === arn);
}

function nameOf({ kind, id }: Target): string {
  return `${kind}:${id}`;
}
