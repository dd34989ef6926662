import { scopeKey } from "../domain/index.ts";
import type { AlarmFamily, Deployment, Diagnosis, FiringAlarm, Scope, Severity } from "../domain/index.ts";
import { highest, weigh } from "./conclusion.ts";
import type { Picture } from "./picture.ts";
import { compare } from "./sight.ts";

/** What an alarm weighs when nothing else is known to be wrong, in production. Beside other evidence it changes no severity. */
const SEVERITY: Readonly<Record<AlarmFamily, Severity>> = {
  "elb-5xx": "major",
  "target-response-time": "minor",
  "unhealthy-hosts": "major",
  "healthy-hosts": "critical",
  "target-5xx-ratio": "major",
  deployment: "major",
  "rds-freeable-memory": "minor",
  "rds-free-storage": "major",
  "rds-cpu": "minor",
  "rds-read-iops": "minor",
  "lambda-errors": "minor",
  "dead-man": "minor",
  drill: "minor",
};

/** Sentences on alarms in one diagnosis, and how many of its own stand before them: a card shows the first six. */
const MAX_SENTENCES = 4;
const BEFORE = 3;
const MAX_EVIDENCE = 12;
/** Alarms that one incident keeps. */
const MAX_ALARMS = 50;

/**
 * Puts alarms that are in ALARM where they belong: into what is concluded of their deployment (or of its database, for
 * RDS) already, the widest first; else they are a conclusion of their own. An alarm that several deployments share
 * speaks of those that are in trouble; when none is, it is told once, with the first of them.
 */
export function joinAlarms(diagnoses: readonly Diagnosis[], { fleet, alarms = [] }: Picture): Diagnosis[] {
  if (alarms.length === 0) return [...diagnoses];
  const byId = new Map(fleet.deployments.map((one) => [one.id, one]));
  const joined = new Map<Diagnosis, FiringAlarm[]>();
  const alone = new Map<string, { scope: Scope; alarms: FiringAlarm[]; deployments: Deployment[] }>();
  for (const alarm of [...alarms].sort((a, b) => a.since - b.since || compare(a.arn, b.arn))) {
    const hit = [...alarm.deployments].sort(compare).flatMap((id) => byId.get(id) ?? []);
    const [first] = hit;
    if (first === undefined) continue;
    const database = alarm.family?.startsWith("rds-") === true ? databaseOf(hit) : undefined;
    const homes = new Set(
      hit.flatMap((deployment) => diagnoses.find((one) => isAbout(one, deployment, database)) ?? []),
    );
    for (const home of homes) joined.set(home, [...(joined.get(home) ?? []), alarm]);
    if (homes.size > 0) continue;
    const scope: Scope =
      database === undefined ? { kind: "deployment", id: first.id } : { kind: "database", id: database };
    const group = alone.get(scopeKey(scope)) ?? { scope, alarms: [], deployments: [] };
    group.alarms.push(alarm);
    group.deployments.push(...(database === undefined ? [first] : hit));
    alone.set(scopeKey(scope), group);
  }
  return [
    ...diagnoses.map((one) => withAlarms(one, joined.get(one) ?? [])),
    ...[...alone.values()].map(({ scope, alarms, deployments }) => firing(scope, alarms, deployments)),
  ];
}

/** The one database behind all of them. */
function databaseOf(deployments: readonly Deployment[]): string | undefined {
  const [first, ...others] = new Set(deployments.map((one) => one.database));
  return others.length === 0 ? first : undefined;
}

function isAbout({ scope, affected }: Diagnosis, deployment: Deployment, database: string | undefined): boolean {
  if (scope.kind === "database") return scope.id === (database ?? deployment.database);
  if (scope.kind === "deployment") return scope.id === deployment.id;
  // What corewatch says of its own sight is no matter of the deployment.
  if (scope.kind === "prober") return false;
  return affected.some(({ target }) => target.deployment === deployment.id || target.id === deployment.id);
}

/** The diagnosis with alarms as evidence beside its own. */
export function withAlarms(diagnosis: Diagnosis, alarms: readonly FiringAlarm[]): Diagnosis {
  if (alarms.length === 0) return diagnosis;
  const kept = joinFiring(diagnosis.alarms, alarms);
  const own = diagnosis.evidence.filter((one) => !alarms.some((alarm) => alarm.evidence === one));
  return {
    ...diagnosis,
    evidence: [...own.slice(0, BEFORE), ...sentences(alarms), ...own.slice(BEFORE)].slice(0, MAX_EVIDENCE),
    alarms: kept,
  };
}

/** Both lists, each alarm once, in the order of their ARNs. */
export function joinFiring(
  a: readonly FiringAlarm[] | undefined,
  b: readonly FiringAlarm[] | undefined,
): readonly FiringAlarm[] {
  const byArn = new Map([...(a ?? []), ...(b ?? [])].map((one) => [one.arn, one]));
  return [...byArn.values()].sort((x, y) => compare(x.arn, y.arn)).slice(0, MAX_ALARMS);
}

/** Alarms of several diagnoses, as the field of the one that they become. */
export function alarmsOf(parts: readonly Pick<Diagnosis, "alarms">[]): Pick<Diagnosis, "alarms"> {
  const all = joinFiring(
    parts.flatMap((one) => one.alarms ?? []),
    [],
  );
  return all.length === 0 ? {} : { alarms: all };
}

function sentences(alarms: readonly FiringAlarm[]): string[] {
  const more = alarms.length - MAX_SENTENCES;
  return [
    ...alarms.slice(0, MAX_SENTENCES).map((one) => one.evidence),
    ...(more > 0 ? [`${more} more CloudWatch alarms are in ALARM.`] : []),
  ];
}

function firing(scope: Scope, alarms: readonly FiringAlarm[], deployments: readonly Deployment[]): Diagnosis {
  const [first] = deployments;
  const isOne = first !== undefined && deployments.every((one) => one.id === first.id);
  const worst = highest(alarms.map((one) => (one.family === null ? "minor" : SEVERITY[one.family])));
  const known = sentences(alarms);
  return {
    scope,
    deployment: isOne ? first.id : null,
    cause: "alarm-firing",
    severity: highest(deployments.map((one) => weigh(worst, one))),
    signIn: "unknown",
    evidence: known,
    affected: [],
    alarms: joinFiring(alarms, []),
  };
}
