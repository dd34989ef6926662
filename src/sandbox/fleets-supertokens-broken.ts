import { FIRST, hosted, instance, supertokensMultiTenant, THIRD } from "./fleets-supertokens.ts";
import { bareBalancer, strayName, wrongBalancer, wrongBucket } from "./fleets-wrong.ts";
import type { FleetPlan, PlannedDeployment } from "./fleets.ts";

/** Connections that a core is told to hold: those of a few cores are more than the database takes. */
const POOL = 60;
/** One more than seven. */
const CROWD = 8;
/** One more than fifty. */
const TENANTS = 51;

/** The twin of `supertokens-dedicated` in which nothing of the launch checklist is as it should be. */
export function supertokensDedicatedBroken(): FleetPlan {
  const app = (name: string, id: string, connectionUri: string | undefined): PlannedDeployment => ({
    id,
    app: name,
    kind: "production",
    secure: false,
    balanced: true,
    ...(connectionUri === undefined ? {} : { connectionUri }),
    settings: {
      controlDatabase: "control",
      poolSize: POOL,
      ...(connectionUri?.startsWith("https") === true ? { tls: { ca: "${file:certificates/ca.pem}" } } : {}),
    },
    cores: [{ ...FIRST, id: `${name}-1`, process: "production" }],
  });
  return hosted({
    name: "supertokens-dedicated-broken",
    tells: "As supertokens-dedicated, with everything that the launch checklist asks for missing or otherwise.",
    deployments: [
      app("acme", "acme-production", "https://acme.sandbox.test:3567"),
      app("globex", "globex-production", "http://ec2-52-17-8-1.eu-west-1.compute.amazonaws.com:3567"),
      {
        id: "acme-development",
        app: "acme-dev",
        kind: "development",
        secure: false,
        balanced: false,
        cores: Array.from({ length: CROWD }, (_, index) => ({
          ...THIRD,
          id: `acme-dev-${index + 1}`,
          process: "development",
        })),
      },
    ],
    account: {
      instances: [instance(FIRST, "t2.micro"), instance(THIRD, "t3.small")],
      balancers: {
        "acme-production": wrongBalancer("127.0.0.2", "acme-production-logs"),
        "globex-production": bareBalancer("127.0.0.3"),
      },
      buckets: [wrongBucket("acme-production")],
      names: strayName("acme.sandbox.test"),
      appsWithLoadBalancer: [],
    },
  });
}

/** The twin of `supertokens-multi-tenant` in which nothing of the launch checklist is as it should be. */
export function supertokensMultiTenantBroken(): FleetPlan {
  const { deployments, account } = supertokensMultiTenant();
  const whole = deployments.map((deployment): PlannedDeployment => {
    const isBare = deployment.app === "globex";
    const settings = { ...deployment.settings, poolSize: POOL };
    // Nothing of what the fleet expects otherwise excuses it.
    return {
      ...deployment,
      ...(isBare ? { connectionUri: "http://ec2-52-17-8-1.eu-west-1.compute.amazonaws.com:3567" } : {}),
      settings: isBare ? withoutTls(settings) : settings,
      cores: deployment.cores.slice(0, 1),
    };
  });
  const crowd = Array.from({ length: TENANTS }, (_, index): PlannedDeployment => {
    const app = `tenant-${String(index + 1).padStart(3, "0")}`;
    return {
      id: app,
      app,
      kind: index === 0 ? "production" : "development",
      secure: false,
      balanced: false,
      settings: { tenancy: "multi-tenant" },
      cores: [{ ...FIRST, id: `${app}-1`, process: FIRST.instance }],
    };
  });
  return {
    ...hosted({
      name: "supertokens-multi-tenant-broken",
      tells: "As supertokens-multi-tenant, with everything that the launch checklist asks for missing or otherwise.",
      deployments: [...whole, ...crowd],
      account: {
        instances: (account?.instances ?? []).slice(0, 1),
        balancers: {
          "acme-production": wrongBalancer("127.0.0.2", "acme-production-logs"),
          "globex-production": bareBalancer("127.0.0.3"),
        },
        buckets: [wrongBucket("acme-production")],
        names: strayName("acme.sandbox.test"),
        appsWithLoadBalancer: [],
      },
    }),
    sharePools: true,
  };
}

function withoutTls(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { tls: _tls, audit: _audit, ...rest } = settings;
  return rest;
}
