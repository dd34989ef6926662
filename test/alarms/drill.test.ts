import { describe, expect, test } from "vitest";
import { drillNonce, runDrill, type DrillOptions, type DrillPorts, type DrillTrace } from "../../alarms/drill-run.ts";
import { shortHash } from "../../alarms/hash.ts";
import { muteRulePrefix, type OpenWindow } from "../../alarms/mute.ts";
import { TAG } from "../../alarms/tags.ts";
import { CloudPacer } from "../../alarms/rate.ts";
import type { AlarmEvent, AlarmState, AlarmWriter, CloudPlace, Fleet, ObservedAlarm } from "../../src/domain/index.ts";
import { FakeCloud } from "../fakes/cloud.ts";
import { FakeStore } from "../fakes/store.ts";
import { deployment, JumpClock, small } from "./support.ts";

/** The cloud with reasons of states, and with somebody who hears of each. */
class DrillCloud extends FakeCloud {
  readonly reasons = new Map<string, string>();
  readonly sets: { name: string; state: AlarmState; reason: string }[] = [];
  onSet: (name: string, state: AlarmState, reason: string) => void = () => undefined;

  override async setAlarmState(...[place, name, state, reason, data, call]: Parameters<AlarmWriter["setAlarmState"]>) {
    await super.setAlarmState(place, name, state, reason, data, call);
    this.reasons.set(name, reason);
    this.sets.push({ name, state, reason });
    this.onSet(name, state, reason);
  }

  override async alarmsNamed(...given: Parameters<FakeCloud["alarmsNamed"]>): Promise<ObservedAlarm[]> {
    const found = await super.alarmsNamed(...given);
    return found.map((one) => ({ ...one, stateReason: this.reasons.get(one.definition.name) ?? "" }));
  }

  /** It went back by itself. */
  evaluate(place: CloudPlace, name: string): void {
    this.at(place.region).held(name).state = "OK";
    this.reasons.set(name, "Threshold not crossed");
  }
}

const NAME = "corewatch prod drill";
const QUEUE = "arn:aws:sqs:eu-west-1:111111111111:alarms";
const BY_QUEUE = { alarms: { subscriptions: [{ protocol: "sqs" as const, endpoint: QUEUE }] } };
/** A fleet whose alarms arrive by themselves, as soon as its topic is made. */
const HEARD = small(["acme"], BY_QUEUE);

function rig(fleet: Fleet = small(["acme"])) {
  const cloud = new DrillCloud();
  for (const { id, region } of fleet.deployments) cloud.at(region ?? "eu-west-1").addBalancer(id, [`${id}-cores`]);
  const clock = new JumpClock();
  const store = new FakeStore(clock);
  const traces = new Map<string, DrillTrace>();
  const delivered: AlarmEvent[] = [];
  const happened: string[] = [];
  const outside = { daemon: true, windows: [] as OpenWindow[] };
  let nonces = 0;
  const arrive = (nonce: string, via: AlarmEvent["via"], more: Partial<DrillTrace> = {}): void =>
    void traces.set(nonce, {
      nonce,
      via,
      publishedAt: null,
      receivedAt: clock.now(),
      toldAt: clock.now(),
      error: null,
      ...more,
    });
  const ports: DrillPorts = {
    reader: cloud,
    writer: cloud,
    pacer: new CloudPacer(clock),
    signal: new AbortController().signal,
    clock,
    store,
    newNonce: () => `00000000${nonces++}`,
    trace: (nonce) => Promise.resolve(traces.get(nonce)),
    deliver: (event) => {
      delivered.push(event);
      arrive(drillNonce(event.reason) ?? "", event.via);
      return Promise.resolve();
    },
    windows: () => outside.windows,
    receives: () => Promise.resolve(outside.daemon),
    announce: ({ alarm, real, subscribers }) =>
      void happened.push(
        `announce ${alarm}${real ? " (real)" : ""} to ${subscribers.map((one) => one.endpoint).join()}`,
      ),
  };
  const drill = (options: Partial<DrillOptions> = {}) => runDrill(fleet, ports, { chat: true, ...options });
  return { cloud, clock, store, delivered, happened, arrive, drill, outside };
}

const REAL = "acme ELB TargetResponseTime";

/** An alarm of the fleet, as an apply makes it. */
function addReal(cloud: DrillCloud): void {
  const at = cloud.at();
  at.add(
    { ...at.held(NAME).definition, name: REAL },
    {
      [TAG.fleet]: "prod",
      [TAG.identity]: "target-response-time:app/acme/1",
      [TAG.name]: shortHash(REAL),
      [TAG.deployment]: "acme",
    },
  );
}

describe("a drill", () => {
  test("over an ingress lists subscribers first, follows its nonce to the chat, and sets the alarm back", async () => {
    const { cloud, drill, arrive, happened, clock } = rig(HEARD);
    cloud.onSet = (name, state, reason) => {
      happened.push(`set ${name} ${state}`);
      const nonce = drillNonce(reason);
      if (state === "ALARM" && nonce !== undefined)
        clock.after(1_500, () => arrive(nonce, "sqs", { publishedAt: clock.now() - 1_000 }));
    };
    const result = await drill();
    expect(result).toMatchObject({ outcome: "delivered", problems: [] });
    expect(result.hops.map((one) => one.name)).toEqual(["alarm", "topic", "receipt", "slack", "restored"]);
    expect(result.hops.every((one) => one.site === "111111111111/eu-west-1" && one.ms >= 0)).toBe(true);
    const times = result.hops.map((one) => one.at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(happened).toEqual([`announce ${NAME} to ${QUEUE}`, `set ${NAME} ALARM`, `set ${NAME} OK`]);
    expect(cloud.at().held(NAME).state).toBe("OK");
    expect(cloud.sets[0]?.reason).toMatch(/^corewatch drill 000000000: nothing is wrong/);
  });

  test("makes its alarm on demand, and no other", async () => {
    const { cloud, drill, store } = rig();
    await drill();
    expect([...cloud.at().alarms.keys()]).toEqual([NAME]);
    expect(JSON.stringify(await store.getFact("alarms"))).toContain("drill:eu-west-1:prod");
  });

  test("without an ingress asks CloudWatch itself, and hands on what it saw", async () => {
    const { drill, delivered } = rig();
    const result = await drill();
    expect(result.outcome).toBe("delivered");
    expect(delivered).toMatchObject([{ name: NAME, state: "ALARM", via: "poll" }]);
  });

  test("whose message does not arrive in time says so, with who is subscribed, and sets the alarm back", async () => {
    const { cloud, drill } = rig(HEARD);
    const result = await drill({ boundMs: 5_000 });
    expect(result.outcome).toBe("not-received");
    expect(result.problems.join(" ")).toMatch(
      /nothing of it arrived here within 5 s, though sqs .*:alarms is subscribed/,
    );
    expect(cloud.sets.at(-1)).toMatchObject({ state: "OK" });
  });

  test("that Slack does not take is told as that", async () => {
    const { cloud, drill, arrive } = rig(HEARD);
    cloud.onSet = (_name, state, reason) => {
      if (state === "ALARM") arrive(drillNonce(reason) ?? "", "sns", { toldAt: null, error: "channel_not_found" });
    };
    const result = await drill();
    expect(result.outcome).toBe("not-told");
    expect(result.problems.join(" ")).toContain("channel_not_found");
    expect((await drill({ chat: false })).outcome).toBe("delivered");
  });

  test("leaves an alarm alone that went back by itself", async () => {
    const { cloud, drill, arrive } = rig(HEARD);
    cloud.onSet = (name, state, reason) => {
      if (state !== "ALARM") return;
      arrive(drillNonce(reason) ?? "", "sns");
      cloud.evaluate({ region: "eu-west-1", roleArn: undefined }, name);
    };
    expect((await drill()).outcome).toBe("delivered");
    expect(cloud.sets).toHaveLength(1);
  });

  test("for real sets off an alarm of the fleet that is OK, says so, and puts it back as it was", async () => {
    const { cloud, drill, happened } = rig(small(["acme"], { alarms: { drillSchedule: "0 0 9 * * 1" } }));
    expect(await drill({ real: true })).toMatchObject({ outcome: "unknown", hops: [] });
    await drill();
    addReal(cloud);
    const result = await drill({ real: true });
    expect(result.outcome).toBe("delivered");
    expect(happened.at(-1)).toBe(`announce ${REAL} (real) to `);
    expect(cloud.at().held(REAL).state).toBe("OK");
  });

  test("for real leaves out what is muted, and where nothing else is left says nothing of the path", async () => {
    const { cloud, clock, drill, outside } = rig(HEARD);
    await drill({ boundMs: 1_000 });
    const sets = cloud.sets.length;
    addReal(cloud);
    const held = cloud.at().held(REAL);
    const unknown = async (what: string) => {
      const result = await drill({ real: true, boundMs: 1_000 });
      expect([what, result.outcome, result.hops]).toEqual([what, "unknown", []]);
      expect(result.problems.join(" ")).toMatch(/mute/);
    };
    const now = clock.now();
    const window = { id: "M-1", match: { deployment: "acme" }, from: now, until: now + 600_000, reason: "upgrade" };
    outside.windows = [window];
    await unknown("an open window");
    outside.windows = [{ ...window, match: { deployment: "other" } }];
    cloud.at().rules.add(`${muteRulePrefix("prod")}gone`);
    await unknown("a rule that no open window accounts for");
    cloud.at().rules.clear();
    outside.windows = [];
    held.tags[TAG.mutedUntil] = new Date(clock.now() + 600_000).toISOString();
    await unknown("the tag of a mute");
    expect(cloud.sets).toHaveLength(sets);
    held.tags[TAG.mutedUntil] = new Date(clock.now() - 1).toISOString();
    expect((await drill({ real: true, boundMs: 1_000 })).outcome).toBe("not-received");
  });

  test("where only a daemon could receive it, and none runs, sets nothing off and says nothing of the path", async () => {
    const { cloud, drill, outside } = rig(HEARD);
    outside.daemon = false;
    const result = await drill();
    expect(result).toMatchObject({ outcome: "unknown", hops: [] });
    expect(result.problems.join(" ")).toMatch(/no daemon of this fleet runs/);
    expect(cloud.sets).toEqual([]);
    outside.daemon = true;
    cloud.onSet = () => void (outside.daemon = false);
    expect((await drill({ boundMs: 1_000 })).outcome).toBe("unknown");
    expect(cloud.at().held(NAME).state).toBe("OK");
    outside.daemon = false;
    cloud.at().topics.forEach((one) => (one.subscriptions = []));
    expect((await drill()).outcome).toBe("delivered");
  });

  test("asks CloudWatch itself where the topic in use has no confirmed subscription of corewatch", async () => {
    const url = "https://watch.example.com";
    const fleet = small(["acme"], { web: { host: "127.0.0.1", port: 0, publicUrl: url }, alarms: {} });
    const { cloud, drill, delivered } = rig(fleet);
    await drill();
    const [topic] = cloud.at().topics.values();
    expect(topic?.subscriptions).toMatchObject([{ endpoint: `${url}/receipts/sns`, confirmed: false }]);
    expect(delivered).toHaveLength(1);
    for (const one of topic?.subscriptions ?? []) one.confirmed = true;
    expect((await drill({ boundMs: 1_000 })).outcome).toBe("not-received");
    for (const one of topic?.subscriptions ?? []) one.endpoint = "https://other.example.com/receipts/sns";
    expect((await drill({ boundMs: 1_000 })).outcome).toBe("delivered");
  });

  test("goes to every region, and the worst of them is its outcome", async () => {
    const fleet = small([], {
      deployments: [deployment("acme", 1), deployment("us", 1, { region: "us-east-1" })],
      ...BY_QUEUE,
    });
    const { cloud, drill, arrive } = rig(fleet);
    let first = true;
    cloud.onSet = (_name, state, reason) => {
      if (state === "ALARM" && first) arrive(drillNonce(reason) ?? "", "sns");
      if (state === "ALARM") first = false;
    };
    const result = await drill({ boundMs: 2_000 });
    expect(result.outcome).toBe("not-received");
    expect(new Set(result.hops.map((one) => one.site)).size).toBe(2);
    expect(result.problems).toHaveLength(1);
  });

  test("that AWS does not let begin says nothing of the path, whichever request fails", async () => {
    for (const operation of ["cloudwatch:SetAlarmState", "cloudwatch:DescribeAlarms", "sns:GetTopicAttributes"]) {
      const { cloud, drill } = rig();
      await drill();
      cloud.fault = (_index, asked) => (asked === operation ? { failure: "not-authorized" } : undefined);
      const result = await drill();
      expect([operation, result.outcome]).toEqual([operation, "unknown"]);
      expect(result.problems.length).toBeGreaterThan(0);
    }
  });
});
