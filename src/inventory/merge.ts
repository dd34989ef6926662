import type {
  CoreAddressing,
  CorePlace,
  FoundCore,
  HostNotice,
  InventoryEvent,
  KnownCore,
  KnownCores,
  VacantCore,
} from "../domain/index.ts";
import { giveIds, type GivenId } from "./core-ids.ts";
import { heed } from "./leaving.ts";

/** What found cores are merged under. */
export interface MergeSettings {
  /** Id of the deployment. */
  readonly deployment: string;
  readonly idPrefix: string;
  readonly addressing: CoreAddressing;
  /** Cores of fleet.yaml: id by URL. Their ids are given to nobody else. */
  readonly listed: ReadonlyMap<string, string>;
  /** Notices that hold now. */
  readonly notices: readonly HostNotice[];
  /** Epoch ms. */
  readonly now: number;
}

/** What is known by now, and what happened. */
export interface Merged {
  readonly known: KnownCores;
  readonly events: readonly InventoryEvent[];
}

/** A replacement may take this long to come, ms: an id is kept for it. */
const VACANCY_MS = 3_600_000;
/** Ids that are kept at most, the latest first. */
const MAX_VACANT = 200;

/** Nothing was found yet. */
export const NOTHING_KNOWN: KnownCores = { cores: [], vacant: [], readAt: null };

/**
 * Lays what a source found (all of it: an incomplete read never comes here) over what is known. Cores are told apart by
 * their key; a core whose key is known keeps its id whatever its address.
 */
export function mergeFound(known: KnownCores, found: readonly FoundCore[], settings: MergeSettings): Merged {
  const { deployment, now, listed, idPrefix } = settings;
  const events: InventoryEvent[] = [];
  const tell: Tell = (event, id, before, after, why = "") =>
    void events.push({ event, target: `${deployment}/${id}`, at: now, before, after, why });

  const byKey = new Map(found.map((core) => [core.key, core] as const));
  const stay = known.cores.filter(({ key }) => byKey.has(key));
  const left = known.cores.filter(({ key }) => !byKey.has(key));
  const knownKeys = new Set(known.cores.map(({ key }) => key));
  const fresh = [...byKey.values()]
    .filter(({ key }) => !knownKeys.has(key))
    .map((core) => ({ core, url: urlOf(core, settings.addressing) }))
    .sort((a, b) => (a.core.startedAt ?? now) - (b.core.startedAt ?? now) || (a.core.key < b.core.key ? -1 : 1));

  const ids = new Map<string, GivenId>();
  const taken = new Set(stay.map(({ id }) => id));
  for (const { core, url } of fresh) {
    const id = listed.get(url);
    if (id === undefined || taken.has(id)) continue;
    taken.add(id);
    ids.set(core.key, { id, from: undefined });
  }
  const vacant = [
    ...left.map((one): VacantCore => ({ id: one.id, ...placeOf(one), leftAt: now })),
    ...known.vacant.filter(({ leftAt }) => Math.abs(now - leftAt) < VACANCY_MS),
  ];
  const others = fresh.filter(({ core }) => !ids.has(core.key));
  const reserved = new Set([...taken, ...listed.values()]);
  for (const [key, one] of giveIds(others, { prefix: idPrefix, taken: reserved, vacant })) ids.set(key, one);

  const cores = [
    ...stay.map((one) => follow(one, byKey.get(one.key), settings, tell)),
    ...fresh.map(({ core, url }) => enter(core, url, ids.get(core.key), known.readAt === null, now, tell)),
  ];
  const inUse = new Set(cores.map(({ id }) => id));
  for (const one of left) if (!inUse.has(one.id)) tell("core-gone", one.id, placeOf(one), null);
  const heeded = settings.notices.reduce<readonly KnownCore[]>(
    (all, notice) => heed(all, notice, { deployment, now, isNews: false }, events),
    cores,
  );
  return {
    known: {
      cores: [...heeded].sort((a, b) => (a.id < b.id ? -1 : 1)),
      vacant: vacant.filter(({ id }) => !inUse.has(id)).slice(0, MAX_VACANT),
      readAt: now,
    },
    events,
  };
}

/** A core was seen well for the first time since it came; `known` itself where that is no news. */
export function markReady(known: KnownCores, id: string, at: number, deployment: string): Merged {
  const core = known.cores.find((one) => one.id === id && one.readyAt === null);
  if (core === undefined) return { known, events: [] };
  const place = placeOf(core);
  const timeToHealthyMs = Math.max(0, at - (core.startedAt ?? core.firstSeen));
  const event = {
    event: "core-ready",
    target: `${deployment}/${id}`,
    at,
    before: place,
    after: place,
    why: "",
  } as const;
  return {
    known: { ...known, cores: known.cores.map((one) => (one === core ? { ...one, readyAt: at } : one)) },
    events: [{ ...event, timeToHealthyMs }],
  };
}

/** Where a found core answers. */
export function urlOf({ host, port }: FoundCore, { protocol, basePath }: CoreAddressing): string {
  return `${protocol}://${host.includes(":") ? `[${host}]` : host}:${port}${basePath}`;
}

type Tell = (
  event: InventoryEvent["event"],
  id: string,
  before: CorePlace | null,
  after: CorePlace | null,
  why?: string,
) => void;

function placeOf({ url, instance, zone }: CorePlace): CorePlace {
  return { url, instance, zone };
}

/** A core that was known before. */
function follow(before: KnownCore, found: FoundCore | undefined, settings: MergeSettings, tell: Tell): KnownCore {
  if (found === undefined) return before;
  const { now, addressing } = settings;
  const place = { url: urlOf(found, addressing), instance: found.instance, zone: found.zone };
  const isMoved = place.url !== before.url;
  if (isMoved) tell("core-moved", before.id, placeOf(before), place);
  const { leavingUntil, ...rest } = before;
  const core = {
    ...rest,
    ...place,
    // At another address it has to come up again.
    ...(isMoved ? { firstSeen: now, readyAt: null } : {}),
    startedAt: found.startedAt,
  };
  if (found.state === "draining") {
    if (before.state !== "draining") tell("core-draining", before.id, placeOf(before), place, found.detail);
    return { ...core, state: "draining", why: found.detail };
  }
  if (before.state === "leaving" && leavingUntil !== undefined && now < leavingUntil) {
    return { ...core, state: "leaving", why: before.why, leavingUntil };
  }
  return { ...core, state: found.state, why: "" };
}

/** A core that was not known. What serves at the very first look was there before corewatch came: it is not new. */
function enter(
  core: FoundCore,
  url: string,
  given: GivenId | undefined,
  isFirstLook: boolean,
  now: number,
  tell: Tell,
): KnownCore {
  const { key, instance, zone, state, detail, startedAt } = core;
  const id = given?.id ?? key;
  const place = { url, instance, zone };
  const from = given?.from;
  if (from === undefined) tell("core-appeared", id, null, place);
  else if (from.instance !== null && from.instance === instance) tell("core-moved", id, placeOf(from), place);
  else tell("instance-replaced", id, placeOf(from), place);
  const readyAt = isFirstLook && state === "serving" ? now : null;
  const why = state === "draining" ? detail : "";
  return { id, key, ...place, state, why, firstSeen: now, readyAt, startedAt };
}
