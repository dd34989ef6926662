import { resolve } from "node:path";
import type { CommonOptions } from "./context.ts";
import { configPath, load, stateDirectory, wantFormat } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";
import { iso } from "./json.ts";

/** Validates the configuration; every error at once, with exit code 78. */
export async function configCheck(options: CommonOptions, doors: Doors): Promise<ExitCode> {
  const format = wantFormat(options.format, ["text", "json"]);
  const { fleet, path } = await load(options, doors);
  const { planTasks } = await import("../../checks/index.ts");
  const cores = fleet.deployments.reduce((sum, one) => sum + one.cores.length, 0);
  const facts = {
    fleet: fleet.name,
    deployments: fleet.deployments.length,
    cores,
    databases: fleet.databases.length,
    endpoints: fleet.endpoints.length,
    heartbeats: fleet.heartbeats.length,
    checks: planTasks(fleet).length,
  };
  if (format === "json") doors.out(`${JSON.stringify({ file: path, valid: true, ...facts }, null, 2)}\n`);
  else {
    const { fleet: name, ...counts } = facts;
    doors.out(
      `${path} is valid: fleet ${name}, ${Object.entries(counts)
        .map(([what, n]) => `${n} ${what}`)
        .join(", ")}\n`,
    );
  }
  return EXIT.good;
}

/** Prints the JSON Schema of fleet.yaml. */
export async function configSchema(doors: Doors): Promise<ExitCode> {
  const { configSchema } = await import("../inventory/index.ts");
  doors.out(`${JSON.stringify(configSchema(), null, 2)}\n`);
  return EXIT.good;
}

/** Writes a commented starter fleet.yaml; never over an existing one. */
export async function init(options: CommonOptions, doors: Doors): Promise<ExitCode> {
  const path = configPath(options, doors);
  if (doors.exists(path)) throw new Problem(EXIT.usage, `${path} is there already: it was not touched`);
  const { starterFleet } = await import("../inventory/index.ts");
  doors.writeNewFile(path, starterFleet());
  doors.err(`wrote ${path}: fill it in, set the variables that it names, then run "corewatch config check"\n`);
  return EXIT.good;
}

/** The resolved fleet, and what changed since the last look. */
export async function inventory(options: CommonOptions & { readonly diff?: boolean }, doors: Doors): Promise<ExitCode> {
  const format = wantFormat(options.format, ["text", "json"]);
  const { fleet, path, log } = await load(options, doors);
  const { describeInventory, diffDescriptions } = await import("../inventory/index.ts");
  const now = describeInventory(fleet, doors.clock.now());
  const opened = options.diff === true ? await doors.openStore(fleet, path, log) : undefined;
  try {
    const key = `inventory:${fleet.name}`;
    const changes = opened === undefined ? [] : diffDescriptions(await opened.store.getFact(key), now);
    if (opened !== undefined) await opened.store.putFact(key, now);
    if (format === "json") doors.out(`${JSON.stringify({ ...now, stale: false, changes }, null, 2)}\n`);
    else {
      const lines = [`fleet ${fleet.name} at ${iso(doors.clock.now())}`];
      for (const one of fleet.deployments) {
        lines.push(`${one.id} (${one.kind}, ${one.tenancy}) ${one.connectionUri}`);
        for (const core of one.cores) {
          lines.push(
            `  ${core.id}  ${core.url}  ${core.instance ?? "no instance given"}  ${core.zone ?? "no zone given"}`,
          );
        }
      }
      if (options.diff === true) {
        lines.push(changes.length === 0 ? "no change since the last look" : "since the last look:");
        for (const one of changes) lines.push(`  ${one.event} ${one.target}`);
      }
      doors.out(`${lines.join("\n")}\n`);
    }
    return EXIT.good;
  } finally {
    await opened?.stop();
  }
}

/** Moves the store between servers, or brings its schema up to date. */
export async function storeCommand(
  verb: "export" | "import" | "migrate",
  file: string | undefined,
  options: CommonOptions,
  doors: Doors,
): Promise<ExitCode> {
  const { fleet, path, log } = await load(options, doors);
  const opened = await doors.openStore(fleet, path, log);
  try {
    if (verb === "migrate" || file === undefined) {
      const { from, to } = await opened.store.migrate();
      doors.out(
        options.format === "json" ? `${JSON.stringify({ from, to })}\n` : `the store's schema is at version ${to}\n`,
      );
    } else {
      const full = resolve(doors.cwd, file);
      const { rows } =
        verb === "export" ? await doors.exportStore(opened, full) : await doors.importStore(opened, full);
      const done = verb === "export" ? `wrote ${rows} rows to ${full}` : `read ${rows} rows from ${full}`;
      doors.out(options.format === "json" ? `${JSON.stringify({ file: full, rows })}\n` : `${done}\n`);
    }
    return EXIT.good;
  } finally {
    await opened.stop();
  }
}

/** Sends and edits one message and checks the scopes, or prints the app manifest. */
export async function slackTest(
  options: CommonOptions & { readonly channel?: string },
  doors: Doors,
): Promise<ExitCode> {
  const format = wantFormat(options.format, ["text", "json"]);
  const { fleet, log } = await load(options, doors);
  const channel = options.channel ?? fleet.slack?.channel;
  if (fleet.slack === undefined || channel === undefined) {
    throw new Problem(EXIT.configuration, `the configuration has no "slack" section: give it a token and a channel`);
  }
  const steps = await doors.slackTest(fleet, channel, log);
  const ok = steps.every((one) => one.ok || !one.needed);
  if (format === "json") doors.out(`${JSON.stringify({ channel, ok, steps }, null, 2)}\n`);
  else doors.out(`${steps.map((one) => `${one.ok ? "ok    " : "failed"}  ${one.step}: ${one.detail}`).join("\n")}\n`);
  return ok ? EXIT.good : EXIT.bad;
}

export { stateDirectory };
