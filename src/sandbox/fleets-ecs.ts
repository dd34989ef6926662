import type { PlannedEcs, PlannedService } from "./fleets-account-plan.ts";
import { FIRST, hosted, instance, runbookBalancer, runbookBucket, SECOND } from "./fleets-supertokens.ts";
import type { FleetPlan, PlannedDeployment } from "./fleets.ts";

/** Where a port below 1024 would need rights that a sandbox has not: in place of 443. */
const HTTPS_PORT = 8443;
/** The article's image listens there. */
export const CONTAINER_PORT = 3000;
/** CloudFront calls one port of an instance, so the task has to be there. */
export const FIXED_PORT = 3000;

/** The launch template's user data of the article. */
function userData(cluster: string, settings: readonly string[]): string {
  return [
    "#!/bin/bash",
    ...[`ECS_CLUSTER=${cluster}`, ...settings].map((one) => `echo ${one} >> /etc/ecs/ecs.config`),
    "",
  ].join("\n");
}

/** A cluster of spot instances as the article sets it up. */
export function spotCluster(cluster: string, services: readonly PlannedService[], desired: number): PlannedEcs {
  return {
    cluster,
    userData: userData(cluster, ["ECS_ENABLE_SPOT_INSTANCE_DRAINING=true", "ECS_CONTAINER_STOP_TIMEOUT=1m"]),
    group: { desired },
    services,
  };
}

/** A cluster in which nothing is as the articles have it. */
export function wrongCluster(cluster: string, services: readonly PlannedService[]): PlannedEcs {
  return {
    cluster,
    userData: userData(cluster, ["ECS_CONTAINER_STOP_TIMEOUT=3m"]),
    group: {
      desired: 1,
      zones: [FIRST.zone],
      newInstancesProtected: false,
      capacityRebalance: false,
      mixed: { instanceTypes: ["t3.small"], onDemandPercentAboveBase: 0, spotAllocation: "lowest-price" },
    },
    managedScaling: false,
    managedTerminationProtection: false,
    services,
  };
}

/** A deployment whose cores are the tasks of a service. */
export function onEcs(
  cluster: string,
  deployment: Pick<PlannedDeployment, "id" | "app" | "balanced" | "connectionUri"> & { readonly service: string },
  settings: Readonly<Record<string, unknown>>,
): PlannedDeployment {
  const { service, ...rest } = deployment;
  return {
    ...rest,
    kind: "production",
    secure: false,
    settings: { discover: "ecs", ecs: { cluster, service }, discovery: { protocol: "http" }, ...settings },
    cores: [],
  };
}

/** Two tasks of a service on two spot instances behind a load balancer, as the article on ECS and spot instances has it. */
export function ecsSpotAlb(): FleetPlan {
  const id = "shop-production";
  const own = runbookBalancer(id, "127.0.0.2", `${id}-logs`);
  return hosted({
    name: "ecs-spot-alb",
    tells: "ECS on spot instances in two zones, dynamic host ports, behind a load balancer.",
    deployments: [
      onEcs(
        "shop",
        { id, app: "shop", balanced: true, connectionUri: `https://shop.sandbox.test:${HTTPS_PORT}`, service: "web" },
        {
          tls: { ca: "${file:certificates/ca.pem}" },
          audit: {
            expect: {
              protocol: "HTTP",
              port: 80,
              healthCheckTimeout: "5s",
              successCodes: "200-399",
              listenerPort: HTTPS_PORT,
              securityGroups: ["default"],
            },
          },
        },
      ),
    ],
    account: {
      instances: [
        { ...instance(FIRST, "t3.small"), spot: true },
        { ...instance(SECOND, "t3a.small"), spot: true },
      ],
      balancers: {
        [id]: {
          ...own,
          port: HTTPS_PORT,
          listeners: [
            {
              port: 80,
              protocol: "HTTP",
              redirect: { protocol: "HTTPS", port: String(HTTPS_PORT), status: "HTTP_301" },
            },
          ],
          group: {
            protocol: "HTTP",
            port: 80,
            // A task that is replaced is soon gone.
            attributes: { "deregistration_delay.timeout_seconds": "6" },
            healthCheck: { protocol: "HTTP", timeoutSeconds: 5, codes: "200-399" },
          },
        },
      },
      buckets: [runbookBucket(id)],
      names: [{ name: "shop.sandbox.test", to: { balancer: id } }],
      ecs: spotCluster(
        "shop",
        [
          {
            name: "web",
            deployment: id,
            desired: 2,
            containerPort: CONTAINER_PORT,
            hostPort: 0,
            stopTimeout: 60,
            logGroup: "/ecs/web",
            retention: 30,
          },
        ],
        2,
      ),
      watched: true,
    },
  });
}

/** The public name that EC2 gives the first instance. */
export const PUBLIC_NAME = "ec2-52-17-8-1.eu-west-1.compute.amazonaws.com";

/** One task on one spot instance behind CloudFront, with a database that speaks MySQL's protocol: no load balancer is paid for. */
export function ecsSpotNoLb(): FleetPlan {
  const id = "web-app";
  return hosted({
    name: "ecs-spot-no-lb",
    tells: "CloudFront in front of one spot instance's public address, TiDB, a front end and a worker that reports in.",
    deployments: [
      onEcs(
        "web-app",
        {
          id,
          app: "web-app",
          balanced: false,
          connectionUri: `http://api.sandbox.test:${FIXED_PORT}`,
          service: "backend",
        },
        { cloudfront: "api.sandbox.test" },
      ),
    ],
    account: {
      instances: [{ ...instance(FIRST, "t4g.small"), spot: true }],
      balancers: {},
      buckets: [],
      names: [
        { name: "api.sandbox.test", to: { name: "d1a2b3c4d5e6f7.cloudfront.net" } },
        // CloudFront's own way to its origin is left out: its name leads there at once.
        { name: "d1a2b3c4d5e6f7.cloudfront.net", to: { address: FIRST.host }, route53: false },
        { name: PUBLIC_NAME, to: { address: FIRST.host }, route53: false },
      ],
      distribution: {
        id: "E1SANDBOX00001",
        domainName: "d1a2b3c4d5e6f7.cloudfront.net",
        aliases: ["api.sandbox.test"],
        origin: PUBLIC_NAME,
      },
      ecs: {
        ...spotCluster(
          "web-app",
          [
            {
              name: "backend",
              deployment: id,
              desired: 1,
              containerPort: CONTAINER_PORT,
              hostPort: FIXED_PORT,
              stopTimeout: 60,
              logGroup: "/ecs/backend",
              retention: 14,
            },
          ],
          1,
        ),
        group: {
          desired: 1,
          mixed: { instanceTypes: ["t4g.small", "t4g.medium"], onDemandPercentAboveBase: 0 },
        },
      },
      mysql: { maxConnections: 200 },
      watched: true,
    },
  });
}
