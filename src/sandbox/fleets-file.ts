import { stringify } from "yaml";
import { certifySections } from "./fleets-certify.ts";
import type { FleetPlan, PlannedDeployment } from "./fleets.ts";

/** Where everything of a running fleet is. */
export interface FleetPlaces {
  readonly listen: string;
  /** URL of a core by `deployment/core`. */
  urlOf(id: string): string;
  connectionUriOf(deployment: string): string;
  readonly landingUrl: string;
  /** ARN of the queue that alarms go to. */
  readonly alarmQueue: string;
  /** Address of the fleet's operator. */
  readonly operatorUrl: string;
  /** `alarms.autoApply`. */
  readonly autoApply?: "safe" | undefined;
  /** `resolvers`; empty or absent: the system's. */
  readonly resolvers?: readonly string[];
  /** ARN of the queue that notices of hosts go to; absent: there is none. */
  readonly hostQueue?: string;
}

/** Name that is on the certificate of every secure deployment. */
export function serverName(app: string): string {
  return `${app}.sandbox.test`;
}

const HEADER = `# The sandbox's fleet, written by corewatch when the sandbox starts. Other commands work on it while it runs:
#   npx corewatch sweep --config THIS_FILE --env-file env
`;

/** The fleet.yaml of a running sandbox. Secrets stand in the file \`env\` beside it. */
export function renderFleet(plan: FleetPlan, places: FleetPlaces): string {
  // Where cores share a pool, a core's part of it is less than one connection.
  const poolSize = plan.sharePools ? 1 : plan.poolSize;
  const { account } = plan;
  const { resolvers = [] } = places;
  return (
    HEADER +
    stringify({
      version: 1,
      fleet: plan.name,
      region: "eu-west-1",
      slack: { token: "${env:SLACK_BOT_TOKEN}", channel: "#ops", mention: "@oncall" },
      web: { listen: places.listen },
      checks: plan.checks,
      ...(resolvers.length === 0 ? {} : { resolvers }),
      ...(places.hostQueue === undefined
        ? {}
        : { inventory: { schedule: "* * * * * *", events: { queue: places.hostQueue } } }),
      databases: {
        main: { kind: account?.mysql === undefined ? "postgres" : "mysql", url: "${env:SANDBOX_DATABASE_URL}" },
        ...(account?.appsWithLoadBalancer === undefined
          ? {}
          : { control: { kind: "postgres", url: "${env:SANDBOX_CONTROL_URL}" } }),
      },
      deployments: plan.deployments.map((deployment) => ({
        id: deployment.id,
        app: deployment.app,
        kind: deployment.kind,
        connectionUri: places.connectionUriOf(deployment.id),
        database: "main",
        ...(deployment.balanced ? { loadBalancer: deployment.id } : {}),
        ...(deployment.secure
          ? { tls: { ca: "${file:certificates/ca.pem}", serverName: serverName(deployment.app) } }
          : {}),
        ...(poolSize === 10 ? {} : { poolSize }),
        ...certifySections(deployment, places.operatorUrl),
        ...deployment.settings,
        ...(deployment.settings?.["discover"] === undefined ? { cores: coresOf(deployment, places) } : {}),
      })),
      endpoints: [{ id: "landing", url: places.landingUrl, status: "200-399", contains: "Welcome" }],
      // The loopback has no address that SNS could call: alarms come by the queue.
      alarms: {
        profile: "seed",
        subscriptions: [{ protocol: "sqs", endpoint: places.alarmQueue }],
        schedule: "*/30 * * * * *",
        ...(places.autoApply === undefined ? {} : { autoApply: places.autoApply }),
      },
      heartbeats: [{ id: "render-worker", every: "10s", grace: "20s", token: "${env:SANDBOX_HEARTBEAT_TOKEN}" }],
    })
  );
}

function coresOf({ id: deployment, secure, cores }: PlannedDeployment, places: FleetPlaces) {
  return cores.map(({ id, instance, zone }) => ({
    id,
    url: places.urlOf(`${deployment}/${id}`),
    instance,
    zone,
    ...(secure ? { apiKey: "${env:SANDBOX_API_KEY}" } : {}),
  }));
}
