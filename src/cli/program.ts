import { Command, CommanderError, Option } from "commander";
import { addAlarms } from "./alarms-commands.ts";
import { addCertify } from "./certify-commands.ts";
import { addComplete, addCompletion } from "./completion.ts";
import { type CommonOptions, wantFormat } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";
import { watchSignals } from "./interruption.ts";

const LEVELS = ["debug", "info", "warn", "error", "silent"];

/** Commands of the contract whose time has not come: refused with a sentence, never half done. */
const LATER: Readonly<Record<string, string>> = {
  agent: "a host that probes from its own vantage",
};

/** Verdicts that weigh more than an interruption. */
const ABOVE_INTERRUPTED: ReadonlySet<ExitCode> = new Set([EXIT.configuration, EXIT.usage]);

/**
 * Runs one command line and gives its exit code. Everything that goes wrong becomes one line on stderr; the stack
 * follows only with `--log-level debug`. After SIGINT the code is 130, whatever was still finished; SIGTERM is how a
 * supervisor ends a daemon in order, so there the command decides.
 */
export async function run(argv: readonly string[], outside: Doors): Promise<ExitCode> {
  const interruption = watchSignals(outside);
  try {
    const code = await runCommand(argv, { ...outside, signal: interruption.signal, hold: interruption.hold });
    const isInterrupted =
      (interruption.first() === "SIGINT" || interruption.first() === "SIGHUP") && !ABOVE_INTERRUPTED.has(code);
    return isInterrupted ? EXIT.interrupted : code;
  } finally {
    interruption.forget();
  }
}

async function runCommand(argv: readonly string[], doors: Doors): Promise<ExitCode> {
  let code: ExitCode = EXIT.good;
  const program = build(doors, (result) => (code = result));
  try {
    if (argv[0] === "complete") await addComplete(program);
    else addCompletion(program, (result) => (code = result));
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.good : EXIT.usage;
    if (error instanceof Problem) {
      doors.err(`${doors.redactor.redact(error.message)}\n`);
      debugStack(argv, error, doors);
      return error.exit;
    }
    const text = error instanceof Error ? error.message : String(error);
    doors.err(`corewatch: ${doors.redactor.redact(text)}\n`);
    debugStack(argv, error, doors);
    return EXIT.unsure;
  }
}

function debugStack(argv: readonly string[], error: unknown, doors: Doors): void {
  const at = argv.indexOf("--log-level");
  const debug = argv.includes("--log-level=debug") || (at >= 0 && argv[at + 1] === "debug");
  if (debug && error instanceof Error) doors.err(`${doors.redactor.redact(error.stack ?? "")}\n`);
}

type Done = (code: ExitCode) => void;

function build(doors: Doors, done: Done): Command {
  const program = new Command("corewatch")
    .description("Watches a fleet of HTTP cores behind a load balancer, and tells the truth about it.")
    .version(doors.version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => doors.out(text), writeErr: (text) => doors.err(text) })
    .showHelpAfterError(`Run "corewatch --help" for what there is.`);

  const common: Common = (command, level = "warn", formats = ["text", "json"]) =>
    command
      .option("--config <file>", "the configuration (default: fleet.yaml, or COREWATCH_CONFIG)")
      .option("--env-file <file>", "variables for ${env:NAME}, over the environment's")
      .option("--format <format>", formats.join(", "), (given) => wantFormat(given, formats), "text")
      .option("--no-color", "no colours, also with a terminal")
      .addOption(new Option("--log-level <level>", "how much the log on stderr says").choices(LEVELS).default(level));

  addDaemon(program, common, doors, done);
  addOneShots(program, common, doors, done);
  addIncidents(program, common, doors, done);
  addAlarms(program, common, doors, done);
  addCertify(program, common, doors, done);
  addUpkeep(program, common, doors, done);
  for (const [name, what] of Object.entries(LATER)) {
    program
      .command(name, { hidden: true })
      .helpOption(false)
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        throw new Problem(EXIT.usage, `corewatch ${name} (${what}) is not part of version ${doors.version}`);
      });
  }
  return program;
}

/** Adds the options that every command has. */
type Common = (command: Command, level?: string, formats?: readonly string[]) => Command;

function addDaemon(program: Command, common: Common, doors: Doors, done: Done): void {
  const listen = ["--listen <host:port>", "where the web server listens, over the configuration's"] as const;
  common(program.command("start").description("the daemon: sweeps, incidents, Slack, web"), "info")
    .option(...listen)
    .addOption(new Option("--beside-parent").hideHelp())
    .option("--vantage <name>", "not part of this version")
    .action(async (options: CommonOptions & { listen?: string; vantage?: string }) => {
      if (options.vantage !== undefined) {
        throw new Problem(EXIT.usage, "--vantage (probing from several places) is not part of this version");
      }
      done(await (await import("./running.ts")).start(options, doors));
    });
  common(program.command("npm-start", { hidden: true }), "info")
    .option(...listen)
    .action(async (options: CommonOptions) => done(await (await import("./running.ts")).npmStart(options, doors)));

  const sandbox = common(
    program.command("sandbox").description("the daemon over a simulated fleet on loopback"),
    "info",
  )
    .option("--cores <n>", "how many cores", "4")
    .option(...listen)
    .action(async (options: CommonOptions & { cores: string }) =>
      done(await (await import("./sandbox.ts")).sandbox(options, doors)),
    );
  common(
    sandbox.command("story").description("plays one scripted outage and prints its timeline").argument("<name>"),
  ).action(async (name: string, options: CommonOptions, command: Command) =>
    done(await (await import("./sandbox.ts")).story(name, merged(options, command), doors)),
  );
  common(sandbox.command("exec").description("runs one corewatch command on a sandbox").argument("<command...>"))
    .option("--fleet <name>", "which ready-made fleet", "sandbox")
    .action(async (words: string[], options: CommonOptions & { fleet: string }, command: Command) =>
      done(await (await import("./sandbox.ts")).sandboxExec(words, merged(options, command), doors)),
    );
}

/** `sandbox` and its subcommands take the same options, and commander gives the parent whatever was given. */
function merged<T extends CommonOptions>(options: T, { parent }: Command): T {
  const given = Object.entries(parent?.opts() ?? {}).filter(([name]) => parent?.getOptionValueSource(name) === "cli");
  return { ...options, ...Object.fromEntries(given) };
}

function addOneShots(program: Command, common: Common, doors: Doors, done: Done): void {
  common(program.command("sweep").description("one sweep now, for cron and CI"), "warn", ["text", "json", "junit"])
    .option("--only <kind...>", "only these kinds of check")
    .option("--deployment <id...>", "only these deployments")
    .option("--no-notify", "tell nobody, and need no store")
    .option("--fail-on <health>", "exit 1 on: down or degraded", "down")
    .action(async (options: CommonOptions & { notify: boolean; failOn: string }) =>
      done(await (await import("./sweep.ts")).sweep(options, doors)),
    );
  common(
    program
      .command("probe")
      .description("one probe, with its phases and its own log")
      .argument("<target>")
      .argument("<kind>"),
  ).action(async (target: string, kind: string, options: CommonOptions) =>
    done(await (await import("./probe.ts")).probe(target, kind, options, doors)),
  );
  common(program.command("audit").description("the launch checklist, item by item"), "warn", [
    "text",
    "json",
    "junit",
    "markdown",
    "html",
  ])
    .option("--deployment <id...>", "only these deployments")
    .action(async (options: CommonOptions & { deployment?: string[] }) =>
      done(await (await import("./audit.ts")).audit(options, doors)),
    );
  common(program.command("inventory").description("the resolved fleet"))
    .option("--diff", "what changed since the last look")
    .action(async (options: CommonOptions & { diff?: boolean }) =>
      done(await (await import("./inventory.ts")).inventory(options, doors)),
    );
}

function addIncidents(program: Command, common: Common, doors: Doors, done: Done): void {
  const incidents = program.command("incidents").description("the incidents: list, show, ack, silence");
  common(incidents.command("list", { isDefault: true }).description("open ones first")).action(
    async (options: CommonOptions) => done(await (await import("./incidents.ts")).listIncidents(options, doors)),
  );
  common(incidents.command("show").argument("<id>").description("one incident, its timeline and who was told")).action(
    async (id: string, options: CommonOptions) =>
      done(await (await import("./incidents.ts")).showIncident(id, options, doors)),
  );
  common(incidents.command("ack").argument("<id>").description("somebody is on it: no reminders, no escalation"))
    .option("--by <name>", "who (default: the user)")
    .action(async (id: string, options: CommonOptions & { by?: string }) =>
      done(await (await import("./incidents.ts")).acknowledgeIncident(id, options, doors)),
    );
  common(incidents.command("silence").description("suppresses alerting, never monitoring or a resolution"))
    .option("--deployment <id>", "of this deployment")
    .option("--check <kind>", "of this kind of check")
    .option("--target <id>", "of this target (a * at the end matches the rest)")
    .option("--cause <cause>", "of this cause")
    .requiredOption("--for <duration>", "how long: 30m, 2h, 1d")
    .requiredOption("--reason <text>", "why, for the others")
    .option("--by <name>", "who (default: the user)")
    .action(async (options: CommonOptions & { for: string; reason: string }) =>
      done(await (await import("./silences.ts")).silence(options, doors)),
    );
  common(incidents.command("silences").description("the active silences")).action(async (options: CommonOptions) =>
    done(await (await import("./silences.ts")).listSilences(options, doors)),
  );
  common(incidents.command("unsilence").argument("<id>").description("ends a silence now")).action(
    async (id: string, options: CommonOptions) =>
      done(await (await import("./silences.ts")).unsilence(id, options, doors)),
  );
}

function addUpkeep(program: Command, common: Common, doors: Doors, done: Done): void {
  common(program.command("init").description("writes a commented starter fleet.yaml")).action(
    async (options: CommonOptions) => done(await (await import("./init.ts")).init(options, doors)),
  );
  const config = program.command("config").description("check or describe the configuration");
  common(config.command("check").description("every error at once, with file:line:column")).action(
    async (options: CommonOptions) => done(await (await import("./config.ts")).configCheck(options, doors)),
  );
  common(config.command("schema").description("the JSON Schema of fleet.yaml")).action(async () =>
    done(await (await import("./config.ts")).configSchema(doors)),
  );

  const slack = program.command("slack").description("test the way to Slack, or print the app manifest");
  common(slack.command("test").description("sends and edits one message, checks the scopes"))
    .option("--channel <name>", "where (default: the fleet's channel)")
    .action(async (options: CommonOptions & { channel?: string }) =>
      done(await (await import("./slack.ts")).slackTest(options, doors)),
    );
  common(slack.command("manifest").description("the manifest to create the Slack app from")).action(
    async (options: CommonOptions) => done(await (await import("./slack.ts")).slackManifest(options, doors)),
  );

  const store = program.command("store").description("move or upgrade the store");
  for (const verb of ["export", "import"] as const) {
    common(store.command(verb).argument("<file>").description(`${verb} everything by COPY`)).action(
      async (file: string, options: CommonOptions) =>
        done(await (await import("./store.ts")).moveStore(verb, file, options, doors)),
    );
  }
  common(store.command("migrate").description("brings the schema up to date")).action(async (options: CommonOptions) =>
    done(await (await import("./store.ts")).migrateStore(options, doors)),
  );
}
