import type { Fleet } from "../domain/index.ts";
import type { Change } from "../inventory/index.ts";
import type { CommonOptions } from "./context.ts";
import { load } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { iso } from "./json.ts";

/** The resolved fleet, and what changed since the last look. */
export async function inventory(options: CommonOptions & { readonly diff?: boolean }, doors: Doors): Promise<ExitCode> {
  const { fleet, path, log } = await load(options, doors);
  const { describeInventory, diffDescriptions } = await import("../inventory/index.ts");
  const now = describeInventory(fleet, doors.clock.now());
  const opened = options.diff === true ? await doors.openStore(fleet, path, log) : undefined;
  try {
    const key = `inventory:${fleet.name}`;
    const changes = opened === undefined ? undefined : diffDescriptions(await opened.store.getFact(key), now);
    if (opened !== undefined) await opened.store.putFact(key, now);
    if (options.format === "json")
      doors.out(`${JSON.stringify({ ...now, stale: false, changes: changes ?? [] }, null, 2)}\n`);
    else doors.out(textReport(fleet, doors.clock.now(), changes));
    return EXIT.good;
  } finally {
    await opened?.stop();
  }
}

function textReport(fleet: Fleet, at: number, changes: readonly Change[] | undefined): string {
  const lines = [`fleet ${fleet.name} at ${iso(at)}`];
  for (const one of fleet.deployments) {
    lines.push(`${one.id} (${one.kind}, ${one.tenancy}) ${one.connectionUri}`);
    for (const core of one.cores) {
      lines.push(`  ${core.id}  ${core.url}  ${core.instance ?? "no instance given"}  ${core.zone ?? "no zone given"}`);
    }
  }
  if (changes !== undefined) {
    lines.push(changes.length === 0 ? "no change since the last look" : "since the last look:");
    for (const one of changes) lines.push(`  ${one.event} ${one.target}`);
  }
  return `${lines.join("\n")}\n`;
}
