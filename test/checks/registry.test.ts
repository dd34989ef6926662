import { expect, test } from "vitest";
import { CHECKS, planTasks } from "../../checks/index.ts";
import { CHECK_KINDS, Secret, seriesKey } from "../../src/domain/index.ts";
import { core, database, deployment, fleet } from "./small-fleet.ts";

const large = fleet({
  deployments: [deployment(), deployment({ id: "b", cores: [core(3), core(4)] })],
  databases: [database(), database({ id: "tidb", kind: "mysql", url: new Secret("mysql://u:p@h/d") })],
  heartbeats: [{ id: "worker", everyMs: 1_000, graceMs: 1_000, token: undefined, slackChannel: undefined }],
});

test("the registry holds every kind once, under its own name, with a sentence and usable defaults", () => {
  expect(Object.keys(CHECKS)).toEqual([...CHECK_KINDS]);
  for (const kind of CHECK_KINDS) {
    const check = CHECKS[kind];
    expect(check.kind).toBe(kind);
    expect(check.tells).toMatch(/^[A-Z].*\.$/);
    const { failures, window, timeoutMs, schedule } = check.defaults;
    expect(window).toBeGreaterThanOrEqual(failures);
    expect(timeoutMs).toBeGreaterThan(0);
    expect(schedule.split(" ")).toHaveLength(6);
  }
});

test("tasks come in the registry's order, and no series twice", () => {
  const tasks = planTasks(large);
  const keys = tasks.map((task) => seriesKey(task.target, task.check));
  expect(new Set(keys).size).toBe(keys.length);
  const order = tasks.map((task) => CHECK_KINDS.indexOf(task.check));
  const registry = Object.keys(CHECKS).map((kind) => CHECK_KINDS.findIndex((known) => known === kind));
  expect(order.map((index) => registry.indexOf(index))).toEqual(
    order.map((index) => registry.indexOf(index)).sort((a, b) => a - b),
  );
  expect(keys).toContain("core:acme/c1:hello");
  expect(keys).toContain("database:main:postgres");
  expect(keys).toContain("database:tidb:mysql");
  expect(keys.filter((key) => key.endsWith(":load-balancer"))).toEqual(["load-balancer:acme-production:load-balancer"]);
  expect(keys.filter((key) => key.endsWith(":target-health"))).toEqual(["load-balancer:acme-production:target-health"]);
  expect(keys).toContain("heartbeat:worker:heartbeat");
});

test("a disabled kind makes no task", () => {
  const checks = { ...large.checks, hello: { ...large.checks.hello, enabled: false } };
  const kinds = new Set(planTasks({ ...large, checks }).map((task) => task.check));
  expect(kinds.has("hello")).toBe(false);
  expect(kinds.has("postgres")).toBe(true);
});
