import { spawn } from "node:child_process";
import { createReadStream, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Doors, OpenedStore } from "./cli/doors.ts";
import { EXIT, Problem } from "./cli/exit.ts";
import { stateDirectory } from "./cli/context.ts";
import { type Fleet, type Log, Redactor, StoreUnavailable } from "./domain/index.ts";
import { systemClock } from "./system/clock.ts";
import { createLog, LOG_LEVELS, type LogLevel } from "./system/log.ts";
import { packageVersion } from "./system/process.ts";

/** Configuration, authorities and secrets are small; anything larger was named by mistake. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;

/** The real outside world. Each door imports what it needs when it is first opened. */
export function createDoors(): Doors {
  const redactor = new Redactor();
  const redact = (text: string): string => redactor.redact(text);
  const clock = systemClock;
  const doors: Doors = {
    clock,
    // Nothing interrupts a command that is run without signals; run() lays its own over this.
    signal: new AbortController().signal,
    hold: () => ({ giveUp: new AbortController().signal, release: () => {} }),
    exit: (code) => process.exit(code),
    pid: process.pid,
    redactor,
    env: process.env,
    // AWS's SDK and Slack's address look at the process's environment: an env file has to reach them too.
    adoptEnv: (values) => void Object.assign(process.env, values),
    cwd: process.cwd(),
    version: packageVersion(),
    colors: process.stdout.isTTY && process.env["NO_COLOR"] === undefined && process.env["TERM"] !== "dumb",
    terminal: {
      isTerminal: process.stderr.isTTY && process.env["TERM"] !== "dumb",
      get columns() {
        return process.stderr.columns || 80;
      },
    },
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    onSignal(stop) {
      const handler = (signal: string): void => stop(signal);
      process.on("SIGINT", handler).on("SIGTERM", handler);
      return () => void process.off("SIGINT", handler).off("SIGTERM", handler);
    },
    onHangUp(stop) {
      const handler = (): void => stop("SIGHUP");
      process.on("SIGHUP", handler);
      return () => void process.off("SIGHUP", handler);
    },
    onInputEnd: (gone) => void process.stdin.on("end", gone).on("error", gone).resume(),
    readFile(path) {
      if (statSync(path).size > MAX_FILE_BYTES)
        throw new Error(`it is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`);
      return readFileSync(path, "utf8");
    },
    writeNewFile(path, text) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text, { flag: "wx" });
    },
    writeFile: (path, text) => writeFileSync(path, text),
    exists: existsSync,
    log: (level) =>
      createLog({
        level: LOG_LEVELS.find((one) => one === level) ?? ("info" satisfies LogLevel),
        format: process.env["COREWATCH_LOG_FORMAT"] === "json" ? "json" : "text",
        write: (line) => void process.stderr.write(line),
        redact,
      }),
    ticker: async () => (await import("./cron/ticker.ts")).createTicker({ clock }),
    ports: async (fleet) => (await import("./main-ports.ts")).createPorts(clock, fleet),
    coreSources: async (loadBalancers) =>
      (await import("./main-inventory.ts")).createCoreSources(
        loadBalancers === undefined ? { clock } : { clock, loadBalancers },
      ),
    hostNotices: async () => (await import("./main-inventory.ts")).createNoticeWorld({ clock, env: process.env }),
    alarmCloud: async (log) => (await import("./main-alarms.ts")).createAlarmCloud({ clock, log }),
    tellDrill: async (fleet, log) => {
      const { createFleetMessenger } = await import("./main-slack.ts");
      const { tellDrill } = await import("./main-alarm-watch.ts");
      const messenger = await createFleetMessenger(fleet, { clock, log, redact, env: process.env }, false);
      const { slack } = fleet;
      const chat = slack === undefined || messenger === undefined ? undefined : { messenger, channel: slack.channel };
      return (text, nonce) => tellDrill(chat, text, nonce);
    },
    openStore: (fleet, configPath, log) => openStore(fleet, configPath, log, redact),
    drain: async (fleet, store, log, ms) =>
      (await import("./main-slack.ts")).drainOutbox(fleet, store, { clock, log, redact, env: process.env }, ms),
    slackTest: async (fleet, channel, log) =>
      (await import("./main-slack.ts")).slackTrial(fleet, channel, { clock, log, redact, env: process.env }),
    slackManifest,
    exportStore: async (opened, file) => (await import("./store/transfer.ts")).exportStore(opened.store, file),
    importStore: async (opened, file) => (await import("./store/transfer.ts")).importStore(opened.store, file),
    daemon: async (request) => (await import("./main-daemon.ts")).startDaemon(request, doors),
    sandbox: async (request) => (await import("./main-sandbox.ts")).runSandbox(request, doors),
    story: async (name, dir, log, signal) =>
      (await import("./main-sandbox.ts")).runStory(name, dir, log, doors, signal),
    sandboxFleets: async () => Object.keys((await import("./sandbox/fleets.ts")).FLEETS),
    audit: async (request) => (await import("./main-audit.ts")).createAuditWorld(request, doors),
    certify: async (request) => (await import("./main-certify.ts")).createCertifyWorld(request, doors),
    readBytes: (path) => createReadStream(path, { highWaterMark: 1 << 20 }),
    ask,
    stories: async () => (await import("./sandbox/stories.ts")).STORIES,
    runSelf,
  };
  return doors;
}

/**
 * The fleet's store: the server named by `store.url`, or the embedded one beside the configuration (started here when
 * none runs, and then stopped by `stop`).
 * @throws Problem 3 when it is out of reach.
 */
async function openStore(
  fleet: Fleet,
  configPath: string,
  log: Log,
  redact: (text: string) => string,
): Promise<OpenedStore> {
  const { openStore: open } = await import("./store/index.ts");
  const embedded =
    fleet.store.url === undefined
      ? await (
          await import("./store/embedded.ts")
        ).ensureEmbedded({ dir: stateDirectory(configPath), log, clock: systemClock })
      : undefined;
  const url = embedded?.url ?? fleet.store.url?.reveal() ?? "";
  try {
    const store = await open({
      url,
      fleet: fleet.name,
      retention: fleet.store.retention,
      clock: systemClock,
      log,
      redact,
    });
    await store.migrate();
    return {
      store,
      embedded: embedded !== undefined,
      async stop() {
        await store.close();
        await embedded?.stop();
      },
    };
  } catch (error) {
    await embedded?.stop();
    if (error instanceof StoreUnavailable) throw new Problem(EXIT.unsure, error.message, { cause: error });
    throw error;
  }
}

/** One line from the terminal; nobody sits at a pipe. */
async function ask(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

async function slackManifest(): ReturnType<Doors["slackManifest"]> {
  const { manifestObject, slackManifest } = await import("./slack/manifest.ts");
  return { yaml: slackManifest(), data: manifestObject() };
}

/** As the door's first line has it: there, and here for a child. */
const NODE_OPTIONS = ["--max-semi-space-size=8", "--"];

/** Runs corewatch as a child; signals are passed on. A Ctrl-C that the child has from the terminal too counts once. */
function runSelf(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const door = fileURLToPath(new URL("./cli/corewatch.mjs", import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...NODE_OPTIONS, door, ...args], {
      stdio: "inherit",
      env: { ...process.env, ...env },
    });
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
    process.on("SIGINT", pass).on("SIGTERM", pass);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      process.off("SIGINT", pass).off("SIGTERM", pass);
      resolve(code ?? (signal === "SIGINT" ? EXIT.interrupted : EXIT.unsure));
    });
  });
}
