import type { Diagnosis, SeriesKey } from "../domain/index.ts";
import { scopeKey } from "../domain/index.ts";
import { joinAlarms } from "./alarm-rules.ts";
import { highest, toDiagnosis, type Conclusion } from "./conclusion.ts";
import { databaseRule } from "./database-rules.ts";
import { deploymentRule, unclaimed } from "./deployment-rules.ts";
import { standaloneRules } from "./endpoint-rules.ts";
import { foldStorm } from "./fold.ts";
import type { Picture } from "./picture.ts";
import { hostsDown, zonesDown } from "./place-rules.ts";
import { proberDegraded, proberPath } from "./prober-rules.ts";
import { compare, keyOf, look, type DeploymentSight, type Sight } from "./sight.ts";

/**
 * What is wrong now, as named causes: at most one for each scope, the widest cause first, so that forty cores without
 * their database are one diagnosis. Total and deterministic: it never throws, and neither the order of the map nor of
 * the fleet matters. Only settled series make a diagnosis; the newest observations are evidence; `unknown` is neither.
 */
export function diagnose(picture: Picture): Diagnosis[] {
  const sight = look(picture);
  const explained = new Set<SeriesKey>();
  const conclusions: Conclusion[] = [];
  const take = (found: readonly (Conclusion | undefined)[]): void => {
    for (const one of found) {
      if (one === undefined) continue;
      // What a wider cause explains already is not told twice; a cause is never left with nobody that it affects.
      const fresh = one.affected.filter((view) => !explained.has(keyOf(view)));
      conclusions.push(fresh.length === 0 ? one : { ...one, affected: fresh });
      for (const view of one.affected) explained.add(keyOf(view));
    }
  };

  take([proberDegraded(picture)]);
  for (const database of sight.databases) take([databaseRule(database, sight.now, explained)]);
  take([proberPath(sight, explained)]);
  take(zonesDown(sight, explained));
  take(hostsDown(sight, explained));
  const wider = conclusions.length;
  for (const deployment of sight.deployments) take([deploymentRule(deployment, explained)]);
  for (const deployment of sight.deployments) adopt(deployment, conclusions, wider, explained);
  take(standaloneRules(sight));

  const settled = joinScopes(conclusions.map(toDiagnosis));
  const folded = foldStorm(settled, picture.fleet, failingNow(sight, settled));
  return joinAlarms(folded, picture).sort((a, b) => compare(scopeKey(a.scope), scopeKey(b.scope)));
}

/** What is bad in a deployment and named by nobody goes with the wider cause that explains its other series. */
function adopt(sight: DeploymentSight, conclusions: Conclusion[], wider: number, explained: Set<SeriesKey>): void {
  const left = unclaimed(sight, explained);
  if (left.length === 0) return;
  const index = conclusions.findIndex(
    ({ affected }, i) => i < wider && sight.bad.some((view) => affected.some((one) => keyOf(one) === keyOf(view))),
  );
  const parent = conclusions[index];
  if (parent === undefined) return;
  conclusions[index] = { ...parent, affected: [...parent.affected, ...left] };
  for (const view of left) explained.add(keyOf(view));
}

/** One diagnosis a scope: corewatch's own trouble and its way to the cores share theirs. */
function joinScopes(diagnoses: readonly Diagnosis[]): Diagnosis[] {
  const byScope = new Map<string, Diagnosis>();
  for (const one of diagnoses) {
    const key = scopeKey(one.scope);
    const before = byScope.get(key);
    if (before === undefined) byScope.set(key, one);
    else
      byScope.set(key, {
        ...before,
        severity: highest([before.severity, one.severity]),
        evidence: [...before.evidence, ...one.evidence].slice(0, 12),
        affected: [...before.affected, ...one.affected],
      });
  }
  return [...byScope.values()];
}

/** When each deployment that no diagnosis holds yet saw all of its cores fail their newest probe. */
function failingNow(sight: Sight, diagnoses: readonly Diagnosis[]): number[] {
  const held = new Set(diagnoses.flatMap((one) => one.affected.map(({ target }) => target.deployment)));
  return sight.deployments.flatMap((one) => {
    if (held.has(one.deployment.id)) return [];
    const present = one.cores.filter((core) => !core.isAbsent);
    const failed = present.flatMap(({ hello }) =>
      hello?.latest?.health === "down" && hello.latest.reason !== "database-unreachable" ? [hello.latest.at] : [],
    );
    return failed.length === 0 || failed.length < present.length ? [] : [failed.reduce((a, b) => Math.min(a, b))];
  });
}
