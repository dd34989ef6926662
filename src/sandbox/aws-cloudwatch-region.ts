import type { Ticker } from "../domain/index.ts";
import type { Alarm, AlarmConfig } from "./aws-cloudwatch-alarm.ts";
import { evaluate, stamp } from "./aws-cloudwatch-evaluate.ts";
import { statusOf, type MuteRule } from "./aws-cloudwatch-mute.ts";
import { alarmNotice } from "./aws-cloudwatch-notice.ts";
import type { StateValue } from "./aws-cloudwatch-rule.ts";
import { Series } from "./aws-cloudwatch-series.ts";
import { AwsFault } from "./aws-server.ts";

/** One line of an alarm's history. */
export interface HistoryItem {
  readonly alarm: string;
  readonly composite: boolean;
  /** Epoch ms. */
  readonly at: number;
  readonly type: "ConfigurationUpdate" | "StateUpdate" | "Action";
  readonly summary: string;
  readonly data: string;
}

/** What a region needs from around it. */
export interface RegionPorts {
  readonly region: string;
  readonly account: string;
  readonly ticker: Ticker;
  /** By how much periods are shorter than told. */
  readonly speed: number;
  /** Sends to a topic; a sentence when it could not. */
  publish(topicArn: string, subject: string, message: string): string | undefined;
}

const MAX_HISTORY = 5_000;
/** Composites may stand on composites. */
const MAX_DEPTH = 10;

/** CloudWatch of one region: series, alarms, their evaluation, what they do when they change, and mute rules. */
export class CloudWatchRegion {
  readonly series = new Series();
  readonly alarms = new Map<string, Alarm>();
  readonly mutes = new Map<string, MuteRule>();
  readonly history: HistoryItem[] = [];
  readonly #ports: RegionPorts;
  /** Composites that were put, or a child of which changed, since they were evaluated. */
  readonly #due = new Set<string>();

  constructor(ports: RegionPorts) {
    this.#ports = ports;
  }

  /** Creates or overwrites. A new alarm has insufficient data; an existing one keeps state and tags. @throws AwsFault */
  put(name: string, config: AlarmConfig, tags: ReadonlyMap<string, string>, now: number): void {
    const existing = this.alarms.get(name);
    if (existing !== undefined && (existing.config.rule === undefined) !== (config.rule === undefined))
      throw new AwsFault("ValidationError", `An alarm named ${name} of another type exists`);
    const missing = (config.rule?.parsed.alarms ?? []).filter((child) => child === name || !this.alarms.has(child));
    if (missing.length > 0) {
      const names = `[${missing.join(", ")}]`;
      throw new AwsFault(
        "ValidationError",
        `Could not save the composite alarm as alarms ${names} in the alarm rule do not exist`,
      );
    }
    if (config.rule !== undefined) this.#due.add(name);
    this.#note(
      name,
      config.rule !== undefined,
      now,
      "ConfigurationUpdate",
      existing === undefined ? `Alarm "${name}" created` : `Alarm "${name}" updated`,
    );
    if (existing !== undefined) {
      existing.config = config;
      existing.configuredAt = now;
      return;
    }
    this.alarms.set(name, {
      name,
      arn: `arn:aws:cloudwatch:${this.#ports.region}:${this.#ports.account}:alarm:${name}`,
      config,
      configuredAt: now,
      state: "INSUFFICIENT_DATA",
      reason: "Unchecked: Initial alarm creation",
      reasonData: undefined,
      stateAt: now,
      mutedState: undefined,
      tags: new Map(tags),
    });
  }

  /** @throws AwsFault for two composites at once; unknown names are ignored */
  delete(names: readonly string[], now: number): void {
    const found = names.flatMap((name) => this.alarms.get(name) ?? []);
    if (found.filter((alarm) => alarm.config.rule !== undefined).length > 1)
      throw new AwsFault("ValidationError", "At most one composite alarm can be deleted at a time");
    for (const alarm of found) {
      this.alarms.delete(alarm.name);
      this.#note(
        alarm.name,
        alarm.config.rule !== undefined,
        now,
        "ConfigurationUpdate",
        `Alarm "${alarm.name}" deleted`,
      );
    }
  }

  /** Until the next evaluation; a composite keeps it until a child changes. @throws AwsFault */
  set(name: string, state: StateValue, reason: string, data: string | undefined, now: number): void {
    const alarm = this.alarms.get(name);
    if (alarm === undefined) throw new AwsFault("ResourceNotFound", "Alarm does not exist", 404);
    this.#become(alarm, state, reason, data, now, 0);
  }

  /** Looks at every alarm, and at what mute rules that ended had held back. */
  evaluate(now: number): void {
    for (const alarm of this.alarms.values()) {
      const { metric } = alarm.config;
      if (metric !== undefined) {
        const { state, reason, reasonData } = evaluate(metric, this.series, now, this.#ports.speed);
        if (state !== undefined) this.#become(alarm, state, reason, reasonData, now, 0);
      }
    }
    for (const name of this.#due) this.#composite(name, now, 0);
    for (const alarm of this.alarms.values()) {
      if (alarm.mutedState === undefined || this.muted(alarm.name, now)) continue;
      const still = alarm.mutedState === alarm.state;
      alarm.mutedState = undefined;
      if (still) this.#act(alarm, alarm.state, now);
    }
  }

  muted(name: string, now: number): boolean {
    return [...this.mutes.values()].some(
      (rule) => rule.alarms.includes(name) && statusOf(rule, now, this.#ports.ticker) === "ACTIVE",
    );
  }

  #composite(name: string, now: number, depth: number): void {
    this.#due.delete(name);
    const alarm = this.alarms.get(name);
    const rule = alarm?.config.rule;
    if (alarm === undefined || rule === undefined) return;
    const holds = rule.parsed.holds((child) => this.alarms.get(child)?.state);
    const state = holds ? "ALARM" : "OK";
    this.#become(
      alarm,
      state,
      `Alarm Rule evaluated to ${holds ? "ALARM" : "OK"}: ${rule.text}`,
      undefined,
      now,
      depth,
    );
  }

  #become(alarm: Alarm, state: StateValue, reason: string, data: string | undefined, now: number, depth: number): void {
    const previous = alarm.state;
    if (previous === state) return;
    Object.assign(alarm, { state, reason, reasonData: data, stateAt: now });
    const change = { oldState: { stateValue: previous }, newState: { stateValue: state, stateReason: reason } };
    const summary = `Alarm updated from ${previous} to ${state}`;
    this.#note(alarm.name, alarm.config.rule !== undefined, now, "StateUpdate", summary, JSON.stringify(change));
    this.#act(alarm, previous, now);
    if (depth >= MAX_DEPTH) return;
    for (const other of this.alarms.values())
      if (other.config.rule?.parsed.alarms.includes(alarm.name) === true) this.#composite(other.name, now, depth + 1);
  }

  #act(alarm: Alarm, previous: StateValue, now: number): void {
    const { config, state } = alarm;
    const byState = {
      OK: config.okActions,
      ALARM: config.alarmActions,
      INSUFFICIENT_DATA: config.insufficientDataActions,
    };
    const actions = byState[state];
    if (!config.actionsEnabled || actions.length === 0) return;
    const composite = config.rule !== undefined;
    if (this.muted(alarm.name, now)) {
      alarm.mutedState = state;
      this.#note(alarm.name, composite, now, "Action", `Actions of state ${state} were muted`);
      return;
    }
    const children = (config.rule?.parsed.alarms ?? []).flatMap((name) => this.alarms.get(name) ?? []);
    const notice = alarmNotice(alarm, previous, this.#ports.region, this.#ports.account, children);
    for (const arn of actions) {
      const trouble = arn.includes(":sns:") ? this.#ports.publish(arn, notice.subject, notice.message) : undefined;
      const summary =
        trouble === undefined ? `Successfully executed action ${arn}` : `Failed to execute action ${arn}: ${trouble}`;
      this.#note(alarm.name, composite, now, "Action", summary);
    }
  }

  #note(
    alarm: string,
    composite: boolean,
    at: number,
    type: HistoryItem["type"],
    summary: string,
    data?: string,
  ): void {
    const plain = JSON.stringify({ version: "1.0", type, at: stamp(at) });
    this.history.push({ alarm, composite, at, type, summary, data: data ?? plain });
    if (this.history.length > MAX_HISTORY) this.history.shift();
  }
}
