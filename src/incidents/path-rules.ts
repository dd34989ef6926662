import { isBad, listSome, REASON_TEXTS } from "../domain/index.ts";
import { count, says, type Explained } from "./conclusion.ts";
import type { DeploymentRule, Found } from "./core-rules.ts";
import type { SeriesView } from "./picture.ts";
import { CERTIFICATE, DNS } from "./reasons.ts";
import { keyOf, type CoreSight, type DeploymentSight } from "./sight.ts";

/** The name of the connectionUri, by the check of DNS or by whoever stumbled over it. */
export const dnsBroken: DeploymentRule = (sight, explained) => {
  const { dns, through, tls, jwks, session, deployment } = sight;
  const witnesses = [dns, through, tls, jwks, session].filter(
    (view): view is SeriesView => isOpen(view, sight, explained) && (view === dns || DNS.has(view.reason)),
  );
  const [first] = witnesses;
  if (first === undefined) return undefined;
  const down = witnesses.some((view) => view.health === "down");
  const evidence = [`${deployment.connectionUri} ${REASON_TEXTS[first.reason]}.`];
  return { cause: "dns-broken", severity: down ? "critical" : "major", evidence };
};

/** The core answers us, and the load balancer does not send it anything. */
export const targetUnhealthy: DeploymentRule = (sight, explained) => {
  if (!isOpen(sight.targetHealth, sight, explained)) return undefined;
  const odd = setAside(sight, "target-unhealthy");
  if (odd.length === 0) return unnamed(sight, "target-unhealthy");
  const through = sight.through;
  const outage = isOpen(through, sight, explained) && through.health === "down" && servesNobody(sight);
  return {
    cause: "target-unhealthy",
    severity: outage ? "critical" : "major",
    evidence: [
      `${listSome(
        odd.map((core) => core.id),
        4,
      )} ${odd.length === 1 ? "answers" : "answer"} from here, but the load balancer calls ${odd.length === 1 ? "its target" : "their targets"} unhealthy.`,
      "The security group between load balancer and instance, or TLS between them.",
      ...(outage ? ["No core is left that it sends requests to, and the connectionUri fails."] : []),
    ],
  };
};

/** The core answers us, and the load balancer does not know it. */
export const targetNotRegistered: DeploymentRule = (sight, explained) => {
  if (!isOpen(sight.targetHealth, sight, explained)) return undefined;
  const odd = setAside(sight, "target-missing");
  if (odd.length === 0) return unnamed(sight, "target-missing");
  const names = listSome(
    odd.map((core) => core.id),
    4,
  );
  return {
    cause: "target-not-registered",
    severity: servesNobody(sight) ? "critical" : "major",
    evidence: [
      `${names} ${odd.length === 1 ? "answers" : "answer"} from here, but ${odd.length === 1 ? "is" : "are"} not registered with the load balancer.`,
    ],
  };
};

/** Cores answer directly, and the way that users take does not. */
export const loadBalancerDown: DeploymentRule = (sight, explained) => {
  const { cores, deployment } = sight;
  const well = cores.filter((core) => core.answers);
  if (well.length === 0 && cores.some((core) => core.fails)) return undefined;
  const witnesses = downOnTheWay(sight, explained);
  if (witnesses.length === 0) return undefined;
  if (
    servesNobody(sight) &&
    witnesses.every((view) => view.check !== "load-balancer" || view.reason === "no-healthy-target")
  )
    return undefined;
  const answering =
    well.length > 0
      ? [`${well.length} of ${count(cores.length, "core")} answer directly.`]
      : ["The cores themselves could not be judged from here."];
  const evidence = [
    ...witnesses.map((view) => `${says(nameOf(view, deployment.connectionUri), view.reason)}.`),
    ...answering,
  ];
  const served = sight.through?.health === "up" && sight.through.latest?.health === "up";
  if (served) evidence.push("Requests to the connectionUri still get through.");
  return { cause: "load-balancer-down", severity: served ? "major" : "critical", evidence };
};

/** It works, but not for every request, zone or target. */
export const loadBalancerDegraded: DeploymentRule = (sight, explained) => {
  const { through, loadBalancer, targetHealth, deployment, cores } = sight;
  const failing = cores.some((core) => core.fails);
  const partly = [through, loadBalancer].filter(
    (view): view is SeriesView =>
      isOpen(view, sight, explained) &&
      view.health === "degraded" &&
      !CERTIFICATE.has(view.reason) &&
      !DNS.has(view.reason) &&
      // Cores that are down explain what fails in part.
      !(failing && view === through),
  );
  const oddTargets =
    isOpen(targetHealth, sight, explained) &&
    !failing &&
    unnamed(sight, "target-unhealthy") === undefined &&
    unnamed(sight, "target-missing") === undefined &&
    setAside(sight, "target-unhealthy").length + setAside(sight, "target-missing").length === 0
      ? [targetHealth]
      : [];
  const witnesses = [...partly, ...oddTargets];
  if (witnesses.length === 0) return undefined;
  const minor = witnesses.every((view) => view.check !== "through-load-balancer");
  return {
    cause: "load-balancer-degraded",
    severity: minor ? "minor" : "major",
    evidence: witnesses.map((view) => `${says(nameOf(view, deployment.connectionUri), view.reason)}.`),
  };
};

/** The synthetic user cannot sign in, though the way to the cores and a core are there. */
export const signInBroken: DeploymentRule = (sight, explained) => {
  const { session, through, cores, deployment } = sight;
  if (!isOpen(session, sight, explained) || DNS.has(session.reason) || CERTIFICATE.has(session.reason))
    return undefined;
  if (through?.health === "down" || (cores.length > 0 && cores.every((core) => core.fails))) return undefined;
  if (session.health === "degraded" && cores.some((core) => core.fails)) return undefined;
  return {
    cause: "sign-in-broken",
    severity: session.health === "down" ? "critical" : "major",
    evidence: [`A session through ${says(deployment.connectionUri, session.reason)}.`],
  };
};

/** Every certificate complaint of the deployment, together. */
export const certificateBad: DeploymentRule = (sight, explained) => {
  const { cores, through, tls, jwks, session, deployment } = sight;
  const front = [tls, through, jwks, session].filter(
    (view): view is SeriesView =>
      isOpen(view, sight, explained) &&
      (CERTIFICATE.has(view.reason) ||
        (view === tls && view.reason === "tls-handshake-failed" && through?.health !== "down")),
  );
  const behind = cores.filter((core) => isOpen(core.hello, sight, explained) && CERTIFICATE.has(core.hello.reason));
  if (front.length + behind.length === 0) return undefined;
  const broken = front.some((view) => view.reason !== "certificate-expires-soon");
  const untrusted = behind.some((core) => core.hello?.reason !== "certificate-expires-soon");
  const evidence = [
    ...front.map((view) => `${says(deployment.connectionUri, view.reason)}${days(view)}.`),
    ...behind
      .slice(0, 4)
      .map((core) => `${core.id} ${core.hello === undefined ? "" : REASON_TEXTS[core.hello.reason]}.`),
  ];
  if (behind.length > 4) evidence.push(`${behind.length - 4} more cores show such a certificate.`);
  return { cause: "certificate-bad", severity: broken ? "critical" : untrusted ? "major" : "minor", evidence };
};

function days(view: SeriesView): string {
  const left = view.latest?.measures["certificateDays"];
  if (view.reason !== "certificate-expires-soon" || left === undefined) return "";
  return ` (${count(Math.max(0, Math.floor(left)), "day")})`;
}

/** Settled bad in this deployment's eyes, and nothing wider explains it. */
function isOpen(view: SeriesView | undefined, { bad }: DeploymentSight, explained: Explained): view is SeriesView {
  return view !== undefined && bad.includes(view) && !explained.has(keyOf(view));
}

function downOnTheWay(sight: DeploymentSight, explained: Explained): SeriesView[] {
  const { through, loadBalancer, tls } = sight;
  return [
    loadBalancer,
    through,
    ...(through === undefined || through.health === "down" || through.health === "unknown" ? [tls] : []),
  ].filter(
    (view): view is SeriesView =>
      isOpen(view, sight, explained) &&
      view.health === "down" &&
      !CERTIFICATE.has(view.reason) &&
      !DNS.has(view.reason),
  );
}

/** Cores that answer us, and of which the load balancer says this. */
function setAside(sight: DeploymentSight, reason: "target-unhealthy" | "target-missing"): CoreSight[] {
  return sight.cores.filter(
    (core) =>
      core.answers &&
      !core.isExcused &&
      core.finding !== undefined &&
      isBad(core.finding.health) &&
      core.finding.reason === reason,
  );
}

/** The same, while the newest look at the targets failed or there was none yet: the cause stays, the names are not known. */
function unnamed(sight: DeploymentSight, reason: "target-unhealthy" | "target-missing"): Found | undefined {
  const { targetHealth, cores } = sight;
  if (targetHealth === undefined || targetHealth.reason !== reason || cores.some((core) => core.fails))
    return undefined;
  if (targetHealth.latest !== undefined && targetHealth.latest.health !== "unknown") return undefined;
  return {
    cause: reason === "target-missing" ? "target-not-registered" : "target-unhealthy",
    severity: "major",
    evidence: [`${says(`Load balancer ${targetHealth.target.id}`, reason)}; the cores answer from here.`],
  };
}

/** The load balancer sends requests to none of the cores that answer us. */
function servesNobody(sight: DeploymentSight): boolean {
  const answering = sight.cores.filter((core) => core.answers);
  return answering.length > 0 && answering.every((core) => core.finding?.health === "down");
}

function nameOf(view: SeriesView, connectionUri: string): string {
  return view.target.kind === "load-balancer" ? `Load balancer ${view.target.id}` : connectionUri;
}
