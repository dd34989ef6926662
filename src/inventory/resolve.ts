import { createHash } from "node:crypto";
import {
  type CertifyThresholds,
  type CheckKind,
  type CheckSettings,
  type Core,
  type Database,
  type Deployment,
  type Endpoint,
  type Fleet,
  type Heartbeat,
  type MaintenanceWindow,
  type Match,
  Secret,
  type Silence,
  type TlsSettings,
} from "../domain/index.ts";
import { alarmsOf, deploymentAlarmsOf } from "./resolve-alarms.ts";
import { certifyOf, scaleOf } from "./resolve-certify.ts";
import { auditOf, discoveryOf, inventoryOf } from "./resolve-discovery.ts";
import { parseDuration } from "./duration.ts";
import { forEachKind } from "./kinds.ts";
import { parseStatuses } from "./leaves.ts";
import { parseListen } from "./listen.ts";
import type { Config } from "./schema.ts";

type Written<Key extends keyof Config> = NonNullable<Config[Key]>;
type WrittenDeployment = Written<"deployments">[number];
type WrittenTls = NonNullable<WrittenDeployment["tls"]>;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What features ask where the configuration says nothing. */
export interface Defaults {
  readonly checkDefaults: Readonly<Record<CheckKind, CheckSettings>>;
  readonly certifyDefaults: CertifyThresholds;
}

/** Fills in the defaults: a valid configuration becomes the fleet that every feature is a function of. */
export function resolveFleet(config: Config, { checkDefaults, certifyDefaults }: Defaults): Fleet {
  const listen = parseListen(config.web?.listen ?? "127.0.0.1:8090") ?? { host: "127.0.0.1", port: 8090 };
  const { slack, fallback, incidents } = config;
  return {
    name: config.fleet,
    region: config.region,
    deployments: (config.deployments ?? []).map((one) => deploymentOf(one, certifyDefaults)),
    databases: Object.entries(config.databases ?? {}).map(([id, one]) => databaseOf(id, one)),
    endpoints: (config.endpoints ?? []).map(endpointOf),
    heartbeats: (config.heartbeats ?? []).map(heartbeatOf),
    checks: checksOf(config.checks ?? {}, checkDefaults),
    incidents: {
      reopenWithinMs: ms(incidents?.reopenWithin, 600_000),
      remindEveryMs: ms(incidents?.remindEvery, 4 * HOUR),
      escalate: (incidents?.escalate ?? []).map((step) => ({
        afterMs: ms(step.after, 0),
        channel: step.channel,
        mention: step.mention,
      })),
    },
    slack: slack && {
      token: new Secret(slack.token),
      channel: slack.channel,
      appToken: secretOf(slack.appToken),
      mention: slack.mention,
    },
    fallback: fallback && {
      webhook: new Secret(fallback.webhook),
      secret: new Secret(fallback.secret),
      afterMs: ms(fallback.after, 120_000),
    },
    web: { ...listen, publicUrl: config.web?.publicUrl && withoutSlash(config.web.publicUrl) },
    store: {
      url: secretOf(config.store?.url),
      retention: {
        rawMs: ms(config.store?.retention?.raw, DAY),
        minuteMs: ms(config.store?.retention?.minute, 7 * DAY),
        hourMs: ms(config.store?.retention?.hour, 400 * DAY),
      },
    },
    silences: (config.silences ?? []).map(silenceOf),
    maintenance: (config.maintenance ?? []).map(maintenanceOf),
    ...(config.alarms === undefined ? {} : { alarms: alarmsOf(config.alarms) }),
    ...(isFound(config) ? { inventory: inventoryOf(config.inventory) } : {}),
    ...(config.resolvers === undefined ? {} : { resolvers: config.resolvers }),
  };
}

/** Whether anything of the fleet is found, or how it would be is said. */
function isFound({ inventory, deployments = [] }: Config): boolean {
  return inventory !== undefined || deployments.some((one) => one.discover !== undefined);
}

function deploymentOf(written: WrittenDeployment, certifyDefaults: CertifyThresholds): Deployment {
  const uri = new URL(written.connectionUri);
  return {
    id: written.id,
    app: written.app,
    kind: written.kind,
    tenancy: written.tenancy ?? "dedicated",
    connectionUri: withoutSlash(written.connectionUri),
    database: written.database,
    loadBalancer: written.loadBalancer,
    region: written.region,
    roleArn: written.roleArn,
    tls: tlsOf(written.tls, uri),
    host: written.host ?? uri.host,
    slackChannel: written.slack?.channel,
    poolSize: written.poolSize ?? 10,
    cores: (written.cores ?? []).map(coreOf),
    ...(written.alarms === undefined ? {} : { alarms: deploymentAlarmsOf(written.alarms) }),
    ...(written.certify === undefined ? {} : { certify: certifyOf(written.certify, certifyDefaults) }),
    ...(written.scale === undefined ? {} : { scale: scaleOf(written.scale) }),
    ...(written.audit === undefined ? {} : { audit: auditOf(written.audit) }),
    ...discoveryOf(written),
  };
}

function coreOf(written: NonNullable<WrittenDeployment["cores"]>[number]): Core {
  return {
    id: written.id,
    url: withoutSlash(written.url),
    instance: written.instance,
    zone: written.zone,
    apiKey: secretOf(written.apiKey),
  };
}

function databaseOf(id: string, written: Written<"databases">[string]): Database {
  return {
    id,
    kind: written.kind,
    url: new Secret(written.url),
    replica: written.replica ?? false,
    maxLagMs: ms(written.maxLag, 30_000),
    maxConnectionShare: written.maxConnectionShare ?? 0.8,
  };
}

function endpointOf(written: Written<"endpoints">[number]): Endpoint {
  const headers = Object.entries(written.headers ?? {}).map(([name, value]) => [name, new Secret(value)] as const);
  return {
    id: written.id,
    url: written.url,
    method: written.method ?? "GET",
    status: parseStatuses(written.status ?? "200-299") ?? [],
    contains: written.contains,
    expect: typeof written.expect === "string" ? [written.expect] : (written.expect ?? []),
    headers: Object.fromEntries(headers),
    tls: written.tls && tlsOf(written.tls, new URL(written.url)),
    slackChannel: written.slack?.channel,
  };
}

function heartbeatOf(written: Written<"heartbeats">[number]): Heartbeat {
  return {
    id: written.id,
    everyMs: ms(written.every, 0),
    graceMs: ms(written.grace, 60_000),
    token: secretOf(written.token),
    slackChannel: written.slack?.channel,
  };
}

function checksOf(
  written: Written<"checks">,
  defaults: Readonly<Record<CheckKind, CheckSettings>>,
): Record<CheckKind, CheckSettings> {
  return forEachKind((kind) => {
    const own = written[kind] ?? {};
    const base = defaults[kind];
    return {
      enabled: own.enabled ?? base.enabled,
      schedule: own.schedule ?? base.schedule,
      timezone: own.timezone ?? base.timezone,
      timeoutMs: ms(own.timeout, base.timeoutMs),
      failures: own.failures ?? base.failures,
      successes: own.successes ?? base.successes,
      window: own.window ?? base.window,
      connection: own.connection ?? base.connection,
      certificateDays: own.certificateDays ?? base.certificateDays,
      slowMs: own.slow === undefined ? base.slowMs : ms(own.slow, 0),
    };
  });
}

function silenceOf(written: Written<"silences">[number]): Silence {
  return {
    id: written.id ?? `file-${digest(written)}`,
    match: matchOf(written.match),
    from: written.from === undefined ? 0 : Date.parse(written.from),
    until: Date.parse(written.until),
    reason: written.reason ?? "",
    by: written.by ?? "fleet.yaml",
  };
}

function maintenanceOf(written: Written<"maintenance">[number]): MaintenanceWindow {
  return {
    id: written.id ?? `file-${digest(written)}`,
    match: matchOf(written.match),
    schedule: written.schedule,
    durationMs: ms(written.duration, 0),
    timezone: written.timezone ?? "UTC",
    reason: written.reason ?? "",
  };
}

/** Only the fields that are given: a field that is `undefined` must not look like one that has to match. */
function matchOf(written: Match): Match {
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
}

/** Made from the content, so that moving an entry within the file makes no new silence of it. */
function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 10);
}

function tlsOf(written: WrittenTls | undefined, address: URL): TlsSettings {
  const name = address.hostname.replace(/^\[|\]$/g, "");
  return { ca: written?.ca, verify: written?.verify ?? true, serverName: written?.serverName ?? name };
}

function secretOf(value: string | undefined): Secret | undefined {
  return value === undefined ? undefined : new Secret(value);
}

function ms(written: string | undefined, otherwise: number): number {
  return written === undefined ? otherwise : (parseDuration(written) ?? otherwise);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
