import { DEFAULTS, type Check, type ProbeContext } from "../../checks/check.ts";
import { createKeySets } from "../../checks/key-sets.ts";
import type { CheckSettings, Core, Deployment, Endpoint, Fleet, NetProber, Outcome } from "../../src/domain/index.ts";
import { createHttpProber } from "../../src/http/prober.ts";
import { createNetProber } from "../../src/net/prober.ts";
import { ForwardClock, NEVER } from "../http/support.ts";

const CHECK_DEFAULTS: Fleet["checks"] = {
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
};

/** What a check of the HTTP side is probed with: real sockets, a clock that can be put forward. */
export class Bench {
  readonly clock = new ForwardClock();
  readonly http = createHttpProber({ clock: this.clock });
  readonly net: NetProber;
  readonly keySets = createKeySets();
  readonly lines: string[] = [];

  /** `servers`: the name servers to ask. */
  constructor(servers?: readonly string[]) {
    this.net = createNetProber({ clock: this.clock, ...(servers === undefined ? {} : { servers }) });
  }

  probe<Input>(check: Check<Input>, input: Input, more: Partial<CheckSettings> = {}, signal = NEVER): Promise<Outcome> {
    return check.probe(input, contextOf(check, this, more, signal));
  }

  async close(): Promise<void> {
    await this.http.close();
  }
}

type Ports = Pick<ProbeContext, "clock" | "http" | "net" | "keySets"> & { readonly lines: string[] };

/** The context of one probe; what the HTTP side never uses refuses to be used. */
function contextOf<Input>(
  check: Check<Input>,
  ports: Ports,
  more: Partial<CheckSettings>,
  signal: AbortSignal,
): ProbeContext {
  const refuse = (): Promise<never> => Promise.reject(new Error("not for these checks"));
  const { clock, http, net, keySets, lines } = ports;
  return {
    clock,
    http,
    net,
    keySets,
    signal,
    settings: { ...check.defaults, timeoutMs: 5_000, ...more },
    postgres: { look: refuse, close: refuse },
    mysql: { look: refuse, close: refuse },
    loadBalancers: { describe: refuse },
    beats: { last: () => undefined, since: 0 },
    trace: (line) => void lines.push(line),
  };
}

export function deployment(id: string, connectionUri: string, cores: readonly string[] = []): Deployment {
  const { host, hostname } = new URL(connectionUri);
  return {
    id,
    app: id,
    kind: "production",
    tenancy: "dedicated",
    connectionUri,
    database: undefined,
    loadBalancer: undefined,
    region: undefined,
    roleArn: undefined,
    tls: { ca: undefined, verify: true, serverName: hostname },
    host,
    slackChannel: undefined,
    poolSize: 10,
    cores: cores.map((url, at): Core => {
      return { id: `c${at + 1}`, url, instance: undefined, zone: undefined, apiKey: undefined };
    }),
  };
}

export function endpoint(id: string, url: string, more: Partial<Endpoint> = {}): Endpoint {
  return {
    id,
    url,
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

/** A fleet of these, with every check at its own defaults. */
export function fleet(deployments: readonly Deployment[], endpoints: readonly Endpoint[] = []): Fleet {
  return {
    name: "test",
    region: undefined,
    deployments,
    endpoints,
    databases: [],
    heartbeats: [],
    checks: CHECK_DEFAULTS,
    incidents: { reopenWithinMs: 0, remindEveryMs: 0, escalate: [] },
    slack: undefined,
    fallback: undefined,
    web: { host: "127.0.0.1", port: 0, publicUrl: undefined },
    store: { url: undefined, retention: { rawMs: 0, minuteMs: 0, hourMs: 0 } },
    silences: [],
    maintenance: [],
  };
}

/** The body of a core's key set. */
export function keySet(...kids: string[]): string {
  return JSON.stringify({ keys: kids.map((kid) => ({ kty: "RSA", kid, n: "…", e: "AQAB" })) });
}
