import type { CheckKind, Core, Database, Deployment, Finding } from "../domain/index.ts";
import { isBad, seriesKey } from "../domain/index.ts";
import { standingIn } from "./standing.ts";
import type { Standing } from "./standing.ts";
import type { Picture, SeriesView } from "./picture.ts";

/**
 * The picture, arranged the way the rules look at it: each core with its witnesses. A core *answers* when the direct
 * hello is settled up or degraded, *fails* when it is settled down and that is not excused; otherwise nothing is known of it.
 */
export interface CoreSight extends Standing {
  /** `deployment/core` */
  readonly id: string;
  readonly core: Core;
  readonly deployment: Deployment;
  readonly hello: SeriesView | undefined;
  /** What the load balancer says of this core's target, by its newest answer. */
  readonly finding: Finding | undefined;
  readonly fails: boolean;
  readonly answers: boolean;
}

/** A deployment with every series that belongs to it. */
export interface DeploymentSight {
  readonly deployment: Deployment;
  readonly cores: readonly CoreSight[];
  readonly through: SeriesView | undefined;
  readonly session: SeriesView | undefined;
  readonly jwks: SeriesView | undefined;
  readonly loadBalancer: SeriesView | undefined;
  readonly targetHealth: SeriesView | undefined;
  /** When the load balancer was last asked about its targets, epoch ms; 0: that is not known. */
  readonly targetsAskedAt: number;
  readonly tls: SeriesView | undefined;
  readonly dns: SeriesView | undefined;
  /** Every series of the deployment that is settled bad, in the order of their keys. */
  readonly bad: readonly SeriesView[];
}

/** A database with the deployments that use it. */
export interface DatabaseSight {
  readonly database: Database;
  readonly look: SeriesView | undefined;
  readonly users: readonly DeploymentSight[];
}

/** Everything, in the order of ids: the order of the map and of the file do not matter. */
export interface Sight {
  readonly picture: Picture;
  readonly now: number;
  readonly deployments: readonly DeploymentSight[];
  readonly databases: readonly DatabaseSight[];
}

/** Arranges the picture. Series of targets that the fleet does not name are left out. */
export function look(picture: Picture): Sight {
  const byDeployment = new Map<string, SeriesView[]>();
  const shared: SeriesView[] = [];
  for (const view of picture.series.values()) {
    const owner = view.target.deployment ?? (view.target.kind === "deployment" ? view.target.id : null);
    if (owner === null) {
      if (view.target.kind === "load-balancer") shared.push(view);
      continue;
    }
    const list = byDeployment.get(owner);
    if (list === undefined) byDeployment.set(owner, [view]);
    else list.push(view);
  }
  const sorted = [...picture.fleet.deployments].sort((a, b) => compare(a.id, b.id));
  const firstOf = new Map<string, string>();
  for (const one of sorted) {
    const balancer = balancerName(one);
    if (balancer !== undefined && !firstOf.has(balancer)) firstOf.set(balancer, one.id);
  }
  const deployments = sorted.map((deployment) => {
    const balancer = balancerName(deployment);
    const first = balancer !== undefined && firstOf.get(balancer) === deployment.id;
    const balancers = shared.filter(({ target }) => target.id === balancer || target.id.startsWith(`${balancer}@`));
    return sightOf(deployment, byDeployment.get(deployment.id) ?? [], balancers, first, picture.now);
  });
  const databases = [...picture.fleet.databases]
    .sort((a, b) => compare(a.id, b.id))
    .map((database) => ({
      database,
      look: picture.series.get(seriesKey({ kind: "database", id: database.id, deployment: null }, database.kind)),
      users: deployments.filter((one) => one.deployment.database === database.id),
    }));
  return { picture, now: picture.now, deployments, databases };
}

function sightOf(
  deployment: Deployment,
  views: readonly SeriesView[],
  shared: readonly SeriesView[],
  first: boolean,
  now: number,
): DeploymentSight {
  const known = new Set(deployment.cores.map((core) => `${deployment.id}/${core.id}`));
  const own = views
    .filter((view) => view.target.kind !== "core" || known.has(view.target.id))
    .sort((a, b) => compare(keyOf(a), keyOf(b)));
  const ofDeployment = (check: CheckKind): SeriesView | undefined =>
    [...own, ...shared].find((view) => view.check === check && view.target.kind !== "core");
  const targetHealth = ofDeployment("target-health");
  const hellos = new Map(own.filter((view) => view.check === "hello").map((view) => [view.target.id, view]));
  const standing = standingIn(deployment.cores, now);
  const cores = [...deployment.cores]
    .sort((a, b) => compare(a.id, b.id))
    .map((core): CoreSight => {
      const id = `${deployment.id}/${core.id}`;
      const hello = hellos.get(id);
      const answers = hello?.health === "up" || hello?.health === "degraded";
      const { isExcused, isOverdue, isAbsent } = standing(core, answers);
      const fails = hello?.health === "down" && !isExcused;
      const finding = findingOn(id, targetHealth);
      return { id, core, deployment, hello, finding, fails, answers, isExcused, isOverdue, isAbsent };
    });
  const excused = new Set(cores.filter(({ isExcused }) => isExcused).map(({ id }) => id));
  const counts = (view: SeriesView): boolean => {
    if (view.target.kind === "core") return !excused.has(view.target.id);
    return view.check !== "target-health" || !isAboutOnly(excused, deployment, view);
  };
  return {
    deployment,
    cores,
    through: ofDeployment("through-load-balancer"),
    session: ofDeployment("session"),
    jwks: ofDeployment("jwks"),
    loadBalancer: ofDeployment("load-balancer"),
    targetHealth,
    // Right after a start there is only what was settled before; it stands until the first look.
    targetsAskedAt: targetHealth?.latest?.at ?? (targetHealth === undefined ? 0 : now),
    tls: ofDeployment("tls"),
    dns: ofDeployment("dns"),
    bad: [...own, ...shared.filter((view) => concerns(view, deployment, first))].filter(
      (view) => isBad(view.health) && counts(view),
    ),
  };
}

/** Whether all that the load balancer has against this deployment's targets is about cores that are excused. */
function isAboutOnly(excused: ReadonlySet<string>, { id }: Deployment, view: SeriesView): boolean {
  const bad = (view.latest?.findings ?? []).filter(
    ({ health, target }) => isBad(health) && (target.startsWith(`${id}/`) || !target.includes("/")),
  );
  return bad.length > 0 && bad.every(({ target }) => excused.has(target));
}

/** The word on one core; where the newest look failed or there was none yet, a settled "all well" still holds for each. */
function findingOn(id: string, view: SeriesView | undefined): Finding | undefined {
  if (view?.latest !== undefined && view.latest.health !== "unknown")
    return view.latest.findings?.find((finding) => finding.target === id);
  return view?.health === "up" ? { target: id, health: "up", reason: "ok" } : undefined;
}

/**
 * Whether the trouble of a load balancer that several deployments share is this one's: its own cores' targets, or the
 * load balancer as a whole being down. What concerns nobody in particular is told once, with the first of them.
 */
function concerns(view: SeriesView, deployment: Deployment, first: boolean): boolean {
  if (view.check !== "target-health") return first || view.health === "down";
  const bad = (view.latest?.findings ?? []).filter((finding) => isBad(finding.health) && finding.target.includes("/"));
  return bad.length === 0 ? first : bad.some((finding) => finding.target.startsWith(`${deployment.id}/`));
}

/** `arn:…:loadbalancer/app/NAME/50dc` → `NAME`; a name stays. */
function balancerName(deployment: Deployment): string | undefined {
  const given = deployment.loadBalancer;
  return given?.startsWith("arn:") === true ? (given.split("/")[2] ?? given) : given;
}

/** Order of code units: the same everywhere, unlike a locale's. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The key of a view. */
export function keyOf(view: SeriesView): string {
  return seriesKey(view.target, view.check);
}
