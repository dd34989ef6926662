import {
  type AuditExpectations,
  type AuditSettings,
  type Deployment,
  type DiscoverySettings,
  type InventorySettings,
  Secret,
} from "../domain/index.ts";
import { INVENTORY_DEFAULTS } from "./discovered.ts";
import { parseDuration } from "./duration.ts";
import { parseShare } from "./leaves.ts";
import type { Config } from "./schema.ts";

type WrittenDeployment = NonNullable<Config["deployments"]>[number];
type WrittenAudit = NonNullable<WrittenDeployment["audit"]>;
type WrittenExpectations = NonNullable<WrittenAudit["expect"]>;

const DAY_MS = 86_400_000;

/** What of a deployment says how it is found and what it stands on; that the keys fit each other was checked before. */
export function discoveryOf(
  written: WrittenDeployment,
): Pick<Deployment, "discovery" | "ecs" | "distribution" | "controlDatabase"> {
  const { discover, discovery = {}, connectionUri, ecs, cloudfront, controlDatabase } = written;
  const settings = discover === undefined ? undefined : settingsOf(discover, written);
  const uri = new URL(connectionUri);
  const { idPrefix, apiKey } = discovery;
  return {
    ...(settings === undefined
      ? {}
      : {
          discovery: {
            settings,
            addressing: {
              protocol: discovery.protocol ?? (uri.protocol === "http:" ? "http" : "https"),
              address: discovery.address ?? "private",
              basePath: discovery.basePath ?? uri.pathname.replace(/\/+$/, ""),
            },
            ...(idPrefix === undefined ? {} : { idPrefix }),
            ...(apiKey === undefined ? {} : { apiKey: new Secret(apiKey) }),
          },
        }),
    ...(ecs === undefined ? {} : { ecs }),
    ...(cloudfront === undefined ? {} : { distribution: cloudfront }),
    ...(controlDatabase === undefined ? {} : { controlDatabase }),
  };
}

function settingsOf(
  from: NonNullable<WrittenDeployment["discover"]>,
  { discovery = {}, ecs, controlDatabase }: WrittenDeployment,
): DiscoverySettings {
  const { targetGroup, container, containerPort, query, tags = {}, ports = [] } = discovery;
  if (from === "target-group") return { from, ...(targetGroup === undefined ? {} : { targetGroup }) };
  if (from === "ecs")
    return { from, cluster: ecs?.cluster ?? "", service: ecs?.service ?? "", container, containerPort };
  if (from === "control-database") return { from, database: controlDatabase ?? "", query };
  return { from, tags, ports };
}

/** `inventory` */
export function inventoryOf(written: Config["inventory"]): InventorySettings {
  const { schedule, events, budget } = written ?? {};
  const defaults = INVENTORY_DEFAULTS;
  return {
    schedule: schedule ?? defaults.schedule,
    events: { queue: events?.queue, metadata: events?.metadata ?? defaults.events.metadata },
    budgetMs: {
      development: ms(budget?.development) ?? defaults.budgetMs.development,
      production: ms(budget?.production) ?? defaults.budgetMs.production,
    },
  };
}

/** `deployments[].audit` */
export function auditOf({ expect = {}, waive = [] }: WrittenAudit): AuditSettings {
  return {
    expect: expectationsOf(expect),
    waive: waive.map(({ rule, reason, until }) => ({ rule, reason, until: Date.parse(until) })),
  };
}

function expectationsOf(written: WrittenExpectations): AuditExpectations {
  const {
    healthCheckTimeout,
    healthCheckInterval,
    certificateDays,
    certifiedWithin,
    drillWithin,
    logRetention,
    connectionShare,
    spotShare,
    ...same
  } = written;
  const found = {
    ...same,
    healthCheckTimeout: seconds(healthCheckTimeout),
    healthCheckInterval: seconds(healthCheckInterval),
    certificateDays: days(certificateDays),
    certifiedWithin: days(certifiedWithin),
    drillWithin: days(drillWithin),
    logRetention: days(logRetention),
    connectionShare: connectionShare === undefined ? undefined : parseShare(connectionShare),
    spotShare: spotShare === undefined ? undefined : parseShare(spotShare),
  };
  // A rule takes what is there for what is expected: a field without a value must not be there.
  const given: AuditExpectations = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
  return given;
}

function ms(written: string | undefined): number | undefined {
  return written === undefined ? undefined : parseDuration(written);
}

function seconds(written: string | undefined): number | undefined {
  const length = ms(written);
  return length === undefined ? undefined : length / 1000;
}

function days(written: string | undefined): number | undefined {
  const length = ms(written);
  return length === undefined ? undefined : length / DAY_MS;
}
