import { describe, expect, onTestFinished, test } from "vitest";
import { CloudPacer } from "../../alarms/rate.ts";
import { planAndApply } from "../../alarms/run.ts";
import { makePlan } from "../../alarms/planning.ts";
import type { AlarmEvent, AlarmState, Clock, Diagnosis, Fleet } from "../../src/domain/index.ts";
import { scopeKey } from "../../src/domain/index.ts";
import type { QueueReader } from "../../src/watch/alarm-sources.ts";
import { isReceiving } from "../../src/watch/alarm-receiving.ts";
import { AlarmWatch } from "../../src/watch/alarm-watch.ts";
import { recordDrill } from "../../src/watch/alarm-drills.ts";
import { JumpClock, small } from "../alarms/support.ts";
import { FakeCloud, type FakeRegion } from "../fakes/cloud.ts";
import { FakeClock } from "../fakes/clock.ts";
import { recordingLog } from "../fakes/log.ts";
import { FakeStore } from "../fakes/store.ts";
import { FakeTicker } from "../fakes/ticker.ts";

const ALARM = "acme ELB HTTPCode_ELB_5XX_Count";
const QUEUE = "arn:aws:sqs:eu-west-1:111111111111:alarms";
const TOPIC = "arn:aws:sns:eu-west-1:111111111111:CloudWatchAlarmsEU_West_1_ELB";
const BY_QUEUE = { subscriptions: [{ protocol: "sqs" as const, endpoint: QUEUE }] };
const MINUTE = 60_000;

type FakeSubscription =
  FakeRegion["topics"] extends Map<string, infer Topic extends { subscriptions: unknown[] }>
    ? Topic["subscriptions"][number]
    : never;

/** The alarm's change as a message says it. */
function event(state: AlarmState, at: number): AlarmEvent {
  return {
    arn: `arn:aws:cloudwatch:eu-west-1:111111111111:alarm:${ALARM}`,
    account: "111111111111",
    region: "eu-west-1",
    name: ALARM,
    state,
    previous: null,
    reason: "Threshold Crossed",
    at,
    metric: null,
    via: "sqs",
  };
}

/** Everything outside one daemon's watch; a second daemon may follow the first. */
function rig(fleet: Fleet = small(["acme"], { alarms: {} })) {
  const clock = new FakeClock("2026-11-21T08:00:03Z");
  const cloud = new FakeCloud();
  for (const { id } of fleet.deployments) cloud.at().addBalancer(id, [`${id}-cores`]);
  const store = new FakeStore(clock);
  const log = recordingLog();
  const waiting: { body: string; receipt: string }[] = [];
  const done: string[] = [];
  const told = new Map<string, Diagnosis>();
  const drills: string[] = [];
  let loaded = 0;
  let looks = 0;
  let problems: string[] = [];
  const start = async (settings: Fleet = fleet): Promise<AlarmWatch> => {
    const watch = new AlarmWatch({
      clock,
      log,
      ticker: new FakeTicker(clock),
      store,
      fleet: settings,
      newNonce: () => `0000000${drills.length}0`,
      tell: (text) => {
        drills.push(text);
        return Promise.resolve({ ok: true });
      },
      platform: () => ({
        tell: (one) => void told.set(scopeKey(one.scope), one),
        untell: (scope) => void told.delete(scopeKey(scope)),
        look: () => void looks++,
        problems: () => problems,
      }),
      world: () => {
        loaded++;
        return Promise.resolve({
          reader: cloud,
          writer: cloud,
          pacer: new CloudPacer(clock),
          queues: {
            receive: async (_place, _arn, _ms, signal) => {
              if (waiting.length === 0) await until(clock, 20_000, signal, () => waiting.length > 0);
              return waiting.splice(0, 10);
            },
            done: (_place, _arn, receipt) => Promise.resolve(void done.push(receipt)),
            read: (body) => JSON.parse(body) as ReturnType<QueueReader["read"]>,
          },
          confirm: () => Promise.resolve("arn"),
          parse: () => undefined,
          verifier: () => () => Promise.resolve({ ok: false, refusal: "forged", detail: "" }),
          close: () => undefined,
        });
      },
    });
    await watch.restore();
    await watch.start();
    let stopping: Promise<void> | undefined;
    const stop = watch.stop.bind(watch);
    watch.stop = () => (stopping ??= stop());
    onTestFinished(async () => {
      const stopped = watch.stop();
      await clock.advance(1_000);
      await stopped;
      expect(clock.waiting).toBe(0);
    });
    return watch;
  };
  return {
    clock,
    cloud,
    store,
    log,
    told,
    drills,
    done,
    start,
    /** Applies the fleet's alarms, as the command does. */
    apply: async (settings: Fleet = fleet): Promise<void> => {
      const own = new JumpClock();
      const ports = { reader: cloud, writer: cloud, pacer: new CloudPacer(own), signal: new AbortController().signal };
      await planAndApply({ fleet: settings, store, ports, clock: own, planner: makePlan });
    },
    /** The alarm changes in CloudWatch itself. */
    become: (state: AlarmState, name = ALARM): void => {
      const held = cloud.at().held(name);
      held.state = state;
      held.stateAt = clock.now();
    },
    send: (state: AlarmState, at: number, topicArn = TOPIC): void =>
      void waiting.push({
        body: JSON.stringify({ event: event(state, at), topicArn, publishedAt: at }),
        receipt: state,
      }),
    ill: (list: string[]): void => void (problems = list),
    loaded: () => loaded,
    looks: () => looks,
  };
}

/** Waits on a clock until something is there, `ms` passed, or it is called off. */
function until(clock: Clock, ms: number, signal: AbortSignal, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const end = clock.monotonic() + ms;
    const look = (): void => {
      if (holds() || signal.aborted || clock.monotonic() >= end) return resolve();
      timer = clock.after(100, look);
    };
    let timer = clock.after(0, look);
    signal.addEventListener("abort", () => {
      timer.clear();
      resolve();
    });
  });
}

const names = (watch: AlarmWatch): string[] => watch.firing().map((one) => one.name);

describe("the watch over CloudWatch alarms", () => {
  test("does nothing at all for a fleet without load balancers, or without alarms in its configuration", async () => {
    for (const fleet of [small([], { alarms: {} }), small(["acme"])]) {
      const { start, clock, loaded, store } = rig(fleet);
      store.reachable = false;
      const watch = await start();
      expect(clock.waiting).toBe(0);
      await clock.advance(30 * MINUTE);
      expect([loaded(), watch.facts(), watch.takesMessages]).toEqual([0, {}, false]);
      store.reachable = true;
    }
  });

  test("polls where nothing can come in: an alarm is a witness within 30 s, and leaves it when it is OK or gone", async () => {
    const { start, clock, apply, become, cloud, looks } = rig();
    await apply();
    const watch = await start();
    await clock.advance(MINUTE);
    expect(names(watch)).toEqual([]);
    become("ALARM");
    await clock.advance(31_000);
    expect(watch.firing()).toMatchObject([{ name: ALARM, family: "elb-5xx", deployments: ["acme"] }]);
    const before = looks();
    await clock.advance(2 * MINUTE);
    expect(looks()).toBe(before);
    become("OK");
    await clock.advance(31_000);
    expect(names(watch)).toEqual([]);
    become("ALARM");
    await clock.advance(31_000);
    cloud.at().alarms.delete(ALARM);
    await clock.advance(31_000);
    expect(names(watch)).toEqual([]);
  });

  test("out of reach of AWS keeps what it knew, says so in facts, and blames no target", async () => {
    const { start, clock, apply, become, cloud, told } = rig();
    await apply();
    become("ALARM");
    const watch = await start();
    await clock.advance(10_000);
    expect(names(watch)).toEqual([ALARM]);
    cloud.fault = () => ({ failure: "not-authorized" });
    await clock.advance(20 * MINUTE);
    expect(names(watch)).toEqual([ALARM]);
    expect(told.size).toBe(0);
    expect(watch.facts()["alarmsTrouble"]).toMatch(/not-authorized/);
    cloud.fault = () => undefined;
    become("OK");
    await clock.advance(20 * MINUTE);
    expect(names(watch)).toEqual([]);
    expect(watch.facts()["alarmsTrouble"]).toBeUndefined();
  });

  test("reads a queue instead of polling; a redelivery changes nothing, and what is of a foreign topic is left there and named", async () => {
    const fleet = small(["acme"], { alarms: BY_QUEUE });
    const { start, clock, apply, send, done, cloud, looks, log } = rig(fleet);
    await apply();
    const watch = await start();
    await clock.advance(5_000);
    const reads = cloud.count("cloudwatch:DescribeAlarms");
    const at = clock.now();
    const foreign = "arn:aws:sns:eu-west-1:999999999999:CloudWatchAlarmsEU_West_1_ELB";
    for (let again = 0; again < 3; again++) {
      send("ALARM", at, foreign);
      await clock.advance(1_000);
    }
    expect(names(watch)).toEqual([]);
    expect(done).toEqual([]);
    expect(watch.facts()["alarmsTrouble"]).toContain(foreign);
    expect(log.lines.filter((one) => one.message.includes(foreign))).toHaveLength(1);
    send("ALARM", at);
    send("ALARM", at);
    await clock.advance(1_000);
    expect(names(watch)).toEqual([ALARM]);
    expect(looks()).toBe(1);
    send("OK", at + 500);
    send("ALARM", at);
    await clock.advance(1_000);
    expect(names(watch)).toEqual([]);
    expect(done).toHaveLength(4);
    await clock.advance(5 * MINUTE);
    expect(cloud.count("cloudwatch:DescribeAlarms")).toBe(reads);
    await clock.advance(15 * MINUTE);
    expect(watch.facts()["alarmsTrouble"]).toBeUndefined();
  });

  test("asks CloudWatch where the topic in use has no confirmed subscription of its own, and only as long", async () => {
    const fleet = small(["acme"], { alarms: BY_QUEUE });
    const { start, clock, apply, become, cloud, log } = rig(fleet);
    // Made by hand: it is used as it is, and never subscribed to.
    const topic = { policy: "", tags: {}, subscriptions: [] as FakeSubscription[] };
    cloud.at().topics.set(TOPIC, topic);
    await apply();
    expect(topic.subscriptions).toEqual([]);
    const watch = await start();
    await clock.advance(5_000);
    become("ALARM");
    await clock.advance(61_000);
    expect(names(watch)).toEqual([ALARM]);
    expect(log.lines.filter((one) => /no confirmed subscription of corewatch/.test(one.message))).toHaveLength(1);
    topic.subscriptions.push({ arn: undefined, protocol: "sqs", endpoint: QUEUE, confirmed: false });
    await clock.advance(16 * MINUTE);
    become("OK");
    await clock.advance(31_000);
    expect(names(watch)).toEqual([]);
    for (const one of topic.subscriptions) one.confirmed = true;
    await clock.advance(16 * MINUTE);
    const reads = cloud.count("cloudwatch:DescribeAlarms");
    await clock.advance(5 * MINUTE);
    expect(cloud.count("cloudwatch:DescribeAlarms")).toBe(reads);
  });

  test("shows commands that it receives alarms as long as it runs", async () => {
    const { start, clock, store } = rig();
    const isThere = () => isReceiving(store, new JumpClock(), new AbortController().signal);
    expect(await isThere()).toBe(false);
    const watch = await start();
    await clock.advance(1_000);
    expect(await isThere()).toBe(true);
    await watch.stop();
    expect(await isThere()).toBe(false);
  });

  test("believes a topic that an apply made while it watches", async () => {
    const fleet = small(["acme"], { alarms: BY_QUEUE });
    const { start, clock, apply, send } = rig(fleet);
    const watch = await start();
    await clock.advance(5_000);
    await apply();
    send("ALARM", clock.now());
    await clock.advance(1_000);
    expect(names(watch)).toEqual([ALARM]);
  });

  test("knows after a restart what was in ALARM, before AWS is asked anything", async () => {
    const fleet = small(["acme"], { alarms: BY_QUEUE });
    const { start, clock, apply, send, cloud } = rig(fleet);
    await apply();
    const first = await start();
    await clock.advance(5_000);
    send("ALARM", clock.now());
    await clock.advance(2_000);
    await first.stop();
    cloud.fault = () => ({ failure: "not-authorized" });
    const second = await start();
    expect(names(second)).toEqual([ALARM]);
  });

  test("tells of drift once, with the field, also after a restart, and takes it back when it is gone", async () => {
    const { start, clock, apply, cloud, told } = rig();
    await apply();
    cloud.at().edit(ALARM, { threshold: 7 });
    const first = await start();
    await clock.advance(10_000);
    expect(told.get("alarms:prod")).toMatchObject({ cause: "alarm-drift", severity: "minor", affected: [] });
    expect(told.get("alarms:prod")?.evidence.join(" ")).toMatch(
      /HTTPCode_ELB_5XX_Count.*edited by hand: Threshold 1 → 7/,
    );
    await first.stop();
    told.clear();
    const second = await start();
    expect(told.has("alarms:prod")).toBe(true);
    cloud.at().edit(ALARM, { threshold: 1 });
    await clock.advance(16 * MINUTE);
    expect(told.size).toBe(0);
    expect(second.facts()["alarmsPlannedAt"]).toBeTypeOf("string");
  });

  test("applies by itself what is safe: creates and updates, no delete, and nothing that somebody deleted by hand", async () => {
    const fleet = small(["acme"], { alarms: { autoApply: "safe", schedule: "0 * * * * *" } });
    const { start, clock, cloud, told } = rig(fleet);
    const watch = await start();
    await clock.advance(30_000);
    const made = [...cloud.at().alarms.keys()];
    expect(made).toContain(ALARM);
    cloud.at().edit(ALARM, { threshold: 7 });
    await clock.advance(MINUTE);
    expect(cloud.at().held(ALARM).definition).toMatchObject({ threshold: 1 });
    expect(told.size).toBe(0);
    cloud.at().alarms.delete(ALARM);
    await clock.advance(2 * MINUTE);
    expect(cloud.at().alarms.has(ALARM)).toBe(false);
    expect(told.get("alarms:prod")?.evidence.join(" ")).toMatch(/deleted by hand/);
    watch.follow({ ...fleet, deployments: fleet.deployments.map((one) => ({ ...one, alarms: { enabled: true } })) });
    await clock.advance(MINUTE);
    expect(cloud.count("cloudwatch:DeleteAlarms")).toBe(0);
  });

  test("follows a reload: alarms that are no longer wanted are no witnesses, and nothing more is asked", async () => {
    const fleet = small(["acme"], { alarms: {} });
    const { start, clock, apply, become, cloud } = rig(fleet);
    await apply();
    become("ALARM");
    const watch = await start();
    await clock.advance(5_000);
    expect(names(watch)).toEqual([ALARM]);
    const { alarms: _alarms, ...without } = fleet;
    watch.follow(without);
    expect(names(watch)).toEqual([]);
    await clock.advance(1_000);
    const asked = cloud.log.length;
    await clock.advance(30 * MINUTE);
    expect(cloud.log.length).toBe(asked);
    watch.follow(fleet);
    await clock.advance(5_000);
    expect(names(watch)).toEqual([ALARM]);
  });
});

describe("maintenance and alarms", () => {
  const window = {
    id: "M-1",
    match: { deployment: "acme" },
    schedule: "0 5 8 * * *",
    durationMs: 10 * MINUTE,
    timezone: "UTC",
    reason: "upgrade",
  };
  const maintained = small(["acme", "beta"], { alarms: {}, maintenance: [window] });

  test("an open window mutes the deployment's alarms where mute rules are not to be had, and unmutes at its end", async () => {
    const { start, clock, apply, cloud } = rig(maintained);
    cloud.muteRules = () => Promise.resolve(undefined as unknown as string[]);
    await apply();
    await start();
    const enabled = () =>
      Object.fromEntries([...cloud.at().alarms].map(([name, { definition }]) => [name, definition.actionsEnabled]));
    await clock.advance(4 * MINUTE);
    expect(Object.values(enabled())).not.toContain(false);
    await clock.advance(2.5 * MINUTE);
    expect(enabled()[ALARM]).toBe(false);
    expect(enabled()["beta ELB HTTPCode_ELB_5XX_Count"]).toBe(true);
    await clock.advance(11 * MINUTE);
    expect(Object.values(enabled())).not.toContain(false);
  });

  test("what a process left mute that died in the window is unmuted by the next one", async () => {
    const { start, clock, apply, cloud } = rig(maintained);
    cloud.muteRules = () => Promise.resolve(undefined as unknown as string[]);
    await apply();
    const first = await start();
    await clock.advance(7 * MINUTE);
    expect(cloud.at().held(ALARM).definition.actionsEnabled).toBe(false);
    await first.stop();
    await clock.advance(60 * MINUTE);
    await start({ ...maintained, maintenance: [] });
    await clock.advance(MINUTE);
    expect(cloud.at().held(ALARM).definition.actionsEnabled).toBe(true);
  });

  test("mute rules are used where there are any, and taken away when their window is", async () => {
    const { start, clock, apply, cloud } = rig(maintained);
    await apply();
    const watch = await start();
    await clock.advance(7 * MINUTE);
    expect(cloud.at().rules.size).toBe(1);
    expect(cloud.at().held(ALARM).definition.actionsEnabled).toBe(true);
    watch.follow({ ...maintained, maintenance: [] });
    await clock.advance(2 * MINUTE);
    expect(cloud.at().rules.size).toBe(0);
  });

  test("without windows AWS is not asked about mutes", async () => {
    const { start, clock, apply, cloud } = rig(small(["acme"], { alarms: {} }));
    await apply();
    await start();
    await clock.advance(20 * MINUTE);
    expect(cloud.count("cloudwatch:ListAlarmMuteRules")).toBe(0);
  });
});

describe("drills and the heartbeat", () => {
  test("a scheduled drill that does not arrive is an incident of its own, until a good one", async () => {
    const fleet = small(["acme"], { alarms: { ...BY_QUEUE, drillSchedule: "0 */10 * * * *" } });
    const { start, clock, apply, told, drills, cloud, send, store } = rig(fleet);
    await apply();
    const first = await start();
    await clock.advance(9 * MINUTE);
    expect(cloud.count("cloudwatch:SetAlarmState")).toBe(0);
    await clock.advance(3 * MINUTE);
    expect(cloud.count("cloudwatch:SetAlarmState")).toBeGreaterThan(0);
    expect(told.get("alarm-path:prod")).toMatchObject({ cause: "alarm-path-broken", deployment: null });
    expect(told.get("alarm-path:prod")?.evidence.join(" ")).toMatch(/drill/i);
    await first.stop();
    told.clear();
    await start();
    expect(told.has("alarm-path:prod")).toBe(true);
    await recordDrill(store, { outcome: "unknown", problems: ["no"], hops: [], at: clock.now() });
    await clock.advance(2 * MINUTE);
    expect(told.has("alarm-path:prod")).toBe(true);
    await recordDrill(store, { outcome: "delivered", problems: [], hops: [], at: clock.now() });
    await clock.advance(2 * MINUTE);
    expect(told.size).toBe(0);
    expect(drills).toEqual([]);
    send("ALARM", clock.now());
  });

  test("what a drill sets off is told as a drill, and is nobody's incident", async () => {
    const fleet = small(["acme"], { alarms: { drillSchedule: "0 */10 * * * *" } });
    const { start, clock, apply, told, drills, cloud } = rig(fleet);
    await apply();
    const reasons = new Map<string, string>();
    const set = cloud.setAlarmState.bind(cloud);
    cloud.setAlarmState = async (place, name, state, reason, data, call) => {
      await set(place, name, state, reason, data, call);
      reasons.set(name, reason);
    };
    const named = cloud.alarmsNamed.bind(cloud);
    cloud.alarmsNamed = async (...given) =>
      (await named(...given)).map((one) => ({ ...one, stateReason: reasons.get(one.definition.name) ?? "" }));
    const watch = await start();
    await clock.advance(11 * MINUTE);
    expect(drills).toHaveLength(1);
    expect(drills[0]).toMatch(/^DRILL, nothing is wrong/);
    expect(names(watch)).toEqual([]);
    expect(told.size).toBe(0);
    expect(cloud.at().held("corewatch prod drill").state).toBe("OK");
  });

  test("the heartbeat metric is published once a minute while corewatch is fit, and only where it is wanted", async () => {
    const { start, clock, cloud, ill } = rig(small(["acme"], { alarms: { deadMan: true } }));
    await start();
    await clock.advance(5 * MINUTE);
    expect(cloud.count("cloudwatch:PutMetricData")).toBe(5);
    ill(["the store is out of reach"]);
    await clock.advance(5 * MINUTE);
    expect(cloud.count("cloudwatch:PutMetricData")).toBe(5);
    const other = rig();
    await other.start();
    await other.clock.advance(5 * MINUTE);
    expect(other.cloud.count("cloudwatch:PutMetricData")).toBe(0);
  });
});
