import type { Doors, OpenedStore } from "./cli/doors.ts";
import { EXIT, Problem } from "./cli/exit.ts";
import { type Fleet, type Log, wait } from "./domain/index.ts";
import type { InventoryWatch } from "./watch/inventory-watch.ts";
import type { Watcher } from "./watch/watcher.ts";
import type { PlatformNumbers } from "./web/metrics.ts";
import type { Readiness } from "./web/server.ts";

/** How long a starting daemon waits for a store that is out of reach, and how often it looks, ms. */
const STORE_PATIENCE_MS = 60_000;
const STORE_RETRY_MS = 2_000;

/** The store, waited for as long as it may be coming. @throws Problem */
export async function openPatiently(
  fleet: Fleet,
  path: string,
  doors: Doors,
  log: Log,
  signal: AbortSignal | undefined,
): Promise<OpenedStore> {
  const began = doors.clock.monotonic();
  for (;;) {
    try {
      return await doors.openStore(fleet, path, log);
    } catch (error) {
      const isPassing = error instanceof Problem && error.exit === EXIT.unsure;
      if (!isPassing || doors.clock.monotonic() - began > STORE_PATIENCE_MS) throw error;
      log.warn(`${error.message}; trying again`);
      await wait(doors.clock, STORE_RETRY_MS, signal);
      signal?.throwIfAborted();
    }
  }
}

/** What of a new configuration cannot be taken over while running. */
export function fixedAtStart(old: Fleet, next: Fleet): string[] {
  const { retention } = old.store;
  return [
    ...(next.name === old.name ? [] : ["fleet"]),
    ...(next.store.url?.reveal() === old.store.url?.reveal() ? [] : ["store.url"]),
    ...(JSON.stringify(next.store.retention) === JSON.stringify(retention) ? [] : ["store.retention"]),
    ...(String(next.resolvers) === String(old.resolvers) ? [] : ["resolvers"]),
    ...(next.web.host === old.web.host && next.web.port === old.web.port ? [] : ["web.listen"]),
  ];
}

/** What the platform counts about itself. */
export function numbersOf(
  watcher: Watcher,
  inventory: InventoryWatch,
): Omit<PlatformNumbers, "outboxWaiting" | "ready"> {
  const stats = watcher.stats();
  return {
    observations: stats.observations,
    missed: stats.sweep.missed,
    latenessMs: stats.sweep.lateness,
    diagnosisMs: stats.toDiagnosis,
    targets: stats.sweep.series,
    running: stats.sweep.running,
    openIncidents: stats.openIncidents,
    unstored: stats.unstored,
    dropped: stats.dropped,
    inventory: inventory.numbers(),
  };
}

/** A refused configuration is told, but the watching goes on with the one before: that is ready. */
export function readiness(
  problems: readonly string[],
  rejected: string | undefined,
  watcher: Watcher,
  inventory: InventoryWatch,
  alarms: Readonly<Record<string, number | string>>,
): Readiness {
  const numbers = numbersOf(watcher, inventory);
  return {
    ready: problems.length === 0,
    problems: rejected === undefined ? problems : [...problems, rejected],
    facts: {
      series: numbers.targets,
      openIncidents: numbers.openIncidents,
      latenessP99Ms: numbers.latenessMs.p99,
      unstored: numbers.unstored,
      dropped: numbers.dropped,
      ...inventory.facts(),
      ...alarms,
    },
  };
}
