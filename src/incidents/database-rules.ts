import { isBad, listSome } from "../domain/index.ts";
import { count, highest, joinSignIn, says, weigh, type Conclusion, type Explained } from "./conclusion.ts";
import type { SeriesView } from "./picture.ts";
import { DATABASE_GONE, FOLLOWS_FROM_CORES, NO_ANSWER } from "./reasons.ts";
import { signInOf } from "./sign-in.ts";
import { keyOf, type CoreSight, type DatabaseSight, type DeploymentSight } from "./sight.ts";

/** Cores may take this long to come back after their database: they try again every 10 s, and two good answers settle it. */
const RECOVERY_MS = 2 * 60_000;
/** A core that was seen well this long after the database turned bad is not affected: a hello over a dead pool takes 5 s, a slot 10 s. */
const CORES_WOULD_SHOW_MS = 15_000;

/** One database with what its cores say: at most one conclusion, whatever the number of deployments and cores. */
export function databaseRule(sight: DatabaseSight, now: number, explained: Explained): Conclusion | undefined {
  const about = assess(sight, now, explained);
  return (
    databaseReadOnly(about) ??
    databaseOutOfReachForUsOnly(about, now) ??
    databaseDown(about) ??
    databaseUnreachableFromCores(about) ??
    databaseDegraded(about)
  );
}

interface Assessment {
  readonly sight: DatabaseSight;
  readonly cores: readonly CoreSight[];
  /** Cores settled down in a way that a lost database explains. */
  readonly failing: readonly CoreSight[];
  /** Most of the cores that answer say that the database is gone, at least one of them settled. */
  readonly mostSaySo: boolean;
  readonly saying: readonly CoreSight[];
  readonly reachable: number;
  /** The database was down until a moment ago, and cores that failed before have not recovered. */
  readonly recovering: boolean;
}

function assess(sight: DatabaseSight, now: number, explained: Explained): Assessment {
  const view = sight.look;
  const cores = sight.users
    .flatMap((user) => user.cores)
    .filter((core) => !core.isExcused && core.hello !== undefined && !explained.has(keyOf(core.hello)));
  const saying = cores.filter(saysUnreachable);
  const reachable = cores.filter((core) => core.answers || saysUnreachable(core)).length;
  const settled = saying.some((core) => core.fails && core.hello?.reason === "database-unreachable");
  const failing = cores.filter((core) => core.fails && DATABASE_GONE.has(core.hello?.reason ?? "ok"));
  const back = view !== undefined && (view.health === "up" || view.health === "degraded");
  return {
    sight,
    cores,
    failing,
    saying,
    reachable,
    mostSaySo: settled && saying.length * 2 > reachable,
    recovering:
      back && now - view.since < RECOVERY_MS && failing.some((core) => (core.hello?.since ?? now) < view.since),
  };
}

/** By its settled reason, or by its newest answer: what was seen once is evidence beside what is settled. */
function saysUnreachable(core: CoreSight): boolean {
  if (core.fails) return core.hello?.reason === "database-unreachable";
  return core.hello?.latest?.health === "down" && core.hello.latest.reason === "database-unreachable";
}

/** A primary that takes no writes: every hello is fine, and nobody can sign in. */
function databaseReadOnly(about: Assessment): Conclusion | undefined {
  const view = about.sight.look;
  if (view === undefined || !isBad(view.health)) return undefined;
  if (view.reason !== "read-only" && view.reason !== "in-recovery") return undefined;
  const evidence = [`${says(`The database ${about.sight.database.id}`, view.reason)}: nothing can be written.`];
  return conclude(about, "database-degraded", "critical", evidence, [view, ...followers(about)], true);
}

/** We cannot use it, but every core was seen well after that began: the fault is between here and the database, or in our credentials. */
function databaseOutOfReachForUsOnly(about: Assessment, now: number): Conclusion | undefined {
  const { sight, cores, saying, failing } = about;
  const view = sight.look;
  if (view?.health !== "down" || cores.length === 0 || saying.length > 0 || failing.length > 0) return undefined;
  const stillBad = view.latest === undefined || view.latest.health === "down" || view.latest.health === "unknown";
  const turnedAway = view.reason === "authentication-failed" || view.reason === "too-many-connections";
  const neverAffected = cores.every(
    ({ hello }) =>
      hello !== undefined &&
      hello.health !== "down" &&
      hello.since <= view.since &&
      (hello.latest?.health ?? hello.health) === "up" &&
      // Right after a start there is only what was settled before.
      (hello.latest?.at ?? now) >= view.since + CORES_WOULD_SHOW_MS,
  );
  if (!neverAffected && !(turnedAway && stillBad && cores.every((core) => core.answers))) return undefined;
  const evidence = [
    `${says(`The database ${sight.database.id}`, view.reason)} when asked from here.`,
    `All ${count(cores.length, "core")} on it still answer, so they hold connections that work.`,
  ];
  return conclude(about, "database-degraded", "major", evidence, [view], false);
}

/** Its own check says so; or most of its cores do and it was not seen well; or it just came back and cores are still recovering. */
function databaseDown(about: Assessment): Conclusion | undefined {
  const { sight, mostSaySo, recovering } = about;
  const view = sight.look;
  const ownDown = view?.health === "down";
  if (!ownDown && !recovering && (!mostSaySo || seenWell(view))) return undefined;
  const name = `The database ${sight.database.id}`;
  const own = ownDown
    ? `${says(name, view.reason)}.`
    : recovering
      ? `${name} answers again; cores on it have not recovered yet.`
      : view?.latest?.health === "down"
        ? `${name}, asked just now, ${says("it", view.latest.reason).slice(3)}.`
        : `${name} itself could not be looked at from here; its cores say that it is gone.`;
  const claimed = claims(about).filter((one) => !recovering || ownDown || one.since < (view?.since ?? 0));
  const affected = [...(view !== undefined && isBad(view.health) ? [view] : []), ...claimed, ...followers(about)];
  return conclude(about, "database-down", "critical", [own, ...coreSentences(about)], affected, true);
}

/** It answers from here while most of its cores cannot reach it. */
function databaseUnreachableFromCores(about: Assessment): Conclusion | undefined {
  if (!about.mostSaySo) return undefined;
  const view = about.sight.look;
  const evidence = [
    ...coreSentences(about),
    `The database ${about.sight.database.id} answers from here: a security group, a used-up pool or the cores' credentials.`,
    ...(view !== undefined && isBad(view.health)
      ? [`${says(`The database ${about.sight.database.id}`, view.reason)}.`]
      : []),
  ];
  const affected = [...claims(about), ...followers(about), ...(view !== undefined && isBad(view.health) ? [view] : [])];
  return conclude(about, "database-unreachable-from-cores", "critical", evidence, affected, true);
}

/** Lag, connections, slowness: it works, and someone should look. */
function databaseDegraded(about: Assessment): Conclusion | undefined {
  const view = about.sight.look;
  if (view?.health !== "degraded") return undefined;
  const severity = view.reason === "connections-high" ? "major" : "minor";
  const evidence = [`${says(`The database ${about.sight.database.id}`, view.reason)}.`];
  return conclude(about, "database-degraded", severity, evidence, [view], false);
}

function seenWell(view: SeriesView | undefined): boolean {
  if (view === undefined || view.health === "unknown" || view.health === "down") return false;
  return view.latest === undefined || view.latest.health !== "down";
}

function claims(about: Assessment): SeriesView[] {
  return about.failing.flatMap((core) => core.hello ?? []);
}

/** What goes over several cores and fails with them, of the deployments on this database. */
function followers(about: Assessment): SeriesView[] {
  const checks = new Set(["through-load-balancer", "session", "load-balancer", "target-health", "jwks"]);
  return about.sight.users.flatMap((user) =>
    user.bad.filter(
      (view) =>
        checks.has(view.check) &&
        FOLLOWS_FROM_CORES.has(view.reason) &&
        view.reason !== "unexpected-status" &&
        !targetsApart(view, user),
    ),
  );
}

/** Target health that speaks of a core which answers us has a cause of its own. */
function targetsApart(view: SeriesView, user: DeploymentSight): boolean {
  return view.check === "target-health" && user.cores.some((core) => core.answers && core.finding?.health === "down");
}

function coreSentences({ cores, saying, failing, sight }: Assessment): string[] {
  const told = saying.map((core) => core.id);
  const refused = failing.filter((core) => core.hello?.reason === "connection-refused").map((core) => core.id);
  const silent = failing.filter(
    (core) =>
      core.hello !== undefined && NO_ANSWER.has(core.hello.reason) && core.hello.reason !== "connection-refused",
  );
  const sentences: string[] = [];
  if (told.length > 0)
    sentences.push(
      `${told.length} of ${count(cores.length, "core")} ${told.length === 1 ? "answers" : "answer"} that the database cannot be reached: ${listSome(told, 3)}.`,
    );
  if (refused.length > 0)
    sentences.push(
      `${count(refused.length, "core")} refusing connections: ${listSome(refused, 3)}. A core that waits for its database at start-up has no open port.`,
    );
  if (silent.length > 0)
    sentences.push(
      `No answer in time from ${listSome(
        silent.map((core) => core.id),
        3,
      )}.`,
    );
  if (sight.users.length > 0) {
    const names = sight.users.map((user) => user.deployment.id);
    sentences.push(`${names.length === 1 ? "Deployment" : "Deployments"} on it: ${listSome(names, 5)}.`);
  }
  return sentences;
}

function conclude(
  { sight }: Assessment,
  cause: Conclusion["cause"],
  severity: Conclusion["severity"],
  evidence: readonly string[],
  affected: readonly SeriesView[],
  writesFail: boolean,
): Conclusion {
  const { users, database } = sight;
  const since = Math.max(0, ...affected.map((view) => view.since));
  const [only] = users;
  return {
    scope: { kind: "database", id: database.id },
    deployment: users.length === 1 && only !== undefined ? only.deployment.id : null,
    cause,
    severity: users.length === 0 ? severity : highest(users.map((user) => weigh(severity, user.deployment))),
    signIn: joinSignIn(users.map((user) => signInOf(user, since, writesFail && !replicaOnly(sight, cause)))),
    evidence,
    affected,
  };
}

/** A replica that fails takes nobody's sign-in with it unless cores say so. */
function replicaOnly(sight: DatabaseSight, cause: Conclusion["cause"]): boolean {
  return (
    sight.database.replica && cause === "database-down" && !sight.users.some((user) => user.cores.some(saysUnreachable))
  );
}
