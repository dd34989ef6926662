import { type Fleet, type FoundCore, type InventoryEvent, type Log, seriesKey, type Store } from "../domain/index.ts";
import { type Conflict, discovering, withFound } from "../inventory/discovered.ts";
import { markReady } from "../inventory/merge.ts";
import { type Discovering, foundChange, readAll } from "../watch/inventory-look.ts";
import {
  applied,
  inTurn,
  type Memory,
  type MemoryChange,
  recall,
  recallEvents,
  remember,
} from "../watch/inventory-memory.ts";
import { type CommonOptions, load, type Loaded, reasonOf } from "./context.ts";
import type { Doors, OpenedStore } from "./doors.ts";
import { EXIT, Problem } from "./exit.ts";

/** How one deployment's cores were found. */
export interface SourceReport {
  readonly deployment: string;
  readonly from: Discovering["discovery"]["settings"]["from"];
  /** Cores that are known. */
  readonly cores: number;
  /** Epoch ms of the last complete read; `null`: there never was one. */
  readonly readAt: number | null;
  /** Why it could not be read now; `null`: it was. */
  readonly error: string | null;
}

/** What looking for the fleet gave. */
export interface Found {
  /** Some of it could not be read, and is as it was known before. */
  readonly stale: boolean;
  readonly sources: readonly SourceReport[];
  readonly conflicts: readonly Conflict[];
  /** The last events, the latest first. */
  readonly events: readonly InventoryEvent[];
}

const NOTHING_FOUND: Found = { stale: false, sources: [], conflicts: [], events: [] };

/**
 * Loads fleet.yaml and finds what of the fleet is found: reads the sources once, keeps ids in the store, and goes by what
 * was known where a source cannot be read. With `mayLack`, a deployment whose cores are not known at all is left without.
 * @throws Problem 78; 3 where a deployment's cores are not known at all
 */
export async function loadFound(
  options: CommonOptions,
  doors: Doors,
  { mayLack = false }: { readonly mayLack?: boolean } = {},
): Promise<Loaded & { readonly found: Found }> {
  const loaded = await load(options, doors);
  const deployments = discovering(loaded.fleet);
  if (deployments.length === 0) return { ...loaded, found: NOTHING_FOUND };
  const { fleet, path, log } = loaded;
  const [reads, opened] = await Promise.all([read(fleet, deployments, doors), openIfThere(fleet, path, log, doors)]);
  try {
    doors.signal.throwIfAborted();
    const found = await resolve(fleet, deployments, { reads, mayLack }, opened, log, doors);
    return { ...loaded, ...found };
  } finally {
    await opened?.stop();
  }
}

type Reads = ReadonlyMap<string, readonly FoundCore[] | Error>;

async function read(fleet: Fleet, deployments: readonly Discovering[], doors: Doors): Promise<Reads> {
  const sources = await doors.coreSources();
  const reads = new Map<string, readonly FoundCore[] | Error>();
  try {
    const world = { sources, clock: doors.clock, signal: doors.signal };
    await readAll(deployments, fleet, world, ({ id }, found) => void reads.set(id, found));
    return reads;
  } finally {
    await sources.close();
  }
}

/** Without the store ids begin anew, and nothing is known from before. */
async function openIfThere(fleet: Fleet, path: string, log: Log, doors: Doors): Promise<OpenedStore | undefined> {
  try {
    return await doors.openStore(fleet, path, log);
  } catch (error) {
    if (error instanceof Problem && error.exit !== EXIT.unsure) throw error;
    log.warn(doors.redactor.redact(`${reasonOf(error)}; found cores are numbered anew`));
    return undefined;
  }
}

async function resolve(
  fleet: Fleet,
  deployments: readonly Discovering[],
  { reads, mayLack }: { readonly reads: Reads; readonly mayLack: boolean },
  opened: OpenedStore | undefined,
  log: Log,
  doors: Doors,
): Promise<{ readonly fleet: Fleet; readonly found: Found }> {
  const now = doors.clock.now();
  const changes = new Map<string, MemoryChange>();
  for (const deployment of deployments) {
    const found = reads.get(deployment.id);
    if (found !== undefined && !(found instanceof Error))
      changes.set(deployment.id, foundChange(deployment, found, [], now));
  }
  const { memory, events } = await keep(fleet, changes, opened, log, doors);
  const sources = deployments.map(({ id, discovery }): SourceReport => {
    const known = memory.get(id);
    const failed = reads.get(id);
    const error = failed instanceof Error ? doors.redactor.redact(failed.message) : null;
    return {
      deployment: id,
      from: discovery.settings.from,
      cores: known?.cores.length ?? 0,
      readAt: known?.readAt ?? null,
      error,
    };
  });
  for (const { deployment, error, readAt, cores } of sources) {
    if (error === null) continue;
    const listed = fleet.deployments.find(({ id }) => id === deployment)?.cores ?? [];
    if (readAt === null && listed.length === 0) {
      const what = `the cores of ${deployment} could not be found, and none are known from before: ${error}`;
      if (!mayLack) throw new Problem(EXIT.unsure, what);
      log.warn(what);
      continue;
    }
    log.warn(`the inventory of ${deployment} is stale: ${error}; its ${cores} known cores are taken as they were`);
  }
  const { fleet: resolved, conflicts } = withFound(fleet, (id) => memory.get(id));
  for (const { deployment, core, message } of conflicts) log.warn(`${deployment}/${core}: ${message}`);
  return { fleet: resolved, found: { stale: sources.some(({ error }) => error !== null), sources, conflicts, events } };
}

async function keep(
  fleet: Fleet,
  changes: ReadonlyMap<string, MemoryChange>,
  opened: OpenedStore | undefined,
  log: Log,
  doors: Doors,
): Promise<{ readonly memory: Memory; readonly events: readonly InventoryEvent[] }> {
  if (opened === undefined) return applied(new Map(), changes);
  const { store } = opened;
  try {
    const ids = new Set(fleet.deployments.map(({ id }) => id));
    const before = changes.size === 0 ? await recall(store) : (await remember(store, doors.clock, changes, ids)).memory;
    const ready = await readyChanges(before, store);
    const memory = ready.size === 0 ? before : (await remember(store, doors.clock, ready, ids)).memory;
    return { memory, events: await recallEvents(store) };
  } catch (error) {
    log.warn(doors.redactor.redact(`${reasonOf(error)}; found cores are numbered anew`));
    return applied(new Map(), changes);
  }
}

/** Where no daemon looks after new cores, what sweeps have settled tells which of them became ready. */
async function readyChanges(memory: Memory, store: Store): Promise<ReadonlyMap<string, MemoryChange>> {
  const fresh = [...memory].flatMap(([deployment, { cores }]) =>
    cores.filter(({ readyAt }) => readyAt === null).map((core) => ({ deployment, core })),
  );
  if (fresh.length === 0) return new Map();
  const states = new Map((await store.states()).map((one) => [one.key, one]));
  const changes = new Map<string, MemoryChange>();
  for (const { deployment, core } of fresh) {
    const target = { kind: "core", id: `${deployment}/${core.id}`, deployment } as const;
    const state = states.get(seriesKey(target, "hello"));
    if (state === undefined || state.slot < core.firstSeen || (state.health !== "up" && state.health !== "degraded"))
      continue;
    const at = Math.max(state.since, core.firstSeen);
    changes.set(
      deployment,
      inTurn(changes.get(deployment), (known) => markReady(known, core.id, at, deployment)),
    );
  }
  return changes;
}
