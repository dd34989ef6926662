import { eventOf, matchAlarm } from "../../alarms/receipt.ts";
import { EMPTY_RECORD } from "../../alarms/record.ts";
import { readRecord } from "../../alarms/run.ts";
import { StoreUnavailable } from "../domain/index.ts";
import type {
  AlarmEvent,
  AlarmRecord,
  Clock,
  FactStore,
  FiringAlarm,
  Fleet,
  Log,
  ObservedAlarm,
  Timer,
} from "../domain/index.ts";
import type { DrillDesk } from "./alarm-drills.ts";
import { ALARM_STATES, alarmsWanted } from "./alarm-facts.ts";
import { AlarmLedger } from "./alarm-ledger.ts";

/** What {@link AlarmHub} needs. */
export interface AlarmHubOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: FactStore;
  readonly fleet: () => Fleet;
  readonly drills: DrillDesk;
  /** An alarm came into ALARM or left it. */
  readonly onChange: () => void;
}

/** An account and region whose alarms were all read; the moment (epoch ms) is when it was begun. */
export interface AlarmsRead {
  readonly account: string;
  readonly region: string;
  readonly alarms: readonly ObservedAlarm[];
  readonly askedAt: number;
}

const RETRY_MS = 5_000;

/** Where every change of an alarm's state comes together, whichever way it came, and is kept for the next start. */
export class AlarmHub {
  readonly #options: AlarmHubOptions;
  readonly #ledger = new AlarmLedger();
  readonly #accounts = new Set<string>();
  #record: AlarmRecord = EMPTY_RECORD;
  #cached: { readonly fleet: Fleet; readonly firing: readonly FiringAlarm[] } | undefined;
  #saving: Promise<void> | undefined;
  #dirty = false;
  #retry: Timer | undefined;
  #stopped = false;

  constructor(options: AlarmHubOptions) {
    this.#options = options;
  }

  /** What an earlier process knew. @throws StoreUnavailable */
  async restore(): Promise<void> {
    this.#ledger.restore(await this.#options.store.getFact(ALARM_STATES));
    await this.reloadRecord();
  }

  /** Reads again what apply made: a command may have applied. @throws StoreUnavailable */
  async reloadRecord(): Promise<AlarmRecord> {
    const { store, log } = this.#options;
    try {
      this.#record = await readRecord(store);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      log.error(error.message);
    }
    this.#cached = undefined;
    for (const item of this.#record.items) this.#accounts.add(item.account);
    return this.#record;
  }

  get record(): AlarmRecord {
    return this.#record;
  }

  /** Whether this account is known to be one of the fleet's. */
  knows(account: string): boolean {
    return this.#accounts.has(account);
  }

  /** `true` as soon as AWS or the record told of any account. */
  get knowsAccounts(): boolean {
    return this.#accounts.size > 0;
  }

  /** Takes one change. `publishedAt` (epoch ms): when the topic took it, where that is told. @throws StoreUnavailable */
  async receive(event: AlarmEvent, publishedAt: number | null): Promise<void> {
    const { drills } = this.#options;
    if (await drills.take(event, publishedAt)) return;
    if ((await this.#isWorth(event)) && this.#ledger.take(event, this.#options.clock.now())) this.#changed(event);
    else if (this.#ledger.has(event.arn)) this.#save();
  }

  /** Takes the states of everything at an account and region; what is in ALARM here and not there any more is gone. */
  async read({ account, region, alarms, askedAt }: AlarmsRead): Promise<void> {
    this.#accounts.add(account);
    for (const alarm of alarms) {
      if (alarm.state !== "ALARM" && !this.#ledger.has(alarm.arn)) continue;
      await this.receive(eventOf(alarm), null);
    }
    const there = new Set(alarms.map((one) => one.arn));
    for (const arn of this.#ledger.inAlarmAt(account, region)) {
      if (there.has(arn) || !this.#ledger.drop(arn, askedAt)) continue;
      this.#options.log.info(`alarm ${arn} is gone from CloudWatch`);
      this.#changed(undefined);
    }
  }

  /** What is in ALARM and about the fleet. */
  firing(): readonly FiringAlarm[] {
    const fleet = this.#options.fleet();
    if (!alarmsWanted(fleet)) return [];
    if (this.#cached?.fleet !== fleet) this.#cached = { fleet, firing: this.#ledger.firing(fleet, this.#record) };
    return this.#cached.firing;
  }

  /** Writes what is not written yet. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.clear();
    await this.#saving;
    if (this.#dirty) await this.#write();
  }

  async #isWorth(event: AlarmEvent): Promise<boolean> {
    if (this.#ledger.has(event.arn) || this.#isAboutFleet(event)) return true;
    // What is polled comes again; a message comes once, and an apply beside this process may just have made its alarm.
    if (event.via === "poll") return false;
    await this.reloadRecord();
    return this.#isAboutFleet(event);
  }

  #isAboutFleet(event: AlarmEvent): boolean {
    const matched = matchAlarm(event, this.#options.fleet(), this.#record);
    return matched !== undefined && matched.deployments.length > 0;
  }

  #changed(event: AlarmEvent | undefined): void {
    this.#cached = undefined;
    if (event !== undefined)
      this.#options.log.info(`CloudWatch alarm "${event.name}" is in ${event.state} (${event.via})`, {
        region: event.region,
        reason: event.reason.slice(0, 300),
      });
    this.#save();
    this.#options.onChange();
  }

  #save(): void {
    this.#dirty = true;
    if (this.#saving !== undefined || this.#stopped) return;
    this.#saving = this.#write().finally(() => {
      this.#saving = undefined;
      if (!this.#dirty || this.#stopped) return;
      this.#retry?.clear();
      this.#retry = this.#options.clock.after(RETRY_MS, () => this.#save());
    });
  }

  async #write(): Promise<void> {
    const { store, clock, log } = this.#options;
    this.#dirty = false;
    try {
      await store.putFact(ALARM_STATES, this.#ledger.dump(clock.now()));
    } catch (error) {
      this.#dirty = true;
      if (!(error instanceof StoreUnavailable)) log.error("the states of alarms could not be kept", { error });
    }
  }
}
