import type { Located } from "../inventory/index.ts";
import type { CommonOptions, Loaded } from "./context.ts";
import { BadConfiguration, configPath, load } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";

/** Validates the configuration; every error at once, with exit code 78. */
export async function configCheck(options: CommonOptions, doors: Doors): Promise<ExitCode> {
  if (options.format !== "json") {
    const { fleet, path } = await load(options, doors);
    const { fleet: _name, ...counts } = await factsOf(fleet);
    const listed = Object.entries(counts).map(([what, n]) => `${n} ${what}`);
    doors.out(`${path} is valid: fleet ${fleet.name}, ${listed.join(", ")}\n`);
    return EXIT.good;
  }
  const file = configPath(options, doors);
  const print = (document: object): void => {
    // A value that was given at a wrong place may stand in a message.
    doors.out(`${doors.redactor.redact(JSON.stringify({ file, ...document }, null, 2))}\n`);
  };
  try {
    const { fleet, result } = await load(options, doors);
    print({ valid: true, ...(await factsOf(fleet)), errors: [], warnings: result.warnings.map(placeJson) });
    return EXIT.good;
  } catch (error) {
    if (!(error instanceof Problem) || error.exit !== EXIT.configuration) throw error;
    const found =
      error instanceof BadConfiguration
        ? error
        : { errors: [{ file, line: 1, column: 1, path: "", message: error.message, hint: "" }], warnings: [] };
    print({ valid: false, errors: found.errors.map(placeJson), warnings: found.warnings.map(placeJson) });
    return EXIT.configuration;
  }
}

async function factsOf(fleet: Loaded["fleet"]) {
  const { planTasks } = await import("../../checks/index.ts");
  return {
    fleet: fleet.name,
    deployments: fleet.deployments.length,
    cores: fleet.deployments.reduce((sum, one) => sum + one.cores.length, 0),
    databases: fleet.databases.length,
    endpoints: fleet.endpoints.length,
    heartbeats: fleet.heartbeats.length,
    checks: planTasks(fleet).length,
  };
}

function placeJson({ file, line, column, path, message, hint }: Omit<Located, "severity">): object {
  return { file, line, column, path, message, hint };
}

/** Prints the JSON Schema of fleet.yaml. */
export async function configSchema(doors: Doors): Promise<ExitCode> {
  const { configSchema } = await import("../inventory/index.ts");
  doors.out(`${JSON.stringify(configSchema(), null, 2)}\n`);
  return EXIT.good;
}
