import type { Fleet, InventoryEvent } from "../domain/index.ts";
import type { Change } from "../inventory/index.ts";
import type { CommonOptions } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { type Found, loadFound } from "./found.ts";
import { iso } from "./json.ts";

/** Events that are shown to a person. */
const MAX_SHOWN = 20;

/** The resolved fleet, where it was found, and what changed since the last look. 3 when some of it is stale. */
export async function inventory(options: CommonOptions & { readonly diff?: boolean }, doors: Doors): Promise<ExitCode> {
  const { fleet, path, log, found } = await loadFound(options, doors, { mayLack: true });
  const { describeInventory, diffDescriptions } = await import("../inventory/index.ts");
  const { stale } = found;
  const now = describeInventory(fleet, doors.clock.now(), { stale });
  const opened = options.diff === true ? await doors.openStore(fleet, path, log) : undefined;
  try {
    const key = `inventory:${fleet.name}`;
    const before = await opened?.store.getFact(key);
    const changes = opened === undefined ? undefined : diffDescriptions(before, now);
    if (opened !== undefined) await opened.store.putFact(key, now);
    const since = sinceLast(before);
    const events = found.events.filter(({ at }) => options.diff !== true || at > since);
    if (options.format === "json") {
      const document = {
        ...now,
        sources: found.sources.map((one) => ({ ...one, readAt: iso(one.readAt) })),
        conflicts: found.conflicts,
        changes: changes ?? [],
        events: events.map((one) => ({ ...one, at: iso(one.at) })),
      };
      doors.out(`${JSON.stringify(document, null, 2)}\n`);
    } else doors.out(textReport(fleet, doors.clock.now(), found, changes, events));
    return stale ? EXIT.unsure : EXIT.good;
  } finally {
    await opened?.stop();
  }
}

/** When the last look was, epoch ms; for ever ago where there was none. */
function sinceLast(before: unknown): number {
  const at =
    typeof before === "object" && before !== null && "at" in before ? Date.parse(String(before.at)) : Number.NaN;
  return Number.isNaN(at) ? Number.NEGATIVE_INFINITY : at;
}

function textReport(
  fleet: Fleet,
  at: number,
  found: Found,
  changes: readonly Change[] | undefined,
  events: readonly InventoryEvent[],
): string {
  const lines = [`fleet ${fleet.name} at ${iso(at)}${found.stale ? " (stale)" : ""}`];
  for (const one of fleet.deployments) {
    lines.push(`${one.id} (${one.kind}, ${one.tenancy}) ${one.connectionUri}`);
    for (const source of found.sources.filter(({ deployment }) => deployment === one.id)) {
      const read = source.readAt === null ? "never read" : `read at ${iso(source.readAt)}`;
      lines.push(`  found by ${source.from}: ${source.cores} cores, ${read}`);
      if (source.error !== null) lines.push(`  stale: ${source.error}`);
    }
    for (const core of one.cores) {
      const expected = core.expectation === undefined ? "" : `  ${core.expectation.state}: ${core.expectation.why}`;
      lines.push(
        `  ${core.id}  ${core.url}  ${core.instance ?? "no instance given"}  ${core.zone ?? "no zone given"}${expected}`,
      );
    }
  }
  for (const { deployment, core, message } of found.conflicts)
    lines.push(`conflict: ${deployment}/${core}: ${message}`);
  if (changes !== undefined) {
    lines.push(changes.length === 0 ? "no change since the last look" : "since the last look:");
    for (const one of changes) lines.push(`  ${one.event} ${one.target}`);
  }
  if (events.length > 0) lines.push("events, the latest first:");
  for (const { event, target, at, why } of events.slice(0, MAX_SHOWN))
    lines.push(`  ${iso(at)}  ${event} ${target}${why === "" ? "" : `: ${why}`}`);
  return `${lines.join("\n")}\n`;
}
