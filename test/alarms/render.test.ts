import { describe, expect, test } from "vitest";
import { iamPolicy } from "../../alarms/iam.ts";
import { applyDocument, isSamePlan, planDocument, reviewedPlan } from "../../alarms/json.ts";
import { COLOURS } from "../../alarms/paint.ts";
import { renderPlan, renderResults } from "../../alarms/render.ts";
import { brief, deployment, Desk, handMade, small } from "./support.ts";

const GOLDEN = "../golden/alarms";

/** Everything that a plan can say, in one. */
async function busy(): Promise<Desk> {
  const desk = new Desk(
    small([], { deployments: [deployment("acme", 2), deployment("beta", 2), deployment("dota", 2)] }),
  );
  await desk.apply();
  const at = desk.cloud.at();
  at.edit("acme ELB TargetResponseTime", { threshold: 30 });
  at.alarms.delete("acme ELB UnHealthyHostCount");
  at.add(handMade("carl ELB TargetResponseTime"));
  at.add(handMade("carl's own", { actionsEnabled: false }));
  desk.fleet = small([], {
    deployments: [
      deployment("acme", 2, { alarms: { overrides: { "elb-5xx": { threshold: 2 } } } }),
      deployment("beta", 2, { alarms: { profile: "recommended" } }),
      deployment("carl", 2),
      deployment("lost", 2),
    ],
    web: { host: "127.0.0.1", port: 0, publicUrl: "https://watch.example.com" },
  });
  const carl = desk.fleet.deployments[2];
  if (carl !== undefined) desk.addBalancer(carl);
  return desk;
}

describe("a plan as people read it", () => {
  test("of a fresh fleet", async () => {
    await expect(renderPlan(await new Desk(small()).plan())).toMatchFileSnapshot(`${GOLDEN}/fresh.txt`);
  });

  test("with nothing to do", async () => {
    const desk = new Desk(small());
    await desk.apply();
    await expect(renderPlan(await desk.plan())).toMatchFileSnapshot(`${GOLDEN}/empty.txt`);
  });

  test("with conflicts alone, which are no good end", async () => {
    const desk = new Desk(small());
    desk.cloud.at().add(handMade("acme ELB TargetResponseTime"));
    await desk.apply();
    const plan = await desk.plan();
    expect(plan.changes).toEqual([]);
    await expect(renderPlan(plan)).toMatchFileSnapshot(`${GOLDEN}/conflicts.txt`);
  });

  test("never calls it in order when AWS was out of reach, or a load balancer is not found", async () => {
    const desk = new Desk(small());
    await desk.apply();
    desk.cloud.fault = () => ({ failure: "not-authorized" });
    const unread = renderPlan(await desk.plan());
    expect(unread).toContain(
      "It could not be told whether AWS is as the inventory says: not everything could be read.",
    );
    desk.cloud.fault = () => undefined;
    desk.cloud.at().balancers = [];
    const lost = renderPlan(await desk.plan());
    expect(lost).toContain("It could not be told whether AWS is as the inventory says: 1 load balancer not found.");
    expect(lost).toContain("! acme of acme (111111111111/eu-west-1)");
    for (const text of [unread, lost]) expect(text).not.toContain("Nothing to do");
  });

  test("with changes, conflicts, drift and lint", async () => {
    await expect(renderPlan(await (await busy()).plan())).toMatchFileSnapshot(`${GOLDEN}/busy.txt`);
  });

  test("from an incomplete read", async () => {
    const desk = await busy();
    desk.cloud.log.length = 0;
    desk.cloud.fault = (_, operation) =>
      operation === "cloudwatch:ListMetrics" ? { failure: "not-authorized" } : undefined;
    const plan = await desk.plan();
    expect(brief(plan).filter((one) => one.startsWith("-"))).toEqual([]);
    await expect(renderPlan(plan)).toMatchFileSnapshot(`${GOLDEN}/incomplete.txt`);
  });

  test("has colours only when asked", async () => {
    const plan = await (await busy()).plan();
    const escape = "\u001B[";
    expect(renderPlan(plan)).not.toContain(escape);
    expect(renderPlan(plan, COLOURS)).toContain(escape);
    expect(
      renderPlan(plan, COLOURS)
        .split(escape)
        .map((part, at) => (at === 0 ? part : part.slice(part.indexOf("m") + 1)))
        .join(""),
    ).toBe(renderPlan(plan));
  });

  test("and the results of its apply", async () => {
    const desk = await busy();
    desk.cloud.fault = (_, operation) =>
      operation === "cloudwatch:DeleteAlarms" ? { failure: "not-authorized" } : undefined;
    await expect(renderResults(await desk.apply({ force: true }))).toMatchFileSnapshot(`${GOLDEN}/results.txt`);
  });
});

describe("a plan as scripts read it", () => {
  test("has the keys of the contract, and a hash that a file gives back", async () => {
    const plan = await (await busy()).plan();
    const document = planDocument(plan);
    expect(Object.keys(document)).toEqual(
      expect.arrayContaining([
        "hash",
        "changes",
        "conflicts",
        "drift",
        "unchanged",
        "foreign",
        "lint",
        "estimate",
        "complete",
      ]),
    );
    expect(Object.keys(document.changes[0] ?? {})).toEqual(expect.arrayContaining(["verb", "kind", "name", "fields"]));
    expect(Object.keys(document.estimate)).toEqual(["seconds", "usdPerMonth"]);
    expect(reviewedPlan(JSON.stringify(document)).hash).toBe(plan.hash);
    expect(isSamePlan(reviewedPlan(JSON.stringify(document)), plan)).toBe(true);
    expect(() => reviewedPlan("{}")).toThrow("no plan");
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(`${GOLDEN}/busy.json`);
  });

  test("and its results are told one by one", async () => {
    const desk = await busy();
    const plan = await desk.plan();
    const document = applyDocument(plan, await desk.apply({ force: true }, plan));
    expect(document.planHash).toBe(plan.hash);
    expect(document.results).toHaveLength(plan.changes.length);
    expect(document.results[0]).toMatchObject({ outcome: "done" });
  });
});

test.each(["plan", "apply", "start"] as const)("the least policy of %s", async (command) => {
  const settings = { autoApply: "safe", drillSchedule: "0 0 9 * * 1", deadMan: true } as const;
  const maintenance = [
    { id: "sunday", match: {}, schedule: "0 4 * * 0", durationMs: 60_000, reason: "", timezone: "UTC" },
  ] as const;
  const busiest = { alarms: settings, web: { host: "127.0.0.1", port: 0, publicUrl: "https://a.example.com" } };
  const fleet = command === "start" ? small([], { ...busiest, maintenance }) : small([]);
  await expect(iamPolicy(command, fleet)).toMatchFileSnapshot(`${GOLDEN}/iam-${command}.json`);
});

test("the daemon's least policy names the queues that it reads, and no others", () => {
  const queue = "arn:aws:sqs:eu-west-1:123456789012:alarms";
  const subscriptions = [
    { protocol: "sqs", endpoint: queue },
    { protocol: "email", endpoint: "ops@example.com" },
  ] as const;
  const policy = JSON.parse(iamPolicy("start", small([], { alarms: { subscriptions } }))) as {
    Statement: { Sid: string; Resource: unknown }[];
  };
  expect(policy.Statement.find((one) => one.Sid === "ReadQueues")).toMatchObject({ Resource: [queue] });
  expect(iamPolicy("start", small([]))).not.toContain("sqs:");
});

test("the daemon's least policy has no right that the fleet never uses", () => {
  expect(iamPolicy("start", small())).not.toMatch(/Put|Enable|Disable|Confirm|Tag(?!s)|Set|Mute|AssumeRole/);
});

test("the least policy names the roles to assume, and the partition that the fleet stands in", () => {
  const roleArn = "arn:aws-cn:iam::222222222222:role/watch";
  const cn = { region: "cn-north-1", roleArn };
  const policy = (more: Parameters<typeof small>[1]): string => iamPolicy("plan", small([], more));
  const only = policy({ region: undefined, deployments: [deployment("a", 1, cn), deployment("b", 1, cn)] });
  const { Statement } = JSON.parse(only) as { Statement: { Sid: string; Action: string[]; Resource: unknown }[] };
  expect(Statement.find((one) => one.Sid === "AssumeRoles")).toMatchObject({
    Action: ["sts:AssumeRole"],
    Resource: [roleArn],
  });
  expect(Statement.find((one) => one.Sid === "ReadAlarmTags")?.Resource).toBe("arn:aws-cn:cloudwatch:*:*:alarm:*");
  const both = policy({ deployments: [deployment("a", 1, cn)] });
  expect(both).toContain("arn:aws:cloudwatch:");
  expect(both).toContain("arn:aws-cn:cloudwatch:");
});
