import { seriesKey, type CheckKind, type Target } from "../domain/index.ts";
import { fail, judge, named, wantCores, type AuditContext, type Rule } from "./rule.ts";

/** A series that was not observed for this long is not running. */
const FRESH_MS = 15 * 60_000;

/** Each core, the database and the load balancer are looked at, now: not merely configured to be. */
export const checksRunning: Rule = {
  id: "checks-running",
  title: "checks of cores, database and load balancer run",
  seed: "Health check should happen for each core that is being used + the db + load balancer",
  applies: () => true,
  async check(context) {
    const { own, now, deployment } = context;
    wantCores(context, [deployment]);
    if (deployment.cores.length === 0)
      return fail(
        "a core, and its check",
        `no core of ${deployment.id} is there`,
        "start a core, or look at what its source says (corewatch inventory)",
      );
    const seen = await own.observed();
    const wanted = wantedSeries(context);
    const silent = wanted.filter((key) => now - (seen.get(key) ?? 0) > FRESH_MS);
    return judge(
      silent.length === 0,
      `${wanted.length} series observed within ${FRESH_MS / 60_000} minutes`,
      silent.length === 0 ? "all of them" : `not observed: ${named(silent)}`,
      "keep corewatch start running (or corewatch sweep by cron), and look at what it logs of these",
    );
  },
};

function wantedSeries({ deployment, fleet }: AuditContext): string[] {
  const { id, cores, loadBalancer } = deployment;
  const of = (kind: Target["kind"], target: string, check: CheckKind): string =>
    seriesKey({ kind, id: target, deployment: kind === "database" ? null : id }, check);
  const database = fleet.databases.find((one) => one.id === deployment.database);
  // A target names the load balancer as it is called, also where fleet.yaml has its ARN.
  const balancer = loadBalancer?.split("/").at(-2) ?? loadBalancer;
  return [
    ...cores.map((core) => of("core", `${id}/${core.id}`, "hello")),
    ...(database === undefined ? [] : [of("database", database.id, database.kind)]),
    ...(balancer === undefined
      ? []
      : [of("load-balancer", balancer, "load-balancer"), of("load-balancer", balancer, "target-health")]),
  ];
}
