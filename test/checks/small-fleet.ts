import { balancersOf, type BalancerInput } from "../../checks/balancer.ts";
import { DEFAULTS } from "../../checks/check.ts";
import type { ProbeContext } from "../../checks/check.ts";
import { Secret, type Core, type Database, type Deployment, type Fleet } from "../../src/domain/index.ts";
import { FakeClock } from "../fakes/clock.ts";

/** A core at 10.0.0.N of instance i-N. */
export function core(number: number, extra: Partial<Core> = {}): Core {
  return {
    id: `c${number}`,
    url: `https://10.0.0.${number}:3567`,
    instance: `i-${number}`,
    zone: number % 2 === 0 ? "eu-west-1b" : "eu-west-1a",
    apiKey: undefined,
    ...extra,
  };
}

/** A production deployment with two cores behind the load balancer `acme-production`. */
export function deployment(extra: Partial<Deployment> = {}): Deployment {
  return {
    id: "acme",
    app: "acme",
    kind: "production",
    tenancy: "dedicated",
    connectionUri: "https://acme.example.com:3567",
    database: "main",
    loadBalancer: "acme-production",
    region: undefined,
    roleArn: undefined,
    tls: { ca: undefined, verify: true, serverName: "acme.example.com" },
    host: "acme.example.com:3567",
    slackChannel: undefined,
    poolSize: 10,
    cores: [core(1), core(2)],
    ...extra,
  };
}

/** A Postgres. */
export function database(extra: Partial<Database> = {}): Database {
  return {
    id: "main",
    kind: "postgres",
    url: new Secret("postgres://cores:secretword@db.internal/supertokens"),
    replica: false,
    maxLagMs: 10_000,
    maxConnectionShare: 0.8,
    ...extra,
  };
}

/** A fleet of one deployment and one database. */
export function fleet(extra: Partial<Fleet> = {}): Fleet {
  const settings = {
    hello: DEFAULTS,
    jwks: DEFAULTS,
    postgres: DEFAULTS,
    mysql: DEFAULTS,
    "through-load-balancer": DEFAULTS,
    "load-balancer": DEFAULTS,
    "target-health": DEFAULTS,
    tls: DEFAULTS,
    dns: DEFAULTS,
    tcp: DEFAULTS,
    session: DEFAULTS,
    http: DEFAULTS,
    heartbeat: DEFAULTS,
  } satisfies Fleet["checks"];
  return {
    name: "acme",
    region: "eu-west-1",
    deployments: [deployment()],
    databases: [database()],
    endpoints: [],
    heartbeats: [],
    checks: settings,
    incidents: { reopenWithinMs: 600_000, remindEveryMs: 14_400_000, escalate: [] },
    slack: undefined,
    fallback: undefined,
    web: { host: "127.0.0.1", port: 8090, publicUrl: undefined },
    store: { url: undefined, retention: { rawMs: 1, minuteMs: 1, hourMs: 1 } },
    silences: [],
    maintenance: [],
    ...extra,
  };
}

/** The one load balancer of a fleet. */
export function balancerOf(of: Fleet): BalancerInput {
  const [only] = balancersOf(of);
  if (only === undefined) throw new Error("the fleet has no load balancer");
  return only.input;
}

/** What a check may use, and what it traced; a port that is not given fails when it is touched. */
export function context(extra: Partial<ProbeContext> = {}): ProbeContext & { readonly lines: string[] } {
  const lines: string[] = [];
  const untouched = (): never => {
    throw new Error("this port was not given");
  };
  const databases = { look: untouched, close: untouched };
  return {
    clock: new FakeClock(),
    settings: DEFAULTS,
    http: { request: untouched, close: untouched },
    net: { tcp: untouched, tls: untouched, dns: untouched },
    postgres: databases,
    mysql: databases,
    loadBalancers: { describe: untouched },
    keySets: { record: untouched, consensus: untouched, recordedAt: untouched },
    beats: { since: 0, last: untouched },
    signal: new AbortController().signal,
    trace: (line) => void lines.push(line),
    ...extra,
    lines,
  };
}
