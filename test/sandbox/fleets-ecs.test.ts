import { afterAll, beforeAll, expect, it } from "vitest";
import type { Log } from "../../src/domain/index.ts";
import { ecsOf, taskOf } from "../../src/sandbox/aws-ecs-model.ts";
import { replaceTask } from "../../src/sandbox/aws-ecs-life.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { systemClock } from "../../src/system/clock.ts";
import { temporaryFolder, until } from "./core-support.ts";

const quiet = (): void => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };
const DEPLOYMENT = "shop-production";

let folder: { path: string; remove(): Promise<void> };
let sandbox: Sandbox;

beforeAll(async () => {
  folder = await temporaryFolder();
  const clock = systemClock;
  sandbox = await startSandbox({ dir: `${folder.path}/s`, cores: 4, fleet: "ecs-spot-alb", passing: true, clock, log });
});
afterAll(async () => {
  await sandbox?.stop();
  await folder.remove();
});

const running = () => ecsOf(sandbox.awsModel).tasks.filter(({ status }) => status === "RUNNING");
const healthy = () =>
  (sandbox.loadBalancers.get(DEPLOYMENT)?.targets() ?? []).filter(({ state }) => state === "healthy");

async function hello(url: string): Promise<string> {
  const response = await fetch(`${url}/hello`, { headers: { connection: "close" } });
  return (await response.text()).trim();
}

it("each task is a core that listens on the task's own host port, and a target of the load balancer", async () => {
  await until("both tasks are healthy targets", () => healthy().length === 2);
  const bound = running().flatMap(({ bindings }) => bindings.map(({ hostPort }) => hostPort));
  expect(bound).toHaveLength(2);
  expect(new Set(sandbox.cores().map(({ port }) => port))).toEqual(new Set(bound));
  expect(new Set(sandbox.cores().map(({ instance }) => instance)).size).toBe(2);
  expect(bound.every((port) => port >= 32_768)).toBe(true);
  for (const { url } of sandbox.cores()) expect(await hello(url)).toBe("Hello");
});

it("a task that is replaced moves to another port: its core answers there before the old one goes", async () => {
  const [task] = running();
  const old = task?.bindings[0]?.hostPort ?? 0;
  const moved = replaceTask(sandbox.awsModel, task?.arn ?? "", systemClock.now());
  const port = moved.bindings[0]?.hostPort ?? 0;
  expect(port).not.toBe(old);
  await until("the new task is a healthy target", () => healthy().some((target) => target.port === port));
  expect(await hello(sandbox.cores().find((core) => core.port === port)?.url ?? "")).toBe("Hello");
  await until("the old core is gone", () => sandbox.cores().every((core) => core.port !== old), 20_000);
  expect(taskOf(sandbox.awsModel, moved.arn).status).toBe("RUNNING");
  expect(healthy()).toHaveLength(2);
});

it("an interrupted spot instance is drained, its task runs elsewhere, and it is gone", async () => {
  const [first] = sandbox.awsModel.ec2?.instances ?? [];
  const id = first?.id ?? "";
  const { ec2 } = sandbox.awsModel;
  // Long enough for its target to drain.
  if (ec2 !== undefined) ec2.timing = { ...ec2.timing, noticeMs: 8_000 };
  sandbox.interruptInstance(id);
  expect(ecsOf(sandbox.awsModel).containerInstances.find((one) => one.ec2InstanceId === id)?.status).toBe("DRAINING");
  await until(
    "both tasks are on the other instance",
    () => sandbox.cores().every(({ instance }) => instance !== id) && healthy().length === 2,
    30_000,
  );
  await until("the instance is gone", () => first?.state === "shutting-down" || first?.state === "terminated", 30_000);
  expect(running()).toHaveLength(2);
  expect(() => sandbox.interruptInstance("i-0")).toThrow("no instance i-0");
}, 40_000);
