import { resolve } from "node:path";
import type { CommonOptions } from "./context.ts";
import { configPath } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";

/** Options of `start`. */
export interface StartOptions extends CommonOptions {
  readonly listen?: string;
}

/** The daemon over a configuration; runs until a signal. */
export async function start(options: StartOptions, doors: Doors): Promise<ExitCode> {
  const path = configPath(options, doors);
  if (!doors.exists(path)) {
    throw new Problem(
      EXIT.configuration,
      `no configuration at ${path}: write one with "corewatch init", or look around with "corewatch sandbox"`,
    );
  }
  const log = doors.log(options.logLevel);
  const daemon = await doors.daemon({
    configPath: path,
    envFile: options.envFile === undefined ? undefined : resolve(doors.cwd, options.envFile),
    listen: options.listen,
    log,
  });
  log.info(`watching; health at ${daemon.webUrl}/healthz and ${daemon.webUrl}/readyz`);
  const forget = doors.onSignal((signal) => {
    log.info(`${signal}: stopping`);
    void daemon.stop();
  });
  const ended = await daemon.ended;
  forget();
  return ended === "signal" ? EXIT.good : EXIT.bad;
}

/** `npm start`: the fleet where there is a configuration, otherwise the sandbox, saying so. */
export async function npmStart(options: StartOptions, doors: Doors): Promise<ExitCode> {
  if (
    options.config !== undefined ||
    doors.env["COREWATCH_CONFIG"] !== undefined ||
    doors.exists(configPath(options, doors))
  ) {
    return start(options, doors);
  }
  doors.err(
    `There is no fleet.yaml here, so this is the sandbox: a simulated fleet on loopback, with its own Slack and AWS.\n` +
      `To watch your own fleet: "npx corewatch init" writes a fleet.yaml to fill in, then run "npm start" again.\n\n`,
  );
  return sandbox({ ...options, cores: "4", show: true }, doors);
}

/** Options of `sandbox`. */
export interface SandboxOptions extends StartOptions {
  readonly cores: string;
  /** Take a core away and bring it back, for people to see. */
  readonly show?: boolean;
}

const MOST_CORES = 300;

/** The daemon over a simulated fleet, until a signal. */
export async function sandbox(options: SandboxOptions, doors: Doors): Promise<ExitCode> {
  const cores = Number(options.cores);
  if (!Number.isInteger(cores) || cores < 2 || cores > MOST_CORES) {
    throw new Problem(EXIT.usage, `--cores ${options.cores}: a whole number from 2 to ${MOST_CORES}`);
  }
  const log = doors.log(options.logLevel);
  const stopping = new AbortController();
  let forget = doors.onSignal(() => stopping.abort());
  const running = await doors.sandbox({
    cores,
    dir: resolve(doors.cwd, ".corewatch", "sandbox"),
    fleet: "sandbox",
    log,
  });
  try {
    if (stopping.signal.aborted) return EXIT.good;
    forget();
    const daemon = await doors.daemon({
      configPath: running.config,
      envFile: running.envFile,
      listen: options.listen,
      log,
    });
    forget = doors.onSignal(() => {
      stopping.abort();
      void daemon.stop();
    });
    running.watchedAt(daemon.webUrl);
    doors.err(
      `\nThe sandbox is up. What Slack receives: ${running.slackPage}\n` +
        `Health of the monitor: ${daemon.webUrl}/readyz\n` +
        `Other commands work on it: npx corewatch sweep --config ${running.config} --env-file ${running.envFile}\n` +
        `Ctrl-C ends it.\n\n`,
    );
    if (options.show === true) await running.show((line) => doors.err(`${line}\n`), stopping.signal);
    const ended = await daemon.ended;
    return ended === "signal" ? EXIT.good : EXIT.bad;
  } finally {
    forget();
    await running.stop();
  }
}

/** Plays one scripted outage and says how it went. */
export async function story(name: string, options: CommonOptions, doors: Doors): Promise<ExitCode> {
  const stories = await doors.stories();
  if (!stories.some((one) => one.name === name)) {
    throw new Problem(EXIT.usage, `there is no story ${name}: choose ${stories.map((one) => one.name).join(", ")}`);
  }
  const log = doors.log(options.logLevel);
  const outcome = await doors.story(name, resolve(doors.cwd, ".corewatch", `story-${name}`), log);
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
  options: CommonOptions & { readonly fleet: string },
  doors: Doors,
): Promise<ExitCode> {
  const log = doors.log(options.logLevel === "info" ? "warn" : options.logLevel);
  const args = command[0] === "corewatch" ? command.slice(1) : command;
  if (args.length === 0)
    throw new Problem(EXIT.usage, "say what to run: corewatch sandbox exec -- sweep --format json");
  const running = await doors.sandbox({
    cores: 4,
    dir: resolve(doors.cwd, ".corewatch", "sandbox-exec"),
    fleet: options.fleet,
    log,
  });
  try {
    const code = await doors.runSelf(args, { ...running.env, COREWATCH_CONFIG: running.config });
    return Object.values(EXIT).find((one) => one === code) ?? EXIT.unsure;
  } finally {
    await running.stop();
  }
}
