import type { PlannedService } from "./fleets-account-plan.ts";
import { CONTAINER_PORT, ecsSpotNoLb, FIXED_PORT, onEcs, PUBLIC_NAME, wrongCluster } from "./fleets-ecs.ts";
import { FIRST, hosted, instance } from "./fleets-supertokens.ts";
import { bareBalancer, strayName, wrongBalancer, wrongBucket } from "./fleets-wrong.ts";
import type { FleetPlan } from "./fleets.ts";

/** Connections that a core is told to hold: more than the database takes. */
const POOL = 200;

/** Two tasks that want one port of one instance, and can neither be replaced nor be stopped in time. */
function wrongService(name: string, deployment: string, hostPort: number): PlannedService {
  return {
    name,
    deployment,
    desired: 2,
    containerPort: CONTAINER_PORT,
    hostPort,
    stopTimeout: 180,
    minimumHealthyPercent: 100,
    maximumPercent: 100,
    logGroup: `/ecs/${name}`,
  };
}

/** The twin of `ecs-spot-alb` in which nothing of the launch checklist is as it should be. */
export function ecsSpotAlbBroken(): FleetPlan {
  const settings = { poolSize: POOL };
  return hosted({
    name: "ecs-spot-alb-broken",
    tells: "As ecs-spot-alb, with everything that the launch checklist asks for missing or otherwise.",
    deployments: [
      onEcs(
        "shop",
        {
          id: "shop-production",
          app: "shop",
          balanced: true,
          connectionUri: "https://shop.sandbox.test:3567",
          service: "web",
        },
        { ...settings, tls: { ca: "${file:certificates/ca.pem}" } },
      ),
      onEcs(
        "shop",
        {
          id: "admin-production",
          app: "admin",
          balanced: true,
          connectionUri: `http://${PUBLIC_NAME}:3567`,
          service: "admin",
        },
        settings,
      ),
    ],
    account: {
      instances: [{ ...instance(FIRST, "t3.small"), spot: true }],
      balancers: {
        "shop-production": wrongBalancer("127.0.0.2", "shop-production-logs"),
        "admin-production": bareBalancer("127.0.0.3"),
      },
      buckets: [wrongBucket("shop-production")],
      names: strayName("shop.sandbox.test"),
      ecs: wrongCluster("shop", [
        wrongService("web", "shop-production", FIXED_PORT),
        wrongService("admin", "admin-production", FIXED_PORT + 1),
      ]),
    },
  });
}

/** The twin of `ecs-spot-no-lb` in which nothing of the launch checklist is as it should be. */
export function ecsSpotNoLbBroken(): FleetPlan {
  const { account } = ecsSpotNoLb();
  return hosted({
    name: "ecs-spot-no-lb-broken",
    tells: "As ecs-spot-no-lb, with everything that the launch checklist asks for missing or otherwise.",
    deployments: [
      onEcs(
        "web-app",
        {
          id: "web-app",
          app: "web-app",
          balanced: false,
          connectionUri: `http://api.sandbox.test:${FIXED_PORT}`,
          service: "backend",
        },
        { cloudfront: "api.sandbox.test", poolSize: POOL },
      ),
      onEcs(
        "web-app",
        {
          id: "reports",
          app: "reports",
          balanced: false,
          connectionUri: `http://${PUBLIC_NAME}:${FIXED_PORT + 1}`,
          service: "reports",
        },
        { poolSize: POOL },
      ),
    ],
    account: {
      instances: [{ ...instance(FIRST, "t4g.small"), spot: true }],
      balancers: {},
      buckets: [],
      names: account?.names ?? [],
      // The spot instance that had this address was taken, and its address is somebody else's by now.
      ...(account?.distribution === undefined
        ? {}
        : { distribution: { ...account.distribution, origin: "ec2-52-17-8-99.eu-west-1.compute.amazonaws.com" } }),
      ecs: wrongCluster("web-app", [
        wrongService("backend", "web-app", FIXED_PORT),
        wrongService("reports", "reports", FIXED_PORT + 1),
      ]),
      mysql: { maxConnections: 200 },
    },
  });
}
