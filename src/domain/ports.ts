import type { Phases } from "./observation.ts";
import type { Secret } from "./secret.ts";
import type { TlsSettings } from "./fleet.ts";

/** Ports of the probing side: what checks need from the world. Adapters in `src/http`, `src/net`, `src/databases`, `src/aws`. None of them throws for what a target does: failures are data. */

/** Structured log. Fields and text are redacted by the adapter. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  child(fields: Record<string, unknown>): Log;
}

/** How the network failed. `local-*`: the fault is on this host (no route, no buffers, no files): never the target's. */
export type NetFailure =
  | "dns-not-found"
  | "dns-failure"
  | "connection-refused"
  | "connection-reset"
  | "connect-timeout"
  | "timeout"
  | "host-unreachable"
  | "tls-handshake-failed"
  | "protocol-error"
  | "too-many-redirects"
  | "local-network"
  | "local-resources"
  | "cancelled";

/** What is wrong with a certificate, or `undefined`. Expiry ahead is the check's to judge from `validTo`. */
export type CertificateProblem = "expired" | "not-yet-valid" | "untrusted" | "name-mismatch";

/** The certificate a server showed. */
export interface CertificateFacts {
  /** Epoch ms. */
  readonly validFrom: number;
  readonly validTo: number;
  readonly subject: string;
  readonly issuer: string;
  readonly problem: CertificateProblem | undefined;
}

/** One HTTP request of a probe. */
export interface HttpRequest {
  readonly url: string;
  readonly method: "GET" | "HEAD" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as is; the caller sets content-type. */
  readonly body?: string;
  /** Host header; the URL's unless set. */
  readonly host?: string;
  readonly tls?: TlsSettings;
  /** `fresh`: never a kept connection; `reuse`: one kept connection per (origin, host, server name). */
  readonly connection: "fresh" | "reuse";
  readonly timeoutMs: number;
  /** Answers longer than this are cut off and reported as `truncated`. */
  readonly maxBodyBytes: number;
  /** 0: a redirect is the answer. */
  readonly maxRedirects: number;
  /** `true`: fail with tls-handshake-failed rather than talk over a bad certificate (requests that carry credentials). */
  readonly requireTrust: boolean;
}

/** What came of it. */
export type HttpResult =
  | {
      readonly ok: true;
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly truncated: boolean;
      readonly phases: Phases;
      readonly certificate: CertificateFacts | undefined;
      readonly reused: boolean;
      readonly remoteAddress: string | undefined;
    }
  | {
      readonly ok: false;
      readonly failure: NetFailure;
      readonly detail: string;
      readonly phases: Phases;
      readonly certificate: CertificateFacts | undefined;
    };

/** Speaks HTTP(S) for probes. */
export interface HttpProber {
  request(request: HttpRequest, signal: AbortSignal, trace?: (line: string) => void): Promise<HttpResult>;
  /** Closes kept connections. */
  close(): Promise<void>;
}

/** Failure of a non-HTTP probe. */
export interface NetError {
  readonly ok: false;
  readonly failure: NetFailure;
  readonly detail: string;
  readonly phases: Phases;
}

/** Plain TCP, TLS and DNS probes. */
export interface NetProber {
  tcp(
    host: string,
    port: number,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<{ ok: true; phases: Phases; remoteAddress: string | undefined } | NetError>;
  tls(
    host: string,
    port: number,
    tls: TlsSettings,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<{ ok: true; phases: Phases; certificate: CertificateFacts } | NetError>;
  /**
   * Addresses (A and AAAA) of a name, asked of the configured resolvers, not through the four shared look-up threads.
   * `names`: what it is an alias of (CNAME); `undefined` where DNS did not say.
   */
  dns(
    name: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<{ ok: true; phases: Phases; addresses: readonly string[]; names?: readonly string[] } | NetError>;
}

/** How a database failed, over and above the network. */
export type DatabaseFailure =
  | NetFailure
  | "authentication-failed"
  | "database-starting"
  | "too-many-connections"
  | "query-failed";

/** What one look at a database found. */
export interface DatabaseFacts {
  readonly version: string;
  readonly readOnly: boolean;
  readonly inRecovery: boolean;
  /** Of a replica behind its primary; on a primary the worst of its replicas; `undefined` where there is none or it is not told. */
  readonly replicationLagMs: number | undefined;
  /** Connections of clients, this look's own included. */
  readonly connectionsUsed: number;
  /** Connections that ordinary roles can have: max_connections less what is reserved. 0: no limit. */
  readonly maxConnections: number;
  readonly readMs: number;
}

/** Looks at a database without writing anything. */
export interface DatabaseProber {
  look(
    url: Secret,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<
    | { ok: true; phases: Phases; facts: DatabaseFacts }
    | { ok: false; failure: DatabaseFailure; detail: string; phases: Phases }
  >;
  close(): Promise<void>;
}

/** Why an AWS call gave no answer. */
export type CloudFailure = "not-found" | "not-authorized" | "throttled" | "unreachable" | "cancelled" | "failed";

/** Thrown by cloud readers: failing to read is never absence. */
export class CloudError extends Error {
  override readonly name = "CloudError";
  readonly failure: CloudFailure;
  constructor(failure: CloudFailure, message: string) {
    super(message);
    this.failure = failure;
  }
}

/** An application load balancer, as far as checks need it. */
export interface LoadBalancerFacts {
  readonly arn: string;
  readonly name: string;
  readonly dnsName: string;
  /** active, provisioning, active_impaired, failed. */
  readonly state: string;
  readonly stateReason: string;
  readonly zones: readonly string[];
  readonly targetGroups: readonly TargetGroupFacts[];
}

/** One target group with the health of its targets. */
export interface TargetGroupFacts {
  readonly arn: string;
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  /** instance, ip … */
  readonly targetType: string;
  readonly targets: readonly TargetHealthFacts[];
}

/** DescribeTargetHealth's word on one target. */
export interface TargetHealthFacts {
  /** Instance id or IP address. */
  readonly id: string;
  readonly port: number;
  readonly zone: string | undefined;
  /** initial, healthy, unhealthy, unhealthy.draining, draining, unused, unavailable. */
  readonly state: string;
  readonly reason: string;
  readonly description: string;
}

/** Where a deployment's AWS account and region are. */
export interface CloudPlace {
  readonly region: string | undefined;
  readonly roleArn: string | undefined;
}

/** Reads load balancers. */
export interface LoadBalancerReader {
  /** @throws CloudError */
  describe(nameOrArn: string, place: CloudPlace, signal: AbortSignal): Promise<LoadBalancerFacts>;
}

/** The key ids that each core of a deployment serves at /.well-known/jwks.json, as far as they were seen. */
export interface KeySets {
  record(deployment: string, core: string, kids: readonly string[], at: number): void;
  /** The set that a strict majority of the deployment's known cores serves; `undefined` when there is none. */
  consensus(deployment: string): ReadonlySet<string> | undefined;
  /** When the core's set was last recorded, epoch ms. */
  recordedAt(deployment: string, core: string): number | undefined;
}

/** Beats of heartbeats. */
export interface BeatReader {
  /** The last beat of `id`, or `undefined` when none ever came; `since` is when corewatch began to expect it. */
  last(id: string): { readonly at: number; readonly ok: boolean; readonly message: string } | undefined;
  readonly since: number;
  /** Since when beats of `id` would have been taken, epoch ms: later than `since` for a heartbeat that was added later. */
  expectedSince?(id: string): number;
}

/** The clock of schedules: node-cron behind it. */
export interface Ticker {
  /** Calls `onSlot` with the start of each slot (epoch ms) as soon as it begins. @throws RangeError for an expression that is not cron. */
  every(expression: string, timezone: string | undefined, onSlot: (slot: number) => void): { stop(): void };
  /** The first slots after `after` (epoch ms). @throws RangeError for an expression that is not cron. */
  next(expression: string, timezone: string | undefined, after: number, count: number): number[];
}
