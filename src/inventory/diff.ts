import { type Fleet, REDACTED, Secret } from "../domain/index.ts";

type Noun = "deployment" | "core" | "database" | "endpoint" | "heartbeat";

/** What can happen to a fleet between two looks. */
type ChangeEvent = `${Noun}-${"appeared" | "gone" | "changed"}` | "core-moved" | "settings-changed";

/** One change. `before` and `after` hold the fields that differ; `null` where the thing was not there. Secrets as `[secret]`. */
export interface Change {
  readonly event: ChangeEvent;
  /** `deployment/core`, an id, or the path of a setting (`checks.hello.timeoutMs`). */
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
}

type Item = Readonly<Record<string, unknown>>;

/** A core that answers somewhere else is not the same host any more. */
const PLACE_OF_CORE = ["url", "instance", "zone"];

/** What changed from one loaded fleet to the next, targets first. A changed secret is seen, and not shown. */
export function diffFleets(before: Fleet, after: Fleet): Change[] {
  return diffPlain(split(before), split(after));
}

/** The shape that {@link diffPlain} compares. */
function split(fleet: Fleet): Item {
  const { name, deployments, databases, endpoints, heartbeats, ...settings } = fleet;
  return { fleet: name, deployments, databases, endpoints, heartbeats, settings };
}

/** Compares two descriptions, or two split fleets. */
export function diffPlain(before: object, after: object): Change[] {
  const changes: Change[] = [];
  for (const noun of ["deployment", "database", "endpoint", "heartbeat"] as const) {
    const [old, now] = [byId(Reflect.get(before, `${noun}s`)), byId(Reflect.get(after, `${noun}s`))];
    compareItems(noun, "", old, now, changes);
    if (noun !== "deployment") continue;
    for (const id of new Set([...old.keys(), ...now.keys()])) {
      compareItems("core", `${id}/`, byId(old.get(id)?.["cores"]), byId(now.get(id)?.["cores"]), changes);
    }
  }
  const name = (one: object): Item => ({ fleet: Reflect.get(one, "fleet") });
  compareSettings("", name(before), name(after), changes);
  compareSettings("", Reflect.get(before, "settings"), Reflect.get(after, "settings"), changes);
  return changes;
}

function compareItems(
  noun: Noun,
  prefix: string,
  old: ReadonlyMap<string, Item>,
  now: ReadonlyMap<string, Item>,
  changes: Change[],
): void {
  for (const [id, item] of old) {
    if (!now.has(id))
      changes.push({ event: `${noun}-gone`, target: prefix + id, before: shown(withoutCores(item)), after: null });
  }
  for (const [id, item] of now) {
    const target = prefix + id;
    const earlier = old.get(id);
    if (earlier === undefined) {
      changes.push({ event: `${noun}-appeared`, target, before: null, after: shown(withoutCores(item)) });
      continue;
    }
    const differing = differingKeys(withoutCores(earlier), withoutCores(item));
    if (differing.length === 0) continue;
    const moved = noun === "core" && differing.some((key) => PLACE_OF_CORE.includes(key));
    const event = moved ? "core-moved" : (`${noun}-changed` as const);
    changes.push({ event, target, before: pick(earlier, differing), after: pick(item, differing) });
  }
}

function compareSettings(path: string, old: unknown, now: unknown, changes: Change[]): void {
  if (same(old, now)) return;
  if (isItem(old) && isItem(now)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
      compareSettings(path === "" ? key : `${path}.${key}`, old[key], now[key], changes);
    }
  } else changes.push({ event: "settings-changed", target: path, before: shown(old), after: shown(now) });
}

function differingKeys(old: Item, now: Item): string[] {
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((key) => !same(old[key], now[key])).sort();
}

/** Deep equality. Secrets are compared by value where both are at hand, and taken as equal where one was only kept as `[secret]`. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a instanceof Secret && b instanceof Secret) return a.reveal() === b.reveal();
  if (a instanceof Secret || b instanceof Secret) return a === REDACTED || b === REDACTED;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, at) => same(item, b[at]));
  return isItem(a) && isItem(b) && differingKeys(a, b).length === 0;
}

function byId(list: unknown): Map<string, Item> {
  const found = new Map<string, Item>();
  if (!Array.isArray(list)) return found;
  for (const item of list) if (isItem(item) && typeof item["id"] === "string") found.set(item["id"], item);
  return found;
}

function withoutCores(item: Item): Item {
  const { cores: _cores, ...rest } = item;
  return rest;
}

function pick(item: Item, keys: readonly string[]): unknown {
  return shown(Object.fromEntries(keys.map((key) => [key, item[key] ?? null])));
}

/** As JSON: secrets write themselves as `[secret]`. */
function shown(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}

function isItem(value: unknown): value is Item {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}
