import { describe, expect, test } from "vitest";
import type { CloudOperation } from "../../src/domain/index.ts";
import type { Fault } from "../fakes/cloud.ts";
import { deployment, Desk, handMade, small } from "./support.ts";

/** Each way a request can go wrong: once, for good, refused, broken, and with the work done but the answer lost. */
const WAYS: Readonly<Record<string, { fault: Fault; lasting: boolean }>> = {
  "throttled once": { fault: { failure: "throttled" }, lasting: false },
  "throttled for good": { fault: { failure: "throttled" }, lasting: true },
  "unreachable once": { fault: { failure: "unreachable" }, lasting: false },
  "unreachable for good": { fault: { failure: "unreachable" }, lasting: true },
  "access denied": { fault: { failure: "not-authorized" }, lasting: false },
  "a server error": { fault: { failure: "failed" }, lasting: false },
  "gone meanwhile": { fault: { failure: "not-found" }, lasting: false },
  "answer lost, tried again": { fault: { failure: "unreachable", done: true }, lasting: false },
  "answer lost": { fault: { failure: "failed", done: true }, lasting: false },
};

const WRITES = /^(cloudwatch:(Put|Delete|Tag|Untag)|sns:(Create|Delete|Set|Subscribe|Tag|Untag))/;

/**
 * A site with everything to do at once: creates, an update, deletes of alarms, of a composite and of a topic in a region
 * that was left, tags to mend, and strangers.
 */
async function scene(): Promise<Desk> {
  const recommended = { profile: "recommended" as const };
  const start = small([], {
    deployments: [
      deployment("keep", 1),
      deployment("gone", 1, { alarms: recommended }),
      deployment("far", 1, { region: "us-east-1" }),
    ],
  });
  const desk = new Desk(start);
  desk.cloud.endpointsAnswer = true;
  desk.cloud.at().add(handMade("theirs"), { team: "a" }, "ALARM");
  desk.cloud.at().add(handMade("late ELB TargetResponseTime"));
  await desk.apply();
  desk.cloud.at().edit("keep ELB TargetResponseTime", { threshold: 30 });
  desk.cloud.at().held("keep ELB UnHealthyHostCount").tags["corewatch:definition"] = "old";
  desk.fleet = small([], {
    deployments: [
      deployment("keep", 1),
      deployment("fresh", 1, { alarms: recommended }),
      deployment("late", 1),
      deployment("new", 1, { region: "eu-central-1" }),
    ],
    web: { host: "127.0.0.1", port: 0, publicUrl: "https://watch.example.com" },
  });
  for (const one of desk.fleet.deployments) desk.addBalancer(one);
  desk.cloud.log.length = 0;
  return desk;
}

function strangers(desk: Desk): string {
  const { alarms } = desk.cloud.at();
  return JSON.stringify([alarms.get("theirs"), alarms.get("late ELB TargetResponseTime")]);
}

/** Makes request `index` go wrong; a lasting fault also meets every later try of the same operation. */
function breakAt(desk: Desk, index: number, { fault, lasting }: { fault: Fault; lasting: boolean }): void {
  let operation: CloudOperation | undefined;
  desk.cloud.fault = (at, asked) => {
    if (at === index) operation = asked;
    return at === index || (lasting && at > index && asked === operation) ? fault : undefined;
  };
}

const requests = await (async () => {
  const desk = await scene();
  const plan = await desk.plan();
  const planned = desk.cloud.log.length;
  await desk.apply({ force: true }, plan);
  return { planned, all: desk.cloud.log.length, log: [...desk.cloud.log] };
})();

test("the scene has every kind of write in it", () => {
  const kinds = new Set(requests.log.map((one) => one.split(" ")[0] ?? "").filter((one) => WRITES.test(one)));
  expect([...kinds].sort()).toEqual([
    "cloudwatch:DeleteAlarms",
    "cloudwatch:PutCompositeAlarm",
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:TagResource",
    "sns:CreateTopic",
    "sns:DeleteTopic",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
  ]);
});

/** One scene with one request going wrong; the sentences of what is not as it should be. */
async function ordeal(index: number, way: { fault: Fault; lasting: boolean }): Promise<string[]> {
  const wrong: string[] = [];
  const must = (holds: boolean, what: string): void => {
    if (!holds) wrong.push(`request ${index} (${requests.log[index] ?? ""}): ${what}`);
  };
  const desk = await scene();
  const before = strangers(desk);
  breakAt(desk, index, way);
  const plan = await desk.plan();
  const goesByItself = !way.lasting && ["throttled", "unreachable"].includes(way.fault.failure);
  must(plan.complete === (index >= requests.planned || goesByItself), "the plan says wrongly whether it is complete");
  must(plan.complete === (plan.problems.length === 0), "an incomplete plan names no problem");
  must(
    plan.complete || !plan.changes.some((one) => one.verb === "delete"),
    "a delete is planned from an incomplete read",
  );
  const asked = desk.cloud.log.length;
  const results = await desk.apply({ force: true }, plan);
  must(
    results.length === plan.changes.length && results.every((one, at) => one.change === plan.changes[at]),
    "not every change is told of",
  );
  must(
    results.every((one) => one.outcome === "done" || (one.error ?? "") !== ""),
    "a change failed without a sentence",
  );
  must(
    plan.complete || !desk.cloud.log.slice(asked).some((one) => one.includes(":Delete")),
    "something was deleted after an incomplete read",
  );
  must(strangers(desk) === before, "a stranger was touched");

  desk.cloud.fault = () => undefined;
  const second = await desk.apply({ force: true });
  must(
    second.every((one) => one.outcome === "done"),
    "the next run fails too",
  );
  must((await desk.plan()).changes.length === 0, "the next run does not converge");
  must(strangers(desk) === before, "a stranger was touched in the next run");
  return wrong;
}

describe.each(Object.entries(WAYS))("every one of a plan's and an apply's requests: %s", (_, way) => {
  test("never deletes from an incomplete read, tells every change, and the next run converges", async () => {
    const wrong: string[] = [];
    for (let index = 0; index < requests.all; index++) wrong.push(...(await ordeal(index, way)));
    expect(wrong).toEqual([]);
  }, 60_000);
});

test("a process that dies at any request leaves what the next run puts in order", async () => {
  for (let index = requests.planned; index < requests.all; index++) {
    const desk = await scene();
    const before = strangers(desk);
    const plan = await desk.plan();
    const dead = new AbortController();
    desk.signal = dead.signal;
    const record = desk.record;
    // From this request on nothing happens any more, and the record of what was done is not kept.
    desk.cloud.fault = (at) => {
      if (at < index) return undefined;
      dead.abort();
      return { failure: "failed" };
    };
    await desk.apply({ force: true }, plan);
    desk.record = record;
    desk.signal = new AbortController().signal;
    desk.cloud.fault = () => undefined;
    const results = await desk.apply({ force: true });
    expect(results.filter((one) => one.outcome !== "done")).toEqual([]);
    expect((await desk.plan()).changes).toEqual([]);
    expect(strangers(desk)).toBe(before);
  }
});
