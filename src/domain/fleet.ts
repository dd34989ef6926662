import type { AlarmSettings, DeploymentAlarms } from "./alarms.ts";
import type { AuditSettings } from "./audit.ts";
import type { CertifySettings, ScaleSettings } from "./certify.ts";
import type { CoreAddressing, DiscoverySettings, FoundState, InventorySettings } from "./discovery.ts";
import type { CheckKind } from "./health.ts";
import type { Secret } from "./secret.ts";

/**
 * The resolved fleet: what exists, what is expected of it, and how corewatch watches it. Built by `src/inventory` from
 * fleet.yaml (defaults filled in, secrets read); every feature is a function of it. All durations are milliseconds.
 */
export interface Fleet {
  readonly name: string;
  /** Default AWS region; a deployment's own wins. `undefined`: what the SDK finds. */
  readonly region: string | undefined;
  readonly deployments: readonly Deployment[];
  readonly databases: readonly Database[];
  readonly endpoints: readonly Endpoint[];
  readonly heartbeats: readonly Heartbeat[];
  readonly checks: Readonly<Record<CheckKind, CheckSettings>>;
  readonly incidents: IncidentSettings;
  readonly slack: SlackSettings | undefined;
  readonly fallback: FallbackSettings | undefined;
  readonly web: WebSettings;
  readonly store: StoreSettings;
  readonly silences: readonly Silence[];
  readonly maintenance: readonly MaintenanceWindow[];
  /** CloudWatch alarms and topics; absent: the runbook's, never applied by itself. */
  readonly alarms?: AlarmSettings;
  /** How the fleet is found, where deployments are. */
  readonly inventory?: InventorySettings;
  /** `address:port` of the name servers that are asked; absent: the system's. */
  readonly resolvers?: readonly string[];
}

/** A group of cores behind one connectionUri. */
export interface Deployment {
  readonly id: string;
  readonly app: string;
  readonly kind: "production" | "development";
  readonly tenancy: "dedicated" | "multi-tenant";
  /** The address that users' back ends have; `https://host:port[/base-path]` without a trailing slash. */
  readonly connectionUri: string;
  /** Id of the database behind the cores. */
  readonly database: string | undefined;
  /** Name or ARN of the AWS load balancer. */
  readonly loadBalancer: string | undefined;
  readonly region: string | undefined;
  readonly roleArn: string | undefined;
  readonly tls: TlsSettings;
  /** Host header for every probe of this deployment: the connectionUri's host (with port) unless set. */
  readonly host: string;
  /** Slack channel of this deployment; the fleet's unless set. */
  readonly slackChannel: string | undefined;
  /** Connections that one core holds open (`postgresql_connection_pool_size`, default 10: facts of supertokens-core). */
  readonly poolSize: number;
  readonly cores: readonly Core[];
  /** What its CloudWatch alarms have of their own. */
  readonly alarms?: DeploymentAlarms;
  /** How load may be put on it; absent: not at all. */
  readonly certify?: CertifySettings;
  /** How a core is added. */
  readonly scale?: ScaleSettings;
  /** What the launch checklist expects otherwise, and what is waived. */
  readonly audit?: AuditSettings;
  /** Where its cores are found; absent: they stand in fleet.yaml. */
  readonly discovery?: {
    readonly settings: DiscoverySettings;
    readonly addressing: CoreAddressing;
    /** Found cores are called `<idPrefix>-1`, `<idPrefix>-2` …; the app's id unless set. */
    readonly idPrefix?: string;
    /** API key of every found core. */
    readonly apiKey?: Secret;
  };
  /** The ECS service that runs its cores. */
  readonly ecs?: { readonly cluster: string; readonly service: string };
  /** CloudFront distribution in front of it: id, domain name or alias. */
  readonly distribution?: string;
  /** Id of the database with the tables of the hosted fleet (`apps_with_load_balancer`). */
  readonly controlDatabase?: string;
}

/** How TLS of a deployment is verified. */
export interface TlsSettings {
  /** PEM of extra authorities. */
  readonly ca: string | undefined;
  /** `false`: an untrusted certificate is not reported (expiry still is). */
  readonly verify: boolean;
  /** Name that is sent (SNI) and expected; the connectionUri's host unless set. */
  readonly serverName: string;
}

/** One core process. */
export interface Core {
  /** Unique within its deployment. */
  readonly id: string;
  readonly url: string;
  readonly instance: string | undefined;
  readonly zone: string | undefined;
  readonly apiKey: Secret | undefined;
  /** Of a found core: what is expected of it now. Absent: it is expected to answer. */
  readonly expectation?: {
    readonly state: FoundState | "leaving";
    /** For people: `draining`, `spot interruption at 10:02`. */
    readonly why: string;
    /** A starting core: until when it need not be healthy, epoch ms. */
    readonly until: number | null;
  };
}

/** A database that cores use. */
export interface Database {
  readonly id: string;
  readonly kind: "postgres" | "mysql";
  readonly url: Secret;
  /** `true`: a read replica; then read-only and in-recovery are as they should be. */
  readonly replica: boolean;
  /** Replication lag from which the database is degraded. */
  readonly maxLagMs: number;
  /** Share of max_connections, 0–1, from which the database is degraded. */
  readonly maxConnectionShare: number;
}

/** Anything else that speaks HTTP, or tcp://host:port, or dns://name. */
export interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly method: "GET" | "HEAD" | "POST";
  /** Accepted status ranges, both ends included. */
  readonly status: readonly (readonly [from: number, to: number])[];
  /** Text that the body must hold. */
  readonly contains: string | undefined;
  /** dns:// only: addresses or names, one of which the answer must hold. */
  readonly expect: readonly string[];
  readonly headers: Readonly<Record<string, Secret>>;
  readonly tls: TlsSettings | undefined;
  readonly slackChannel: string | undefined;
}

/** A worker that cannot be reached and reports in. */
export interface Heartbeat {
  readonly id: string;
  readonly everyMs: number;
  readonly graceMs: number;
  readonly token: Secret | undefined;
  readonly slackChannel: string | undefined;
}

/** Settings of one kind of check. */
export interface CheckSettings {
  readonly enabled: boolean;
  /** Cron with seconds (6 fields); its fire times are the slots. */
  readonly schedule: string;
  readonly timezone: string | undefined;
  readonly timeoutMs: number;
  /** A target turns bad when this many of the last `window` observations are bad and the latest is. */
  readonly failures: number;
  /** A bad target turns good after this many good observations in a row. */
  readonly successes: number;
  readonly window: number;
  /** `fresh`: a new connection each time; `reuse`: keep-alive, with a fresh one at least every minute. */
  readonly connection: "fresh" | "reuse";
  /** Days before expiry from which a certificate is degraded. */
  readonly certificateDays: number;
  /** Duration from which a good answer is `degraded` with reason `slow`; `undefined`: never. */
  readonly slowMs: number | undefined;
}

/** How incidents behave. */
export interface IncidentSettings {
  /** A recurrence within this time of the resolution reopens the incident. */
  readonly reopenWithinMs: number;
  /** An open incident that nobody acknowledged is repeated this often. */
  readonly remindEveryMs: number;
  readonly escalate: readonly EscalationStep[];
}

/** Tell more people when nobody acknowledged for `afterMs`. */
export interface EscalationStep {
  readonly afterMs: number;
  readonly channel: string | undefined;
  readonly mention: string | undefined;
}

/** The Slack workspace. */
export interface SlackSettings {
  readonly token: Secret;
  readonly channel: string;
  readonly appToken: Secret | undefined;
  /** Put in front of critical messages: `@oncall`, `<!here>`, `<@U…>`, `<!subteam^S…>`. */
  readonly mention: string | undefined;
}

/** A signed JSON webhook for when Slack does not deliver. */
export interface FallbackSettings {
  readonly webhook: Secret;
  readonly secret: Secret;
  /** How long Slack may fail in passing before this route is taken; a dead channel takes it at once. */
  readonly afterMs: number;
}

/** The daemon's own HTTP server. */
export interface WebSettings {
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | undefined;
}

/** Where observations and incidents are kept. */
export interface StoreSettings {
  /** `undefined`: the embedded Postgres beside the configuration. */
  readonly url: Secret | undefined;
  readonly retention: { readonly rawMs: number; readonly minuteMs: number; readonly hourMs: number };
}

/** What a silence or a maintenance window applies to; every given field must match; `*` at the end is a prefix match. */
export interface Match {
  readonly deployment?: string;
  readonly check?: CheckKind;
  readonly target?: string;
  readonly cause?: string;
}

/** Suppresses alerting (never monitoring, never a resolution) until it expires. */
export interface Silence {
  readonly id: string;
  readonly match: Match;
  /** Epoch milliseconds; silences always expire. */
  readonly from: number;
  readonly until: number;
  readonly reason: string;
  readonly by: string;
}

/** A recurring silence: from each fire time of `schedule` (cron, 5 or 6 fields) for `durationMs`. */
export interface MaintenanceWindow {
  readonly id: string;
  readonly match: Match;
  readonly schedule: string;
  readonly durationMs: number;
  readonly timezone: string;
  readonly reason: string;
}
