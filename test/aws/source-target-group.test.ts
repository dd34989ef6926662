import { expect, test } from "vitest";
import { launchInstance, terminateInstance } from "../../src/sandbox/aws-ec2-life.ts";
import { failing, openAccount, REGION } from "./source-stage.ts";

const GROUP = { from: "target-group" } as const;

async function twoCores() {
  const account = await openAccount();
  const { model, clock, targets } = account;
  for (const [id, zone, privateIp, publicIp] of [
    ["i-0a1", "a", "10.0.1.11", "203.0.113.1"],
    ["i-0b2", "b", "10.0.2.12", "203.0.113.2"],
  ] as const) {
    launchInstance(model, { id, zone: `${REGION}${zone}`, type: "t2.micro", privateIp, publicIp, at: clock.now() - 1 });
    targets.changes.register(id, 3567);
    targets.set(id, 3567, "healthy");
  }
  return account;
}

test("targets become cores at the addresses of their instances", async () => {
  const { find } = await twoCores();
  expect(await find(GROUP)).toEqual([
    {
      key: "i-0a1:3567",
      instance: "i-0a1",
      zone: "eu-west-1a",
      host: "10.0.1.11",
      port: 3567,
      state: "serving",
      detail: "healthy",
      startedAt: null,
    },
    expect.objectContaining({ key: "i-0b2:3567", host: "10.0.2.12", zone: "eu-west-1b" }),
  ]);
  expect((await find(GROUP, "public")).map(({ host }) => host)).toEqual(["203.0.113.1", "203.0.113.2"]);
});

test.each([
  ["initial", "starting"],
  ["healthy", "serving"],
  ["unhealthy", "serving"],
  ["unused", "serving"],
  ["unavailable", "serving"],
  ["draining", "draining"],
  ["unhealthy.draining", "draining"],
] as const)("a target that is %s is %s", async (state, expected) => {
  const { find, targets } = await twoCores();
  targets.set("i-0a1", 3567, state);
  expect((await find(GROUP))[0]?.state).toBe(expected);
});

test("a core on an instance that is terminated drains, and is gone with its target", async () => {
  const { find, model, clock } = await twoCores();
  terminateInstance(model, "i-0a1", clock.now());
  expect((await find(GROUP)).map(({ key, state }) => [key, state])).toEqual([
    ["i-0a1:3567", "draining"],
    ["i-0b2:3567", "serving"],
  ]);
  await clock.advance(6_000);
  expect((await find(GROUP)).map(({ key }) => key)).toEqual(["i-0b2:3567"]);
});

test("the target group that is named counts alone, and one that is not there is said", async () => {
  const { find } = await twoCores();
  expect(await find({ ...GROUP, targetGroup: "cores" })).toHaveLength(2);
  await expect(find({ ...GROUP, targetGroup: "other" })).rejects.toThrow(
    "load balancer acme has no target group other",
  );
});

test("a target whose instance EC2 does not tell is an incomplete read", async () => {
  const { find, model } = await twoCores();
  model.ec2?.instances.splice(0, 1);
  expect((await failing(find(GROUP))).message).toContain("EC2 does not know instance i-0a1");
});

test("an instance without the address that is wanted is said, with the way out", async () => {
  const { find, model } = await twoCores();
  Object.assign(model.ec2?.instances[0] ?? {}, { publicIp: undefined });
  await expect(find(GROUP, "public")).rejects.toThrow(
    /i-0a1 runs without a public address: set discovery.address to private/,
  );
});

test.each(["throttle", "deny", "error", "hang", "down", "cut", "truncate"] as const)(
  "EC2 in trouble (%s) is no empty fleet",
  async (kind) => {
    const { find, aws } = await twoCores();
    aws.setTroubles([{ kind, service: "ec2" }]);
    expect(await failing(find(GROUP))).toMatchObject({ name: "CloudError" });
  },
);
