import { listSome, REASON_TEXTS, type Cause, type Severity } from "../domain/index.ts";
import { byReason, count, type Explained } from "./conclusion.ts";
import { healthyForTheBalancer } from "./prober-rules.ts";
import { CERTIFICATE, DNS, IDENTITY } from "./reasons.ts";
import { keyOf, type CoreSight, type DeploymentSight } from "./sight.ts";

/** What one rule finds in one deployment; several findings make one diagnosis. */
export interface Found {
  readonly cause: Cause;
  /** As in production. */
  readonly severity: Severity;
  readonly evidence: readonly string[];
}

/** One rule about one deployment. */
export type DeploymentRule = (sight: DeploymentSight, explained: Explained) => Found | undefined;

/** Something answers in a core's place: a reused port, or a page that is not a core's. */
export const wrongIdentity: DeploymentRule = ({ cores }, explained) => {
  const odd = cores.filter((core) => badWith(core, explained, (reason) => IDENTITY.has(reason)));
  if (odd.length === 0) return undefined;
  const stranger = odd.some((core) => core.hello?.reason === "wrong-identity") || odd.length === cores.length;
  return { cause: "wrong-identity", severity: stranger ? "critical" : "major", evidence: reasonSentences(odd) };
};

/** Not all cores serve one set of signing keys. */
export const keySetSplit: DeploymentRule = ({ cores, jwks, deployment }, explained) => {
  const odd = cores.filter((core) => badWith(core, explained, (reason) => reason === "key-set-mismatch"));
  const together = jwks !== undefined && jwks.health !== "up" && jwks.reason === "key-set-mismatch";
  if (odd.length === 0 && (!together || explained.has(keyOf(jwks)))) return undefined;
  const evidence = [
    ...reasonSentences(odd),
    ...(together ? [`The cores of ${deployment.id} do not all serve the same signing keys.`] : []),
  ];
  return { cause: "key-set-split", severity: "critical", evidence };
};

/** Cores that are down and that nothing wider explains: how many, and how many are left. */
export const coresDown: DeploymentRule = (sight, explained) => {
  const { cores, deployment } = sight;
  const own = cores.filter(
    (core) =>
      core.fails &&
      !core.isOverdue &&
      badWith(core, explained, (reason) => !IDENTITY.has(reason) && reason !== "key-set-mismatch"),
  );
  if (own.length === 0) return undefined;
  const failing = cores.filter((core) => core.fails && !core.isOverdue);
  const left = cores.filter((core) => !core.fails && !core.isAbsent);
  const of = cores.filter((core) => !core.isAbsent).length;
  const evidence = [...reasonSentences(own), ...remaining(left, of), ...notCounted(cores)];
  const fromHere = own.filter((core) => healthyForTheBalancer(core, sight));
  if (fromHere.length === own.length && failing.length === own.length && sight.through?.health !== "down") {
    const note = "Seen from here only: the load balancer calls it healthy, so users are probably fine.";
    return {
      cause: own.length === 1 ? "core-down" : "several-cores-down",
      severity: "minor",
      evidence: [note, ...evidence],
    };
  }
  if (allSayUnreachable(own) && own.length === failing.length && left.length === 0) {
    const note = `Every core of ${deployment.id} answers, and none reaches its database.`;
    return { cause: "database-unreachable-from-cores", severity: "critical", evidence: [note, ...evidence] };
  }
  const notes = [...evidence, ...sharedPlace(own), ...agreement(own)];
  if (left.length === 0) return { cause: "all-cores-down", severity: "critical", evidence: notes };
  if (left.length === 1) return { cause: "one-core-left", severity: "critical", evidence: notes };
  return { cause: failing.length === 1 ? "core-down" : "several-cores-down", severity: "major", evidence: notes };
};

/** Cores that are new, had their time, and do not answer. */
export const coreNotReady: DeploymentRule = ({ cores }, explained) => {
  const late = cores.filter((core) => core.isOverdue && core.fails && badWith(core, explained, () => true));
  if (late.length === 0) return undefined;
  const others = cores.filter((core) => !late.includes(core));
  const serving = others.filter((core) => core.answers && !core.isAbsent);
  return {
    cause: "core-not-ready",
    severity: serving.length === 0 ? "critical" : "major",
    evidence: [
      ...late.slice(0, 4).map(({ id, core }) => `${id} is ${core.expectation?.why ?? "new"} and has not become ready.`),
      ...reasonSentences(late),
      serving.length === 0
        ? "No other core of the deployment answers."
        : `${count(serving.length, "other core")} ${serving.length === 1 ? "answers" : "answer"}.`,
    ],
  };
};

/** Cores that answer, but not as they should. */
export const coreDegraded: DeploymentRule = ({ cores, jwks }, explained) => {
  const odd = cores.filter(
    (core) =>
      core.hello?.health === "degraded" &&
      badWith(
        core,
        explained,
        (reason) => !CERTIFICATE.has(reason) && !IDENTITY.has(reason) && reason !== "key-set-mismatch",
      ),
  );
  const keys =
    jwks !== undefined &&
    (jwks.health === "down" || jwks.health === "degraded") &&
    jwks.reason !== "key-set-mismatch" &&
    !CERTIFICATE.has(jwks.reason) &&
    !DNS.has(jwks.reason) &&
    !explained.has(keyOf(jwks)) &&
    !cores.some((core) => core.fails);
  if (odd.length === 0 && !keys) return undefined;
  const evidence = [
    ...reasonSentences(odd),
    ...(keys ? [`Asking the cores for their signing keys: ${REASON_TEXTS[jwks.reason]}.`] : []),
  ];
  return { cause: "core-degraded", severity: "minor", evidence };
};

function allSayUnreachable(cores: readonly CoreSight[]): boolean {
  return cores.every((core) => core.hello?.reason === "database-unreachable");
}

/** `true` for a core that is settled bad with such a reason, and that nothing wider explains. */
function badWith(
  core: CoreSight,
  explained: Explained,
  wanted: (reason: NonNullable<CoreSight["hello"]>["reason"]) => boolean,
): boolean {
  const { hello } = core;
  if (core.isExcused) return false;
  if (hello === undefined || (hello.health !== "down" && hello.health !== "degraded")) return false;
  return wanted(hello.reason) && !explained.has(keyOf(hello));
}

/** One sentence a reason, the most frequent first. */
function reasonSentences(cores: readonly CoreSight[]): string[] {
  return byReason(cores)
    .slice(0, 4)
    .map(({ reason, ids }) =>
      ids.length === 1
        ? `${ids[0]} ${REASON_TEXTS[reason]}.`
        : `${count(ids.length, "core")}, each ${REASON_TEXTS[reason]}: ${listSome(ids, 4)}.`,
    );
}

function remaining(left: readonly CoreSight[], of: number): string[] {
  if (of === 1) return ["It is the only core of the deployment."];
  if (left.length === 0) return [`None of ${of} cores is left.`];
  const well = left.filter((core) => core.answers).map((core) => core.id);
  if (well.length === left.length) return [`${left.length} of ${of} cores left: ${listSome(well, 4)}.`];
  return [
    `${left.length} of ${of} cores not down; ${count(left.length - well.length, "core")} of them could not be judged.`,
  ];
}

/** Cores that are expected to go or to come, so that nobody wonders where they are. */
function notCounted(cores: readonly CoreSight[]): string[] {
  const absent = cores.filter((core) => core.isAbsent);
  if (absent.length === 0) return [];
  const named = absent.map(({ id, core }) => `${id} (${core.expectation?.why ?? "new"})`);
  return [`Not counted: ${listSome(named, 4)}.`];
}

function sharedPlace(cores: readonly CoreSight[]): string[] {
  if (cores.length < 2) return [];
  const hosts = new Set(cores.map((core) => core.core.instance));
  const zones = new Set(cores.map((core) => core.core.zone));
  const [host] = hosts;
  const [zone] = zones;
  if (hosts.size === 1 && host !== undefined) return [`All of them run on host ${host}.`];
  if (zones.size === 1 && zone !== undefined) return [`All of them are in zone ${zone}.`];
  return [];
}

/** Whether the load balancer sees it too. */
function agreement(cores: readonly CoreSight[]): string[] {
  const known = cores.filter((core) => core.finding !== undefined && core.finding.health !== "unknown");
  if (known.length === 0) return [];
  const agreeing = known.filter((core) => core.finding?.health === "down").length;
  return agreeing === known.length ? ["The load balancer calls it unhealthy too."] : [];
}
