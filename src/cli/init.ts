import type { CommonOptions } from "./context.ts";
import { configPath } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";

/** Writes a commented starter fleet.yaml; never over an existing one. */
export async function init(options: CommonOptions, doors: Doors): Promise<ExitCode> {
  const path = configPath(options, doors);
  if (doors.exists(path)) throw new Problem(EXIT.usage, `${path} is there already: it was not touched`);
  const { starterFleet } = await import("../inventory/index.ts");
  doors.writeNewFile(path, starterFleet());
  doors.err(`wrote ${path}: fill it in, set the variables that it names, then run "corewatch config check"\n`);
  if (options.format === "json") doors.out(`${JSON.stringify({ file: path, written: true })}\n`);
  return EXIT.good;
}
