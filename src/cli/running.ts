import { resolve } from "node:path";
import type { CommonOptions } from "./context.ts";
import { configPath, namedConfig } from "./context.ts";
import { endOf, startOn, untilSignal } from "./daemon.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";
import { sandbox } from "./sandbox.ts";

/** Options of `start`. */
export interface StartOptions extends CommonOptions {
  readonly listen?: string;
  /** End in order when standard input ends: a daemon that another process runs beside itself goes with it, however that ends. */
  readonly besideParent?: boolean;
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
  const envFile = options.envFile === undefined ? undefined : resolve(doors.cwd, options.envFile);
  return untilSignal(async () => {
    const daemon = await startOn(
      { configPath: path, envFile, listen: options.listen, log, signal: doors.signal },
      doors,
    );
    if (options.besideParent === true) doors.onInputEnd(() => void daemon.stop());
    return endOf(daemon, doors, () =>
      log.info(`watching; health at ${daemon.webUrl}/healthz and ${daemon.webUrl}/readyz`),
    );
  });
}

/** `npm start`: the fleet where there is a configuration, otherwise the sandbox, saying so. */
export async function npmStart(options: StartOptions, doors: Doors): Promise<ExitCode> {
  if (namedConfig(options, doors) !== undefined || doors.exists(configPath(options, doors)))
    return start(options, doors);
  doors.err(
    `There is no fleet.yaml here, so this is the sandbox: a simulated fleet on loopback, with its own Slack and AWS.\n` +
      `To watch your own fleet: "npx corewatch init" writes a fleet.yaml to fill in, then run "npm start" again.\n\n`,
  );
  return sandbox({ ...options, cores: "4", show: true }, doors);
}
