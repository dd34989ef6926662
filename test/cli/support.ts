import type { DaemonRequest, Doors } from "../../src/cli/doors.ts";
import { run } from "../../src/cli/program.ts";
import { type HttpProber, type Log, Redactor } from "../../src/domain/index.ts";
import { clockPorts } from "../checks/support.ts";
import { FakeClock } from "../fakes/clock.ts";
import { recordingLog } from "../fakes/log.ts";
import { FakeStore } from "../fakes/store.ts";
import { FakeTicker } from "../fakes/ticker.ts";

/** A small fleet.yaml; `more` is laid over it. */
export function fleetText(more: Record<string, unknown> = {}): string {
  const cores = [1, 2].map((n) => ({ id: `acme-${n}`, url: `http://10.0.0.${n}:3567` }));
  const uri = "http://10.0.0.9:3567";
  const acme = { id: "acme", app: "acme", kind: "production", connectionUri: uri, cores };
  return JSON.stringify({ version: 1, fleet: "acme", deployments: [acme], ...more });
}

/** Cores that are well; those whose address is in `down` refuse. */
export function cores(down: ReadonlySet<string> = new Set()): HttpProber {
  const phases = { total: 1 };
  return {
    request: ({ url }) =>
      Promise.resolve(
        down.has(new URL(url).hostname)
          ? { ok: false, failure: "connection-refused", detail: "refused", phases, certificate: undefined }
          : {
              ok: true,
              status: 200,
              headers: {},
              body: url.endsWith("jwks.json") ? JSON.stringify({ keys: [{ kid: "d-1", kty: "RSA" }] }) : "Hello\n",
              truncated: false,
              phases,
              certificate: undefined,
              reused: false,
              remoteAddress: undefined,
            },
      ),
    close: () => Promise.resolve(),
  };
}

/** What a command line came to. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Corewatch with the outside world replaced: files in memory, a store in memory, a clock that stands still. */
export class Rig {
  readonly clock = new FakeClock();
  readonly store = new FakeStore(this.clock);
  readonly log = recordingLog();
  readonly files = new Map<string, string>([["/fleets/fleet.yaml", fleetText()]]);
  readonly env: Record<string, string> = {};
  /** What was asked of it, in order. */
  readonly calls: string[] = [];
  readonly exits: number[] = [];
  http = cores();
  /** Doors that a test makes its own. */
  doors: Partial<Doors> = {};
  #stops = new Set<(signal: string) => void>();
  #out = "";
  #err = "";

  /** Sends a signal, as a terminal or a supervisor does. */
  signal(name: string): void {
    for (const stop of this.#stops) stop(name);
  }

  /** How many listen for signals: a leak shows here. */
  get listening(): number {
    return this.#stops.size;
  }

  async run(...args: string[]): Promise<Ran> {
    this.#out = "";
    this.#err = "";
    const code = await run(args, { ...this.#doors(), ...this.doors });
    return { code, out: this.#out, err: this.#err };
  }

  #doors(): Doors {
    const { clock, store, log, files, env, calls } = this;
    const ticker = new FakeTicker(clock);
    const never = (what: string) => (): Promise<never> => Promise.reject(new Error(`nobody expected ${what}`));
    return {
      clock,
      redactor: new Redactor(),
      env,
      adoptEnv: (values) => void Object.assign(env, values),
      cwd: "/fleets",
      version: "1.2.3",
      colors: false,
      pid: 4711,
      signal: new AbortController().signal,
      terminal: { isTerminal: false, columns: 80 },
      certify: never("load"),
      audit: never("an audit"),
      readBytes: () => {
        throw new Error("no file is read here");
      },
      onInputEnd: () => {},
      onHangUp: () => () => {},
      ask: () => Promise.resolve(undefined),
      hold: () => ({ giveUp: new AbortController().signal, release: () => {} }),
      out: (text) => void (this.#out += text),
      err: (text) => void (this.#err += text),
      exit: (code) => void this.exits.push(code),
      onSignal: (stop) => {
        this.#stops.add(stop);
        return () => void this.#stops.delete(stop);
      },
      readFile(path) {
        const text = files.get(path);
        if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
        return text;
      },
      writeFile: (path, text) => void files.set(path, text),
      writeNewFile: (path, text) => void files.set(path, text),
      exists: (path) => files.has(path) || [...files.keys()].some((one) => one.startsWith(`${path}/`)),
      log: (level): Log => (calls.push(`log ${level}`), log),
      ticker: () => Promise.resolve(ticker),
      ports: () => Promise.resolve({ ...clockPorts(clock), http: this.http, close: () => Promise.resolve() }),
      alarmCloud: never("AWS"),
      coreSources: never("a look for cores"),
      hostNotices: never("notices of hosts"),
      tellDrill: never("a drill"),
      openStore: () => {
        calls.push("store opened");
        const stop = (): Promise<void> => (calls.push("store stopped"), Promise.resolve());
        return Promise.resolve({ store, embedded: true, stop });
      },
      drain: () => (calls.push("drained"), Promise.resolve({ sent: 0, waiting: 0 })),
      slackTest: never("Slack"),
      slackManifest: () => Promise.resolve({ yaml: "# scopes\nname: corewatch\n", data: { name: "corewatch" } }),
      exportStore: () => Promise.resolve({ rows: 3 }),
      importStore: () => Promise.resolve({ rows: 3 }),
      daemon: (request) => Promise.resolve(daemonOf(request, calls)),
      sandbox: (request) => {
        calls.push(`sandbox ${request.fleet} in ${request.dir}`);
        if (request.autoApply !== undefined) calls.push(`alarms ${request.autoApply}`);
        files.set("/box/env", "SANDBOX=yes\n");
        files.set("/box/fleet.yaml", fleetText({ heartbeats: [{ id: "worker", every: "10s", grace: "20s" }] }));
        return Promise.resolve({
          config: "/box/fleet.yaml",
          envFile: "/box/env",
          slackPage: "http://slack",
          env: { SANDBOX: "yes" },
          stop: () => (calls.push("sandbox stopped"), Promise.resolve()),
          watchedAt: (url) => void calls.push(`watched at ${url}`),
          show: () => Promise.resolve(),
        });
      },
      sandboxFleets: () => Promise.resolve(["sandbox", "storm"]),
      story: never("a story"),
      stories: () => Promise.resolve([{ name: "core-down", tells: "A core dies." }]),
      runSelf: never("a child"),
    };
  }
}

/** A daemon that runs until it is stopped. */
export function daemonOf({ listen, configPath }: DaemonRequest, calls: string[]): Awaited<ReturnType<Doors["daemon"]>> {
  calls.push(`daemon over ${configPath}${listen === undefined ? "" : ` on ${listen}`}`);
  const { promise: ended, resolve } = Promise.withResolvers<"signal" | "failed">();
  return {
    webUrl: `http://${listen ?? "127.0.0.1:8090"}`,
    incidents: () => Promise.resolve([]),
    states: () => Promise.resolve([]),
    ended,
    stop: () => (calls.push("daemon stopped"), resolve("signal"), Promise.resolve()),
  };
}

/** What the web server says when its port is taken. */
export function taken(): Error {
  const cause = Object.assign(new Error("listen EADDRINUSE"), { code: "EADDRINUSE", syscall: "listen" });
  return new Error("the web server cannot listen on 127.0.0.1:8090: EADDRINUSE", { cause });
}
