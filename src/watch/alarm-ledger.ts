import { drillNonce } from "../../alarms/drill-run.ts";
import { evidenceOf, matchAlarm } from "../../alarms/receipt.ts";
import { readRecord } from "../../alarms/run.ts";
import type { AlarmEvent, AlarmRecord, FactStore, FiringAlarm, Fleet } from "../domain/index.ts";
import { ALARM_STATES, alarmsWanted } from "./alarm-facts.ts";

/** Alarms that are remembered at most, and for how long one that left ALARM is: as long as a queue may hold a message. */
const MAX_HELD = 5_000;
const REMEMBER_MS = 14 * 24 * 3_600_000;
/** A change that claims to come from later than this is taken for one of now: it must not outrank what follows. */
const AHEAD_MS = 3_600_000;

interface Held {
  readonly event: AlarmEvent;
  /** Epoch ms since when it is in this state. */
  readonly since: number;
  /** Epoch ms by this clock: when it was heard of. */
  readonly heardAt: number;
}

/**
 * Which alarms are in ALARM, from however many sources: a change that was heard before, or that is older than what is
 * known, changes nothing. Drills leave no trace in it.
 */
export class AlarmLedger {
  readonly #held = new Map<string, Held>();

  /** `true` when an alarm came into ALARM or left it. An OK is kept too: the ALARM before it may arrive later. */
  take(event: AlarmEvent, now: number): boolean {
    if (drillNonce(event.reason) !== undefined) return false;
    const at = event.at > now + AHEAD_MS ? now : event.at;
    const known = this.#held.get(event.arn);
    if (known !== undefined && at < known.event.at) return false;
    const isSame = known?.event.state === event.state;
    this.#held.set(event.arn, { event: { ...event, at }, since: isSame ? known.since : at, heardAt: now });
    if (this.#held.size > MAX_HELD) this.#prune(now);
    return (known?.event.state === "ALARM") !== (event.state === "ALARM");
  }

  /** Whether it is known here at all. */
  has(arn: string): boolean {
    return this.#held.has(arn);
  }

  /** Lets go of an alarm that was surely not there when AWS was asked at `askedAt` (epoch ms); `true` when it was in ALARM. */
  drop(arn: string, askedAt: number): boolean {
    const held = this.#held.get(arn);
    if (held === undefined || held.heardAt >= askedAt) return false;
    this.#held.delete(arn);
    return held.event.state === "ALARM";
  }

  /** Alarms in ALARM at an account and region. */
  inAlarmAt(account: string, region: string): string[] {
    return [...this.#held.values()].flatMap(({ event }) =>
      event.state === "ALARM" && event.account === account && event.region === region ? event.arn : [],
    );
  }

  /** What is in ALARM and about the fleet. */
  firing(fleet: Fleet, record: AlarmRecord): FiringAlarm[] {
    const found: FiringAlarm[] = [];
    for (const { event, since } of this.#held.values()) {
      if (event.state !== "ALARM") continue;
      const matched = matchAlarm(event, fleet, record);
      if (matched === undefined || matched.deployments.length === 0) continue;
      const { family, deployments } = matched;
      found.push({ arn: event.arn, name: event.name, family, deployments, since, evidence: evidenceOf(matched) });
    }
    return found;
  }

  /** JSON. */
  dump(now: number): unknown {
    this.#prune(now);
    return { alarms: [...this.#held.values()] };
  }

  /** What an earlier process kept; anything else is left out. */
  restore(fact: unknown): void {
    const list: unknown = typeof fact === "object" && fact !== null ? Reflect.get(fact, "alarms") : undefined;
    for (const one of Array.isArray(list) ? list.slice(0, MAX_HELD) : [])
      if (isHeld(one)) this.#held.set(one.event.arn, one);
  }

  #prune(now: number): void {
    for (const [arn, { event }] of this.#held)
      if (event.state !== "ALARM" && now - event.at > REMEMBER_MS) this.#held.delete(arn);
    if (this.#held.size <= MAX_HELD) return;
    // A tenth at once, so that a full ledger is not sorted at every change.
    const tooMany = this.#held.size - MAX_HELD * 0.9;
    const rank = ({ event }: Held): number => (event.state === "ALARM" ? 1 : 0);
    const order = [...this.#held.values()].sort((a, b) => rank(a) - rank(b) || a.event.at - b.event.at);
    for (const { event } of order.slice(0, tooMany)) this.#held.delete(event.arn);
  }
}

/** What the daemon last knew to be in ALARM, for commands that run beside it. @throws StoreUnavailable */
export async function firingIn(store: FactStore, fleet: Fleet): Promise<FiringAlarm[]> {
  if (!alarmsWanted(fleet)) return [];
  const [states, record] = await Promise.all([store.getFact(ALARM_STATES), readRecord(store)]);
  const ledger = new AlarmLedger();
  ledger.restore(states);
  return ledger.firing(fleet, record);
}

function isHeld(value: unknown): value is Held {
  if (typeof value !== "object" || value === null) return false;
  const event: unknown = Reflect.get(value, "event");
  if (typeof event !== "object" || event === null) return false;
  const texts = ["arn", "account", "region", "name", "state", "reason"].every(
    (key) => typeof Reflect.get(event, key) === "string",
  );
  const times = [Reflect.get(event, "at"), Reflect.get(value, "since"), Reflect.get(value, "heardAt")];
  return texts && times.every((one) => typeof one === "number");
}
