import type { AlarmRecord, MadeItem } from "../src/domain/index.ts";
import type { ChangeResult } from "./apply.ts";
import type { AlarmPlan } from "./plan.ts";
import { madeKey } from "./world.ts";

/** Nothing was made yet. */
export const EMPTY_RECORD: AlarmRecord = { items: [] };

/**
 * The record after an apply: what was there and ours, and what was made, less what was deleted. What the record holds and
 * is not there any more stays as long as the inventory wants it, so that its absence is seen as somebody's deed; after
 * an incomplete read everything stays.
 */
export function nextRecord(
  record: AlarmRecord,
  plan: AlarmPlan,
  results: readonly ChangeResult[],
  at: number,
): AlarmRecord {
  const wanted = new Set(plan.wanted);
  const items = new Map<string, MadeItem>();
  const add = (item: MadeItem): void => {
    const key = itemKey(item);
    if (!items.has(key)) items.set(key, item);
  };
  for (const item of record.items) if (!plan.complete || wanted.has(madeKey(item))) add(item);
  for (const item of plan.present) add({ ...item, at });
  for (const { change, outcome } of results) {
    if (outcome !== "done" || change.identity === null) continue;
    const kind = change.kind === "composite" ? "alarm" : change.kind;
    const { name, identity, account, region, place } = change;
    const item: MadeItem = { kind, name, identity, account, region, roleArn: place.roleArn ?? null, at };
    items.delete(itemKey(item));
    if (change.verb !== "delete") items.set(itemKey(item), item);
  }
  return { items: [...items.values()] };
}

function itemKey(item: MadeItem): string {
  return madeKey(item);
}

/** A stored fact as a record. @throws TypeError for anything else: a record that cannot be read is not an empty one */
export function parseRecord(fact: unknown): AlarmRecord {
  if (fact === undefined || fact === null) return EMPTY_RECORD;
  const items: unknown = typeof fact === "object" ? Reflect.get(fact, "items") : undefined;
  if (!Array.isArray(items) || !items.every(isItem))
    throw new TypeError("the store's record of alarms cannot be read: it was written by another version of corewatch");
  return { items };
}

const KINDS: readonly MadeItem["kind"][] = ["alarm", "topic", "subscription", "policy"];

function isItem(value: unknown): value is MadeItem {
  if (typeof value !== "object" || value === null) return false;
  const texts = ["name", "identity", "account", "region"].every((key) => typeof Reflect.get(value, key) === "string");
  const role: unknown = Reflect.get(value, "roleArn");
  const kind: unknown = Reflect.get(value, "kind");
  return texts && KINDS.some((one) => one === kind) && (role === null || typeof role === "string");
}
