import type { PlannedAccount, PlannedBalancer, PlannedBucket } from "./fleets-account-plan.ts";
import { CORES_QUERY } from "./fleets-control.ts";
import { auditedChecks } from "./fleets-sandbox.ts";
import type { FleetPlan, PlannedCore, PlannedDeployment } from "./fleets.ts";

/** Instances of the hosted fleet: two of production in two zones, one of development. */
export const FIRST = { instance: "i-0a1b2c3d4e5f60001", zone: "eu-west-1a", host: "127.0.1.1" } as const;
export const SECOND = { instance: "i-0a1b2c3d4e5f60002", zone: "eu-west-1b", host: "127.0.2.1" } as const;
export const THIRD = { instance: "i-0a1b2c3d4e5f60003", zone: "eu-west-1a", host: "127.0.3.1" } as const;

type Place = Pick<PlannedCore, "instance" | "zone" | "host">;

/** An instance of the account as a plan has it. */
export function instance({ instance: id, zone, host }: Place, type: string) {
  return { id, zone, host, type, publicIp: `52.17.8.${host.split(".")[2]}` };
}

/** Tags that the runbook and the fleet ask for. */
const OWNER = "infra@sandbox.test";

/** The load balancer as the runbook has it, today's TLS policy chosen. */
export function runbookBalancer(name: string, host: string, bucket: string): PlannedBalancer {
  return {
    host,
    aws: {
      sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
      attributes: {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": bucket,
        "access_logs.s3.prefix": name,
        "deletion_protection.enabled": "true",
      },
      tags: { VantaOwner: OWNER, VantaDescription: `load balancer of ${name}` },
    },
    certificate: { names: ["*.sandbox.test"], daysLeft: 200 },
    alarms: "heard",
  };
}

/** The bucket of one load balancer's access logs as the runbook has it, with files that arrive. */
export function runbookBucket(balancer: string): PlannedBucket {
  return {
    name: `${balancer}-logs`,
    writes: [balancer],
    lastMinutesAgo: 0,
    versioning: "Enabled",
    tags: {
      VantaContainsUserData: "true",
      VantaDescription: `store ${balancer} loadbalancer logs`,
      VantaOwner: OWNER,
    },
    lifecycle: [{ id: "expire-logs", enabled: true, prefix: "", expireDays: 90, expireNoncurrentDays: 30 }],
  };
}

/** What every plan of the hosted fleet has in common. */
export function hosted(
  plan: Pick<FleetPlan, "name" | "tells" | "deployments"> & { account: PlannedAccount },
): FleetPlan {
  return {
    checks: auditedChecks,
    poolSize: 10,
    sharePools: false,
    maxConnections: 150,
    healthCheckSpeed: 60,
    ...plan,
  };
}

/** A production app on two instances of its own, and an app in development beside others on a t3.small. */
export function supertokensDedicated(): FleetPlan {
  const id = "acme-production";
  const production: PlannedDeployment = {
    id,
    app: "acme",
    kind: "production",
    secure: true,
    balanced: true,
    connectionUri: "https://acme.sandbox.test:3567",
    settings: { controlDatabase: "control" },
    cores: [
      { ...FIRST, id: "acme-1", process: "acme-1" },
      { ...SECOND, id: "acme-2", process: "acme-2" },
    ],
  };
  const development: PlannedDeployment = {
    id: "acme-development",
    app: "acme-dev",
    kind: "development",
    secure: false,
    balanced: false,
    cores: [1, 2, 3].map((number) => ({ ...THIRD, id: `acme-dev-${number}`, process: "development" })),
  };
  return hosted({
    name: "supertokens-dedicated",
    tells: "The hosted fleet: a production app on two instances of its own, and development cores on a t3.small.",
    deployments: [production, development],
    account: {
      instances: [instance(FIRST, "t2.micro"), instance(SECOND, "t2.micro"), instance(THIRD, "t3.small")],
      balancers: { [id]: runbookBalancer(id, "127.0.0.2", `${id}-logs`) },
      buckets: [runbookBucket(id)],
      names: [{ name: "acme.sandbox.test", to: { balancer: id } }],
      appsWithLoadBalancer: ["acme"],
      watched: true,
    },
  });
}

/** Several apps as tenants on two t3.large; where their cores are, the control database says. */
export function supertokensMultiTenant(): FleetPlan {
  const apps = ["acme", "globex"];
  const tenant = (app: string, more: Pick<PlannedDeployment, "id" | "kind" | "balanced">): PlannedDeployment => ({
    ...more,
    app,
    secure: false,
    ...(more.balanced ? { connectionUri: `https://${app}.sandbox.test:3567` } : {}),
    settings: {
      tenancy: "multi-tenant",
      controlDatabase: "control",
      discover: "control-database",
      discovery: { query: CORES_QUERY, protocol: "http" },
      // nginx takes TLS off before the cores of an instance.
      ...(more.balanced ? { tls: { ca: "${file:certificates/ca.pem}" }, audit: { expect: { protocol: "HTTP" } } } : {}),
    },
    cores: [FIRST, SECOND].map((place) => ({ ...place, id: `${app}-${place.zone}`, process: place.instance })),
  });
  return hosted({
    name: "supertokens-multi-tenant",
    tells: "The hosted fleet after its move to tenants: several apps on two t3.large, found by the control database.",
    deployments: [
      ...apps.map((app) => tenant(app, { id: `${app}-production`, kind: "production", balanced: true })),
      tenant("initech", { id: "initech-development", kind: "development", balanced: false }),
    ],
    account: {
      instances: [instance(FIRST, "t3.large"), instance(SECOND, "t3.large")],
      balancers: Object.fromEntries(
        apps.map((app, index) => {
          const id = `${app}-production`;
          const own = runbookBalancer(id, `127.0.0.${index + 2}`, `${id}-logs`);
          return [id, { ...own, group: { protocol: "HTTP", healthCheck: { protocol: "HTTP" } } }];
        }),
      ),
      buckets: apps.map((app) => runbookBucket(`${app}-production`)),
      names: apps.map((app) => ({ name: `${app}.sandbox.test`, to: { balancer: `${app}-production` } })),
      appsWithLoadBalancer: apps,
      watched: true,
    },
  });
}
