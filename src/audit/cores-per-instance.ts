import type { Deployment, Fleet } from "../domain/index.ts";
import { judge, named, wantCores, type Rule } from "./rule.ts";

/** Limits of the hosted fleet: seven development cores on a t3.small; one or two of one production deployment on its own instance; a hundred development or fifty production tenants on a t3.large. */
const DEVELOPMENT_CORES = 7;
const PRODUCTION_CORES = 2;
const TENANTS = { development: 100, production: 50 } as const;

/** Who else is on the instances of a deployment, and how much of it is on each. */
export const coresPerInstance: Rule = {
  id: "cores-per-instance",
  title: "cores per instance",
  seed: "Should use multiple cores (two per ec2 instance or one?); up to seven development cores on a T3.small; production on a dedicated instance",
  applies: ({ cores, discovery }) => cores.length > 0 || discovery !== undefined,
  async check(context) {
    const { deployment, fleet, expect } = context;
    // Others' cores share instances too.
    wantCores(context, fleet.deployments);
    const instances = new Map<string, number>();
    for (const { instance } of deployment.cores)
      if (instance !== undefined) instances.set(instance, (instances.get(instance) ?? 0) + 1);
    const { expected, isRight } = limitOf(deployment, fleet, expect.coresPerInstance);
    const isShared = deployment.tenancy === "multi-tenant";
    const wrong = [...instances].filter(([instance, own]) => !isRight(instance, own));
    const without = deployment.cores.filter(({ instance }) => instance === undefined);
    if (wrong.length === 0 && (without.length > 0 || deployment.cores.length === 0))
      return {
        outcome: "unknown",
        expected,
        actual:
          without.length === 0 ? "no core is there" : `no instance is known of ${named(without.map(({ id }) => id))}`,
        fix:
          without.length === 0
            ? "start a core"
            : "give the cores their instance in fleet.yaml, or have them found (discover)",
      };
    return judge(
      wrong.length === 0,
      expected,
      named(
        [...instances].map(([instance, own]) =>
          isShared
            ? `${instance}: ${tenantsOn(fleet, instance)} tenants`
            : `${instance}: ${own} of it, ${onInstance(fleet, instance)} in all`,
        ),
      ),
      `move ${isShared ? "tenants" : "cores"} of ${named(wrong.map(([instance]) => instance))} to another instance`,
    );
  },
};

function limitOf(
  { kind, tenancy }: Deployment,
  fleet: Fleet,
  wanted: number | undefined,
): { readonly expected: string; readonly isRight: (instance: string, own: number) => boolean } {
  if (tenancy === "multi-tenant") {
    const most = TENANTS[kind];
    return {
      expected: `at most ${most} ${kind} tenants on an instance`,
      isRight: (instance) => tenantsOn(fleet, instance) <= most,
    };
  }
  if (kind === "development") {
    const most = wanted ?? DEVELOPMENT_CORES;
    return {
      expected: `at most ${most} cores on an instance`,
      isRight: (instance) => onInstance(fleet, instance) <= most,
    };
  }
  const most = wanted ?? PRODUCTION_CORES;
  return {
    expected: `at most ${most} cores on an instance, and nobody else's`,
    isRight: (instance, own) => own <= most && onInstance(fleet, instance) === own,
  };
}

function onInstance({ deployments }: Fleet, instance: string): number {
  return deployments.flatMap(({ cores }) => cores).filter((core) => core.instance === instance).length;
}

function tenantsOn({ deployments }: Fleet, instance: string): number {
  return deployments.filter(({ cores }) => cores.some((core) => core.instance === instance)).length;
}
