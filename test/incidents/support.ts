import {
  activeWindows,
  reconcile,
  type ActiveWindow,
  type Picture,
  type SeriesView,
} from "../../src/incidents/index.ts";
import {
  Secret,
  seriesKey,
  type CheckKind,
  type Core,
  type Database,
  type Deployment,
  type Diagnosis,
  type Endpoint,
  type Finding,
  type Fleet,
  type Health,
  type Heartbeat,
  type Incident,
  type IncidentEvent,
  type NoticeDraft,
  type Reason,
  type Silence,
  type Target,
} from "../../src/domain/index.ts";

export { activeWindows };

/** 2026-11-21T08:00:00Z */
export const START = Date.parse("2026-11-21T08:00:00Z");
export const MINUTE = 60_000;

const SETTINGS = {
  enabled: true,
  schedule: "*/10 * * * * *",
  timezone: undefined,
  timeoutMs: 10_000,
  failures: 2,
  successes: 2,
  window: 5,
  connection: "fresh",
  certificateDays: 21,
  slowMs: undefined,
} as const;

export function core(id: string, more: Partial<Core> = {}): Core {
  return {
    id,
    url: `https://${id}.example.com:3567`,
    instance: undefined,
    zone: undefined,
    apiKey: undefined,
    ...more,
  };
}

export function deployment(id: string, cores: number | readonly Core[], more: Partial<Deployment> = {}): Deployment {
  return {
    id,
    app: id,
    kind: "production",
    tenancy: "dedicated",
    connectionUri: `https://${id}.example.com:3567`,
    database: undefined,
    loadBalancer: id,
    region: undefined,
    roleArn: undefined,
    tls: { ca: undefined, verify: true, serverName: `${id}.example.com` },
    host: `${id}.example.com`,
    slackChannel: undefined,
    poolSize: 10,
    cores: typeof cores === "number" ? Array.from({ length: cores }, (_, i) => core(`${id}-${i + 1}`)) : cores,
    ...more,
  };
}

export function database(id: string, more: Partial<Database> = {}): Database {
  return {
    id,
    kind: "postgres",
    url: new Secret("postgres://watch:hunter22@db/main"),
    replica: false,
    maxLagMs: 10_000,
    maxConnectionShare: 0.8,
    ...more,
  };
}

export function endpoint(id: string, more: Partial<Endpoint> = {}): Endpoint {
  return {
    id,
    url: `https://${id}.example.com/`,
    method: "GET",
    status: [[200, 399]],
    contains: undefined,
    expect: [],
    headers: {},
    tls: undefined,
    slackChannel: undefined,
    ...more,
  };
}

export function heartbeat(id: string, more: Partial<Heartbeat> = {}): Heartbeat {
  return { id, everyMs: 5 * MINUTE, graceMs: 2 * MINUTE, token: undefined, slackChannel: undefined, ...more };
}

export function fleetOf(more: Partial<Fleet> = {}): Fleet {
  return {
    name: "acme",
    region: undefined,
    deployments: [],
    databases: [],
    endpoints: [],
    heartbeats: [],
    checks: {
      hello: SETTINGS,
      jwks: SETTINGS,
      postgres: SETTINGS,
      mysql: SETTINGS,
      "through-load-balancer": SETTINGS,
      "load-balancer": SETTINGS,
      "target-health": SETTINGS,
      tls: SETTINGS,
      dns: SETTINGS,
      tcp: SETTINGS,
      session: SETTINGS,
      http: SETTINGS,
      heartbeat: SETTINGS,
    },
    incidents: { reopenWithinMs: 10 * MINUTE, remindEveryMs: 4 * 60 * MINUTE, escalate: [] },
    slack: { token: new Secret("xoxb-secret"), channel: "#ops", appToken: undefined, mention: "@oncall" },
    fallback: undefined,
    web: { host: "127.0.0.1", port: 0, publicUrl: undefined },
    store: { url: undefined, retention: { rawMs: 1, minuteMs: 1, hourMs: 1 } },
    silences: [],
    maintenance: [],
    ...more,
  };
}

interface ViewOptions {
  readonly since?: number;
  /** The newest probe, when it differs from what is settled; `null`: there was none. */
  readonly latest?: { readonly health: Health; readonly reason: Reason; readonly at?: number } | null;
  readonly findings?: readonly Finding[];
  readonly measures?: Readonly<Record<string, number>>;
}

/** A picture that tests paint series by series; every series of the fleet that is not painted is missing. */
export class Painter {
  readonly series = new Map<string, SeriesView>();
  now: number;
  reasons: readonly string[] = [];
  readonly fleet: Fleet;

  constructor(fleet: Fleet, now = START) {
    this.fleet = fleet;
    this.now = now;
  }

  /** All hellos, databases and ways through load balancers are up. */
  well(since = this.now - 60 * MINUTE): this {
    for (const one of this.fleet.deployments) {
      for (const { id } of one.cores) this.core(`${one.id}/${id}`, "up", "ok", { since });
      this.through(one.id, "up", "ok", { since });
    }
    for (const one of this.fleet.databases) this.database(one.id, "up", "ok", { since });
    return this;
  }

  set(target: Target, check: CheckKind, health: Health, reason: Reason, options: ViewOptions = {}): this {
    const since = options.since ?? this.now;
    const latest = options.latest === null ? undefined : { health, reason, at: this.now, ...options.latest };
    this.series.set(seriesKey(target, check), {
      target,
      check,
      health,
      reason,
      since,
      latest:
        latest === undefined
          ? undefined
          : {
              ...latest,
              target,
              check,
              detail: "postgres://watch:hunter22@db/main",
              measures: options.measures ?? {},
              slot: latest.at,
              durationMs: 5,
              latenessMs: 0,
              ...(options.findings === undefined ? {} : { findings: options.findings }),
            },
    });
    return this;
  }

  core(id: string, health: Health, reason: Reason, options?: ViewOptions): this {
    return this.set({ kind: "core", id, deployment: id.split("/")[0] ?? null }, "hello", health, reason, options);
  }

  /** Every core of a deployment. */
  cores(id: string, health: Health, reason: Reason, options?: ViewOptions): this {
    const found = this.fleet.deployments.find((one) => one.id === id);
    for (const one of found?.cores ?? []) this.core(`${id}/${one.id}`, health, reason, options);
    return this;
  }

  of(id: string, check: CheckKind, health: Health, reason: Reason, options?: ViewOptions): this {
    return this.set({ kind: "deployment", id, deployment: id }, check, health, reason, options);
  }

  through(id: string, health: Health, reason: Reason, options?: ViewOptions): this {
    return this.of(id, "through-load-balancer", health, reason, options);
  }

  balancer(
    id: string,
    check: "load-balancer" | "target-health",
    health: Health,
    reason: Reason,
    options?: ViewOptions,
  ): this {
    return this.set({ kind: "load-balancer", id, deployment: id }, check, health, reason, options);
  }

  database(id: string, health: Health, reason: Reason, options?: ViewOptions): this {
    return this.set({ kind: "database", id, deployment: null }, "postgres", health, reason, options);
  }

  picture(): Picture {
    return {
      fleet: this.fleet,
      now: this.now,
      series: this.series,
      prober: { degraded: this.reasons.length > 0, reasons: this.reasons },
    };
  }
}

/** The only one of a list; a list of any other length fails the test. */
export function single<T>(items: readonly T[]): T {
  const [first] = items;
  if (items.length !== 1 || first === undefined) throw new Error(`one expected, not ${JSON.stringify(items, null, 1)}`);
  return first;
}

/** What the store and people would see: incidents, timeline and notices over time. */
export class World {
  readonly incidents = new Map<string, Incident>();
  readonly events: IncidentEvent[] = [];
  readonly notices: NoticeDraft[] = [];
  silences: Silence[] = [];
  windows: ActiveWindow[] = [];
  fleet: Fleet;
  /** How many incident rows were written. */
  writes = 0;
  #next = 1;

  constructor(fleet: Fleet) {
    this.fleet = fleet;
  }

  /** One decision; returns what it said to people. */
  step(now: number, diagnoses: readonly Diagnosis[], incomplete?: (incident: Incident) => boolean): NoticeDraft[] {
    const incidents = [...this.incidents.values()].filter(
      (one) => one.state !== "resolved" || (one.resolvedAt ?? 0) >= now - this.fleet.incidents.reopenWithinMs,
    );
    const output = reconcile({
      fleet: this.fleet,
      now,
      diagnoses,
      incidents,
      silences: this.silences,
      windows: this.windows,
      newIncidentId: () => `INC-${this.#next++}`,
      states: [],
      ...(incomplete === undefined ? {} : { incomplete }),
    });
    for (const one of output.incidents) this.incidents.set(one.id, structuredClone(one));
    this.writes += output.incidents.length;
    this.events.push(...output.events);
    this.notices.push(...output.notices);
    return [...output.notices];
  }

  get open(): Incident[] {
    return [...this.incidents.values()].filter((one) => one.state !== "resolved");
  }

  /** Kinds of events of an incident, in order. */
  story(id: string): string[] {
    return this.events.filter((one) => one.incident === id).map((one) => one.kind);
  }
}

/** A diagnosis about one core unless told otherwise. */
export function diagnosis(more: Partial<Diagnosis> = {}): Diagnosis {
  return {
    scope: { kind: "deployment", id: "acme" },
    deployment: "acme",
    cause: "core-down",
    severity: "major",
    signIn: "yes",
    evidence: ["acme/acme-1 refuses connections."],
    affected: [
      {
        target: { kind: "core", id: "acme/acme-1", deployment: "acme" },
        health: "down",
        reason: "connection-refused",
        since: START,
        check: "hello",
      },
    ],
    ...more,
  };
}

/** `card #ops opened`, `reply! #ops resolved` (`!`: broadcast), with the mention. */
export function brief(notices: readonly NoticeDraft[]): string[] {
  return notices.map(
    (one) =>
      `${one.kind}${one.broadcast ? "!" : ""} ${one.channel} ${one.because}${one.mention === null ? "" : ` ${one.mention}`}`,
  );
}
