import { resolve } from "node:path";
import { type Log, wait } from "../domain/index.ts";
import { type CommonOptions, load } from "./context.ts";
import { endOf, isListening, startOn, untilSignal } from "./daemon.ts";
import type { Daemon, DaemonRequest, Doors, RunningSandbox } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";

/** Options of `sandbox`. */
export interface SandboxOptions extends CommonOptions {
  readonly cores: string;
  readonly listen?: string;
  /** Take a core away and bring it back, for people to see. */
  readonly show?: boolean;
}

const MOST_CORES = 300;
/** A free port, where the configuration's is taken. */
const ANYWHERE = "127.0.0.1:0";
/** How often the worker of a passing sandbox reports in, ms: as often as its fleet expects it. */
const BEAT_MS = 10_000;

/** The daemon over a simulated fleet, until a signal. */
export async function sandbox(options: SandboxOptions, doors: Doors): Promise<ExitCode> {
  const cores = Number(options.cores);
  if (!Number.isInteger(cores) || cores < 2 || cores > MOST_CORES) {
    throw new Problem(EXIT.usage, `--cores ${options.cores}: a whole number from 2 to ${MOST_CORES}`);
  }
  refuse("sandbox", { "--config": options.config, "--env-file": options.envFile });
  const log = doors.log(options.logLevel);
  const dir = resolve(doors.cwd, ".corewatch", "sandbox");
  return untilSignal(() =>
    inSandbox({ cores, dir, fleet: "sandbox", log }, doors, async (running) => {
      const daemon = await watch(running, options, log, doors);
      return endOf(daemon, doors, () => introduce(running, daemon, options, doors));
    }),
  );
}

async function watch(
  running: RunningSandbox,
  options: SandboxOptions,
  log: Log,
  doors: Pick<Doors, "daemon" | "err" | "signal">,
): Promise<Daemon> {
  const request: DaemonRequest = {
    configPath: running.config,
    envFile: running.envFile,
    listen: options.listen,
    log,
    signal: doors.signal,
  };
  try {
    return await startOn(request, doors);
  } catch (error) {
    if (options.listen !== undefined || !isListening(error instanceof Problem ? error.cause : undefined)) throw error;
    doors.err("the usual port is taken, so this sandbox's monitor listens on a free one\n");
    return startOn({ ...request, listen: ANYWHERE }, doors);
  }
}

async function introduce(
  running: RunningSandbox,
  daemon: Daemon,
  options: SandboxOptions,
  doors: Pick<Doors, "err" | "signal">,
): Promise<void> {
  running.watchedAt(daemon.webUrl);
  doors.err(
    `\nThe sandbox is up. What Slack receives: ${running.slackPage}\n` +
      `Health of the monitor: ${daemon.webUrl}/readyz\n` +
      `Other commands work on it: npx corewatch sweep --config ${running.config} --env-file ${running.envFile}\n` +
      `Ctrl-C ends it.\n\n`,
  );
  if (options.show === true) await running.show((line) => doors.err(`${line}\n`), doors.signal);
}

/** Plays one scripted outage and says how it went. */
export async function story(
  name: string,
  options: CommonOptions & Partial<SandboxOptions>,
  doors: Doors,
): Promise<ExitCode> {
  refuseOfSandbox("sandbox story", options);
  const stories = await doors.stories();
  if (!stories.some((one) => one.name === name)) {
    throw new Problem(EXIT.usage, `there is no story ${name}: choose ${stories.map((one) => one.name).join(", ")}`);
  }
  const log = doors.log(options.logLevel);
  const outcome = await doors.story(name, passingFolder(`story-${name}`, doors), log, doors.signal);
  if (options.format === "json") doors.out(`${JSON.stringify(outcome, null, 2)}\n`);
  else {
    doors.out(`${outcome.name}: ${outcome.tells}\n\n`);
    for (const one of outcome.timeline) {
      doors.out(`  +${(one.atMs / 1000).toFixed(2).padStart(6)} s  ${one.who.padEnd(9)}  ${one.text}\n`);
    }
    doors.out(
      outcome.passed
        ? "\nIt went as the story says.\n"
        : `\nIt did not go as the story says: ${outcome.failure ?? "no reason was kept"}\n`,
    );
  }
  return outcome.passed ? EXIT.good : EXIT.bad;
}

/** Starts a sandbox, runs one corewatch command on it, and exits with its code. */
export async function sandboxExec(
  command: readonly string[],
  options: CommonOptions & Partial<SandboxOptions> & { readonly fleet: string },
  doors: Doors,
): Promise<ExitCode> {
  refuseOfSandbox("sandbox exec", options);
  const fleets = await doors.sandboxFleets();
  if (!fleets.includes(options.fleet)) {
    throw new Problem(EXIT.usage, `there is no sandbox fleet ${options.fleet}: choose one of ${fleets.join(", ")}`);
  }
  const log = doors.log(options.logLevel);
  const args = command[0] === "corewatch" ? command.slice(1) : command;
  if (args.length === 0)
    throw new Problem(EXIT.usage, "say what to run: corewatch sandbox exec -- sweep --format json");
  const request = {
    cores: 4,
    dir: passingFolder("sandbox-exec", doors),
    fleet: options.fleet,
    log,
    // A certificate asks whether the alarms are there, and a new fleet has none.
    ...(args[0] === "certify" ? { autoApply: "safe" as const } : {}),
  };
  return inSandbox(request, doors, async (running) => {
    const run = (): Promise<number> => doors.runSelf(args, { ...running.env, COREWATCH_CONFIG: running.config });
    // What needs no store finds none, and is there sooner.
    const code = args.includes("--no-notify") ? await run() : await whileBeating(running, options, doors, run);
    return Object.values(EXIT).find((one) => one === code) ?? EXIT.unsure;
  });
}

/** The simulated worker reports to the sandbox's store: there is no daemon that it could report to. */
async function whileBeating<T>(
  running: RunningSandbox,
  options: CommonOptions,
  doors: Doors,
  work: () => Promise<T>,
): Promise<T> {
  const own = { config: running.config, envFile: running.envFile, logLevel: "error" };
  const { fleet, path, log } = await load({ ...options, ...own }, doors);
  const opened = await doors.openStore(fleet, path, log);
  const ended = new AbortController();
  const beat = async (): Promise<void> => {
    for (const { id } of fleet.heartbeats) await opened.store.beat(id, doors.clock.now(), true, "");
  };
  const goOn = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await wait(doors.clock, BEAT_MS, ended.signal);
      if (!ended.signal.aborted) await beat();
    }
  };
  let beating: Promise<void> | undefined;
  try {
    await beat();
    beating = goOn().catch((error: unknown) => log.warn("the sandbox's worker could not report in", { error }));
    return await work();
  } finally {
    ended.abort();
    await beating;
    await opened.stop();
  }
}

/** Runs `use` on a sandbox that is gone afterwards, however it ends. @throws Problem 130 when a signal came while it started. */
async function inSandbox(
  request: Parameters<Doors["sandbox"]>[0],
  doors: Pick<Doors, "sandbox" | "signal">,
  use: (running: RunningSandbox) => Promise<ExitCode>,
): Promise<ExitCode> {
  const running = await doors.sandbox(request);
  try {
    doors.signal.throwIfAborted();
    return await use(running);
  } finally {
    await running.stop();
  }
}

/** A folder of this run alone, so that two runs at once do not meet. */
function passingFolder(name: string, doors: Pick<Doors, "cwd" | "pid">): string {
  return resolve(doors.cwd, ".corewatch", `${name}-${doors.pid}`);
}

function refuseOfSandbox(command: string, options: Partial<SandboxOptions>): void {
  const { config, envFile, listen } = options;
  refuse(command, { "--config": config, "--env-file": envFile, "--listen": listen, "--cores": options.cores });
}

/** @throws Problem 64 for an option that would have no effect: it was given in the belief that it has one. */
function refuse(command: string, given: Readonly<Record<string, string | undefined>>): void {
  const named = Object.keys(given).find((name) => given[name] !== undefined);
  if (named !== undefined) throw new Problem(EXIT.usage, `${command} makes its own fleet, and takes no ${named}`);
}
