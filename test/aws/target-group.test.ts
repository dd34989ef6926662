import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createLoadBalancerReader } from "../../src/aws/load-balancers.ts";
import { createTargetGroups } from "../../src/aws/target-group.ts";
import { elbv2Service } from "../../src/sandbox/aws-elbv2.ts";
import { awsLoadBalancer, type AwsModel } from "../../src/sandbox/aws-model.ts";
import { startAws } from "../../src/sandbox/aws-server.ts";
import type { SandboxCore } from "../../src/sandbox/core-fleet.ts";
import type { FleetPlan, PlannedDeployment } from "../../src/sandbox/fleets.ts";
import { startBalancer } from "../../src/sandbox/fleets-balancers.ts";
import type { TargetState, TargetView } from "../../src/sandbox/load-balancer-targets.ts";
import { systemClock } from "../../src/system/clock.ts";
import { core, deployment } from "../checks/small-fleet.ts";
import { portOf } from "../databases/servers.ts";

const never = new AbortController().signal;
const credentials = { accessKeyId: "AKIASANDBOX", secretAccessKey: "secret" };

/** A target group whose targets leave as soon as they are taken out. */
function group(name: string, ids: readonly string[], port = 3567) {
  const targets = new Map<string, TargetState>(ids.map((id) => [`${id}:${port}`, "healthy"]));
  const calls: string[] = [];
  const view = ([key, state]: [string, TargetState]): TargetView => {
    const [id = ""] = key.split(":");
    return { id, port, zone: "eu-west-1a", url: "http://127.0.0.1:1", state, reason: "", description: "" };
  };
  return {
    name,
    port: 80,
    targets: () => [...targets].map(view),
    changes: {
      register(id: string, at: number): boolean {
        calls.push(`+${id}:${at}`);
        if (id === "i-gone") return false;
        targets.set(`${id}:${at}`, "initial");
        return true;
      },
      deregister(id: string, at: number): void {
        calls.push(`-${id}:${at}`);
        if (targets.has(`${id}:${at}`)) targets.set(`${id}:${at}`, "draining");
      },
    },
    set: (key: string, state: TargetState) => void targets.set(key, state),
    calls,
  };
}

async function start(groups: readonly ReturnType<typeof group>[], targetType: "instance" | "ip" = "instance") {
  const balancer = awsLoadBalancer({
    region: "eu-west-1",
    account: "123456789012",
    name: "acme-production",
    zones: ["eu-west-1a"],
    protocol: "HTTPS",
    port: 443,
    targetType,
    targetGroups: groups,
  });
  const model: AwsModel = { account: "123456789012", loadBalancers: [balancer] };
  const aws = await startAws({ clock: systemClock, services: [elbv2Service(model)] });
  onTestFinished(() => aws.stop());
  const overrides = { endpoint: aws.url, credentials, maxAttempts: 1, clock: systemClock };
  const loadBalancers = () => createLoadBalancerReader(overrides);
  return {
    aws,
    actions: createTargetGroups({ ...overrides, loadBalancers: loadBalancers(), region: "eu-west-1" }),
    fresh: () => createTargetGroups({ ...overrides, loadBalancers: loadBalancers(), region: "eu-west-1" }),
  };
}

test("a core is taken out of every group that has it, and registered again exactly there", async () => {
  const groups = [group("one", ["i-1", "i-2"]), group("two", ["i-2"]), group("three", ["i-1"])];
  const { actions } = await start(groups);
  const of = deployment();
  const said = await actions.deregister(core(1), of, never);
  expect(said).toBe("taken out of one (i-1:3567), three (i-1:3567)");
  expect(groups.map(({ calls }) => calls)).toEqual([["-i-1:3567"], [], ["-i-1:3567"]]);
  expect(await actions.register(core(1), of, never)).toBe("registered again in one (i-1:3567), three (i-1:3567)");
  expect(groups.map(({ calls }) => calls)).toEqual([["-i-1:3567", "+i-1:3567"], [], ["-i-1:3567", "+i-1:3567"]]);
  expect(await actions.register(core(1), of, never)).toBe("c1 was not taken out of any target group");
});

test("taking out waits until the group says that the target is leaving", async () => {
  const slow = group("slow", ["i-1"]);
  const changes = { ...slow.changes, deregister: (id: string, port: number) => void slow.calls.push(`-${id}:${port}`) };
  const { actions } = await start([{ ...slow, changes }]);
  let isDone = false;
  const leaving = actions.deregister(core(1), deployment(), never).then(() => (isDone = true));
  await expect.poll(() => slow.calls).toEqual(["-i-1:3567"]);
  expect(isDone).toBe(false);
  slow.set("i-1:3567", "draining");
  await leaving;
});

test("a core that no group has, and one that AWS does not take back, are errors that say so", async () => {
  const { actions, aws } = await start([group("one", ["i-1"])]);
  await expect(actions.deregister(core(2), deployment(), never)).rejects.toThrow(
    "no target group of acme-production has c2",
  );
  const gone = core(1, { instance: "i-gone" });
  const lost = await start([group("one", ["i-gone"])]);
  await lost.actions.deregister(gone, deployment(), never);
  await expect(lost.actions.register(gone, deployment(), never)).rejects.toThrow(/InvalidTarget.*: .*i-gone/);
  await aws.stop();
  await expect(actions.deregister(core(1), deployment(), never)).rejects.toThrow(/could not be reached/);
});

test("what was not put back is still known for another try", async () => {
  const one = group("one", ["i-1"]);
  const { actions } = await start([one]);
  await actions.deregister(core(1), deployment(), never);
  const called = new AbortController();
  called.abort();
  await expect(actions.register(core(1), deployment(), called.signal)).rejects.toThrow(/called off/);
  expect(await actions.register(core(1), deployment(), never)).toBe("registered again in one (i-1:3567)");
});

test("the word on each core is the worst of its groups; a core by IP address is found by it", async () => {
  const one = group("one", ["i-1", "i-2"]);
  const two = group("two", ["i-1"]);
  two.set("i-1:3567", "unhealthy");
  const { fresh } = await start([one, two]);
  expect(await fresh().health(deployment({ cores: [core(1), core(2), core(3)] }), never)).toEqual([
    { core: "c1", state: "unhealthy" },
    { core: "c2", state: "healthy" },
    { core: "c3", state: "unregistered" },
  ]);
  const byAddress = await start([group("ip", ["10.0.0.1"])], "ip");
  expect(await byAddress.actions.health(deployment(), never)).toEqual([
    { core: "c1", state: "healthy" },
    { core: "c2", state: "unregistered" },
  ]);
});

test("in the sandbox a core goes out of its load balancer for real, and is served again after it is put back", async () => {
  const files = await certificateFiles();
  const model: AwsModel = { account: "123456789012", loadBalancers: [] };
  const servers = await Promise.all([1, 2].map((number) => hello(`c${number}`)));
  const cores = servers.map(({ url }, index) =>
    core(index + 1, { url, instance: `i-${index + 1}`, zone: "eu-west-1a" }),
  );
  const specs = cores.map((one, index) => ({ ...one, port: servers[index]?.port ?? 0 }));
  const balancer = await startBalancer({
    plan: { healthCheckSpeed: 300 } as FleetPlan,
    deployment: { id: "acme-production", secure: false } as PlannedDeployment,
    cores: specs as unknown as SandboxCore[],
    files,
    model,
    clock: systemClock,
    targetAt: () => undefined,
  });
  onTestFinished(() => balancer.stop());
  const aws = await startAws({ clock: systemClock, services: [elbv2Service(model)] });
  onTestFinished(() => aws.stop());
  const overrides = { endpoint: aws.url, credentials, maxAttempts: 1, clock: systemClock };
  const read = () =>
    createTargetGroups({ ...overrides, loadBalancers: createLoadBalancerReader(overrides), region: "eu-west-1" });
  const of = deployment({ cores });
  const states = async () => (await read().health(of, never)).map(({ state }) => state);
  await expect.poll(states, { timeout: 5_000 }).toEqual(["healthy", "healthy"]);

  const actions = read();
  const [first] = cores;
  if (first === undefined) throw new Error("there is no core");
  await actions.deregister(first, of, never);
  const answers = await Promise.all(Array.from({ length: 6 }, async () => (await fetch(balancer.url)).text()));
  expect(new Set(answers)).toEqual(new Set(["c2"]));
  await expect.poll(states, { timeout: 5_000 }).toEqual(["unregistered", "healthy"]);
  await actions.register(first, of, never);
  await expect.poll(states, { timeout: 5_000 }).toEqual(["healthy", "healthy"]);
});

async function hello(name: string) {
  const server = createServer((_request, response) => response.end(name));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  return { url: `http://127.0.0.1:${portOf(server)}`, port: portOf(server) };
}

/** The load balancer reads them, and speaks plain HTTP all the same. */
async function certificateFiles() {
  const dir = await mkdtemp(join(tmpdir(), "corewatch-targets-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const certFile = join(dir, "cert.pem");
  await writeFile(certFile, "");
  return { certFile, keyFile: certFile };
}
