import type { InventoryEvent, Log } from "../domain/index.ts";
import type { Conflict } from "../inventory/discovered.ts";

/** One line an event. */
export function logEvents(log: Log, events: readonly InventoryEvent[]): void {
  for (const { event, target, before, after, why, timeToHealthyMs } of events) {
    const took = timeToHealthyMs === undefined ? {} : { timeToHealthyMs };
    const fields = { before: before?.url, after: after?.url, ...took };
    log.info(`${event} ${target}${why === "" ? "" : `: ${why}`}`, fields);
  }
}

/** Says what differs unless it was said before; gives what to hold against it the next time. */
export function logConflicts(log: Log, conflicts: readonly Conflict[], before: string): string {
  const said = conflicts.map(({ deployment, core, message }) => `${deployment}/${core}: ${message}`).join("; ");
  if (said !== before && said !== "") log.warn(`fleet.yaml and what was found differ: ${said}`);
  return said;
}
