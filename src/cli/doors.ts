import type {
  AlarmReader,
  AlarmWriter,
  AuditCloud,
  Certificate,
  Clock,
  ControlDatabaseReader,
  CriterionOutcome,
  DatabaseFacts,
  Deployment,
  Fleet,
  Incident,
  LoadBalancerReader,
  LoadTarget,
  Log,
  Redactor,
  RunEnvironment,
  RunObserver,
  SeriesState,
  ShotsSink,
  Store,
  Ticker,
  WireRequest,
} from "../domain/index.ts";
import type { CloudPacer } from "../../alarms/rate.ts";
import type { ProbeContext } from "../../checks/check.ts";
import type { CoreState, RunPorts } from "../../loadtests/run-ports.ts";
import type { OwnKnowledge } from "../audit/rule.ts";
import type { Told } from "../watch/alarm-drills.ts";
import type { CoreSources } from "../watch/inventory-look.ts";
import type { NoticeWorld } from "../watch/inventory-notices.ts";
import type { ExitCode } from "./exit.ts";
import type { Interruption } from "./interruption.ts";

/** The ports that probes need, and the way to let go of them. */
export interface ProbePorts extends Omit<ProbeContext, "settings" | "signal" | "trace"> {
  close(): Promise<void>;
}

/** A store that a command opened; `stop` also stops the embedded server where this process started it. */
export interface OpenedStore {
  readonly store: Store;
  readonly embedded: boolean;
  stop(): Promise<void>;
}

/** AWS as the alarm manager needs it: one pacer for everything in this process. */
export interface AlarmCloud {
  readonly reader: AlarmReader;
  readonly writer: AlarmWriter;
  readonly pacer: CloudPacer;
  /** Says how often AWS throttled, if it did. */
  close(): void;
}

/** One step of `slack test`, in the order in which it was done. */
export interface SlackStep {
  readonly step: string;
  readonly ok: boolean;
  readonly detail: string;
  /** `false`: messages arrive without it, but something (finding a message after a crash) is worse. */
  readonly needed: boolean;
}

/** What a sandbox prints about itself. */
export interface SandboxFacts {
  readonly config: string;
  readonly envFile: string;
  readonly slackPage: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How a story went. */
export interface StoryOutcome {
  readonly name: string;
  readonly tells: string;
  readonly passed: boolean;
  /** What was expected and what came, when it failed. */
  readonly failure: string | undefined;
  readonly timeline: readonly { readonly atMs: number; readonly who: string; readonly text: string }[];
}

/** What a daemon is asked for. */
export interface DaemonRequest {
  readonly configPath: string;
  readonly envFile: string | undefined;
  /** HOST:PORT, over the configuration's. */
  readonly listen: string | undefined;
  readonly log: Log;
  /** Ends the starting early, with nothing left running. */
  readonly signal?: AbortSignal;
}

/** A running daemon. */
export interface Daemon {
  readonly webUrl: string;
  /** All incidents, newest first. */
  incidents(): Promise<readonly Incident[]>;
  /** What is settled of every series. */
  states(): Promise<readonly SeriesState[]>;
  /** Resolves when it has stopped, with the reason. */
  readonly ended: Promise<"signal" | "failed">;
  stop(): Promise<void>;
}

/** A running sandbox. */
export interface RunningSandbox extends SandboxFacts {
  /** Removes it and what corewatch kept of it. */
  stop(): Promise<void>;
  /** Tells the simulated worker where to send its beats. */
  watchedAt(webUrl: string): void;
  /** Takes one core away and brings it back, saying so: what `npm start` shows. */
  show(say: (line: string) => void, signal: AbortSignal): Promise<void>;
}

/** What the checklist looks at the world with. */
export interface AuditWorld {
  readonly cloud: AuditCloud;
  readonly control: ControlDatabaseReader;
  readonly own: OwnKnowledge;
  /** Facts of the deployment's database; looked at once for all that share it. @throws Error */
  database(deployment: Deployment): Promise<DatabaseFacts>;
  /** Addresses of a name, as the configured name servers say. @throws Error */
  resolve(name: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** What is to be certified. */
export interface CertifyRequest {
  readonly fleet: Fleet;
  readonly deployment: Deployment;
  readonly configPath: string;
  readonly envFile: string | undefined;
  readonly log: Log;
}

/** What a store remembers of a certificate, for the checklist. */
export interface KeptCertificate {
  /** Epoch ms. */
  readonly at: number;
  readonly verdict: Certificate["verdict"];
  readonly criteria: Readonly<Record<string, CriterionOutcome>>;
  readonly rate: number;
  /** How long the rate was planned to be held, ms; 0: not at all. */
  readonly heldMs: number;
  readonly sessions: number;
  readonly file: string;
  readonly hash: string;
}

/** What a certification does the world with. */
export interface CertifyWorld extends Pick<RunPorts, "generator" | "closed" | "capacity" | "hooks" | "counters"> {
  /** The load balancer's word on each core; `undefined` where the deployment has none. */
  readonly targetHealth: ((deployment: Deployment, signal: AbortSignal) => Promise<readonly CoreState[]>) | undefined;
  environment(): RunEnvironment;
  /** What a name resolves to here, IPv4 and IPv6; empty when there is no such name. @throws Error */
  addresses(host: string): Promise<readonly string[]>;
  /** What the DNS name of the load balancer resolves to; empty where there is none, or it could not be told. */
  loadBalancerAddresses(): Promise<readonly string[]>;
  /** One request to the target. @throws Error without an answer */
  call(
    target: LoadTarget,
    request: WireRequest,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly body: string }>;
  /** Runs `work` while no other certification of this deployment runs. @throws Problem 64 when one does */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Starts to watch, in a process of its own unless a daemon does already. `current` is the fleet as it is by then. */
  observer(current: () => Fleet, signal: AbortSignal): Promise<RunObserver>;
  sink(path: string): ShotsSink;
  /** Remembers a certificate in the store. */
  keep(certificate: KeptCertificate): Promise<void>;
  stop(): Promise<void>;
}

/**
 * What commands may ask the outside for. `main.ts` builds these, each imported when first used, so that a command
 * loads only what it needs.
 */
export interface Doors {
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Lays variables over the process's environment. */
  adoptEnv(values: Readonly<Record<string, string>>): void;
  readonly cwd: string;
  readonly version: string;
  /** Whether standard output is a terminal that takes colours. */
  readonly colors: boolean;
  /** Standard error, where progress is shown. */
  readonly terminal: { readonly isTerminal: boolean; readonly columns: number };
  out(text: string): void;
  err(text: string): void;
  /** Runs `stop` on SIGINT and SIGTERM; returns the way to forget it. */
  onSignal(stop: (signal: string) => void): () => void;
  /** Runs `stop` when the terminal is gone (SIGHUP); returns the way to forget it. */
  onHangUp(stop: (signal: string) => void): () => void;
  /** Aborts when the command is to end early; its reason is the Problem to end with. */
  readonly signal: AbortSignal;
  /** Lets a second signal give clean-up up rather than end the process: see {@link Interruption.hold}. */
  readonly hold: Interruption["hold"];
  /** Ends the process now, whatever is under way. */
  exit(code: ExitCode): void;
  /** Calls back when standard input ends: whoever started this process is gone. */
  onInputEnd(gone: () => void): void;
  readonly pid: number;
  readFile(path: string): string;
  writeNewFile(path: string, text: string): void;
  /** Writes a file, or writes it anew. */
  writeFile(path: string, text: string): void;
  exists(path: string): boolean;
  log(level: string): Log;
  ticker(): Promise<Ticker>;
  ports(fleet: Fleet): Promise<ProbePorts>;
  alarmCloud(log: Log): Promise<AlarmCloud>;
  /** Reads where found cores are; a daemon's share the looks of its checks at load balancers. */
  coreSources(loadBalancers?: LoadBalancerReader): Promise<CoreSources>;
  /** Where notices that hosts will go come from. */
  hostNotices(): Promise<NoticeWorld>;
  /** What tells the fleet's channel of a drill; it gives `undefined` where there is no Slack. */
  tellDrill(fleet: Fleet, log: Log): Promise<(text: string, nonce: string) => Promise<Told | undefined>>;
  openStore(fleet: Fleet, configPath: string, log: Log): Promise<OpenedStore>;
  /** Drains the outbox for up to `ms`; resolves with what is left. */
  drain(fleet: Fleet, store: Store, log: Log, ms: number): Promise<{ sent: number; waiting: number }>;
  slackTest(fleet: Fleet, channel: string, log: Log): Promise<readonly SlackStep[]>;
  /** The app manifest as YAML with comments, and as data. */
  slackManifest(): Promise<{ readonly yaml: string; readonly data: Readonly<Record<string, unknown>> }>;
  exportStore(store: OpenedStore, file: string): Promise<{ rows: number }>;
  importStore(store: OpenedStore, file: string): Promise<{ rows: number }>;
  daemon(request: DaemonRequest): Promise<Daemon>;
  /** `autoApply`: what its configuration says of alarms; the daemon leaves them alone unless set. */
  sandbox(request: {
    readonly cores: number;
    readonly dir: string;
    readonly fleet: string;
    readonly log: Log;
    readonly autoApply?: "safe";
  }): Promise<RunningSandbox>;
  /** Names of the fleets that a sandbox can be. */
  sandboxFleets(): Promise<readonly string[]>;
  /** Ends early, with nothing left running, when `signal` aborts. */
  story(name: string, dir: string, log: Log, signal: AbortSignal): Promise<StoryOutcome>;
  audit(request: { readonly fleet: Fleet; readonly configPath: string; readonly log: Log }): Promise<AuditWorld>;
  certify(request: CertifyRequest): Promise<CertifyWorld>;
  /** The bytes of a file, as they come. */
  readBytes(path: string): AsyncIterable<Uint8Array>;
  /** Asks the person at the terminal; `undefined` when there is none. */
  ask(question: string): Promise<string | undefined>;
  readonly stories: () => Promise<readonly { name: string; tells: string }[]>;
  /** Runs corewatch itself as a child with these arguments and environment; resolves with its exit code. */
  runSelf(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number>;
}
