import { expect, test } from "vitest";
import { interruptSpot } from "../../src/sandbox/aws-ec2-life.ts";
import { stopTask } from "../../src/sandbox/aws-ecs-tasks.ts";
import { type Core, failing, well } from "./cores.ts";
import { openDiscoveryStage } from "./discovery-stage.ts";
import { allTold, card, cards } from "./stage.ts";
import { until } from "./until.ts";

const portOf = ({ url }: Core): number => Number(new URL(url).port);

test(
  "a task that moves to another port and a spot interruption are followed, and nobody is called",
  { timeout: 60_000 },
  async (context) => {
    const stage = await openDiscoveryStage(context, 5);
    const { cores, model } = stage;
    const [first, second, third, fourth, front] = cores;
    if (
      first === undefined ||
      second === undefined ||
      third === undefined ||
      fourth === undefined ||
      front === undefined
    )
      throw new Error("five cores");
    const [a, b] = [stage.host(), stage.host()];
    const moving = stage.task(a, portOf(first));
    stage.task(b, portOf(second));
    await stage.find();
    const daemon = await stage.start();
    await daemon.logged(/core-appeared acme\/acme-2/);

    stopTask(model, moving.arn, Date.now());
    await daemon.logged(/core-draining acme\/acme-1/);
    await first.stop();
    await daemon.logged(/core-gone acme\/acme-1/);
    stage.task(a, portOf(third));
    await daemon.logged(/core-moved acme\/acme-1/);
    await daemon.logged(/core-ready acme\/acme-1/);

    interruptSpot(model, b, Date.now());
    stage.warn(b);
    await daemon.logged(/spot-interruption acme\/acme-2: spot interruption at \d\d:\d\d UTC/);
    await second.stop();
    // Its silence is observed, and excused.
    await until("the silence to be seen", 5_000, async () => {
      const text = await (await fetch(`${daemon.url}/metrics`)).text();
      return Number(/corewatch_observations_total\{health="down"\} (\d+)/.exec(text)?.[1] ?? 0) >= 2;
    });
    await daemon.logged(/core-gone acme\/acme-2/);
    stage.task(stage.host(), portOf(fourth));
    await daemon.logged(/instance-replaced acme\/acme-2/);
    await daemon.logged(/core-ready acme\/acme-2/);

    await allTold(stage);
    expect(cards(stage.slack)).toEqual([]);
    const { stdout } = await stage.run("inventory", "--format", "json");
    const inventory = JSON.parse(stdout) as {
      stale: boolean;
      sources: unknown;
      deployments: { cores: { id: string; url: string; instance: string }[] }[];
      events: { event: string; target: string; timeToHealthyMs?: number }[];
    };
    expect(inventory.stale).toBe(false);
    expect(inventory.deployments[0]?.cores).toMatchObject([
      { id: "acme-1", url: third.url, instance: a },
      { id: "acme-2", url: fourth.url },
    ]);
    expect(inventory.events[0]).toMatchObject({ event: "core-ready", target: "acme/acme-2" });
    expect(inventory.events[0]?.timeToHealthyMs).toBeGreaterThan(0);
    expect(await daemon.metric("corewatch_cores_found")).toBe(2);
    expect(await daemon.stop()).toBe(0);
  },
);

test(
  "a new core that never becomes healthy is an incident when its time is over, and ends when it comes",
  { timeout: 40_000 },
  async (context) => {
    const stage = await openDiscoveryStage(context, 3);
    const [first, second] = stage.cores;
    if (first === undefined || second === undefined) throw new Error("three cores");
    const host = stage.host();
    stage.task(host, portOf(first));
    await stage.find();
    const daemon = await stage.start();
    await daemon.logged(/core-appeared acme\/acme-1/);

    second.answer = failing();
    stage.task(stage.host(), portOf(second));
    const began = performance.now();
    await daemon.logged(/core-appeared acme\/acme-2/);
    const told = await card(stage.slack, /new core does not become ready/i);
    expect(performance.now() - began).toBeGreaterThan(4_000);
    expect(told.text).toContain("acme");
    second.answer = well;
    await daemon.logged(/core-ready acme\/acme-2/);
    await daemon.logged(/INC-1 resolved/);
    await allTold(stage);
    expect(cards(stage.slack)).toHaveLength(1);
    expect(await daemon.stop()).toBe(0);
  },
);

test(
  "AWS cut off in mid-read: every core stays and is probed, and both daemon and commands say stale",
  { timeout: 40_000 },
  async (context) => {
    const stage = await openDiscoveryStage(context, 3);
    const [first, second] = stage.cores;
    if (first === undefined || second === undefined) throw new Error("three cores");
    stage.task(stage.host(), portOf(first));
    stage.task(stage.host(), portOf(second));
    await stage.find();
    const nothing = await openNothing();
    expect(nothing.code).toBe(3);
    expect(nothing.stderr).toMatch(/the cores of acme could not be found, and none are known from before/);
    const daemon = await stage.start();
    await daemon.logged(/core-appeared acme\/acme-2/);

    stage.aws.setTroubles([{ kind: "truncate", service: "ecs", action: "DescribeContainerInstances" }]);
    await daemon.logged(/the inventory of acme is stale: .* broke off; its 2 known cores stay/);
    await stage.aws.stop();
    await daemon.logged(/the inventory of acme is stale: .* could not be reached/);
    const readiness = (await daemon.readiness()) as unknown as { ready: boolean; facts: Record<string, unknown> };
    expect(readiness.ready).toBe(true);
    expect(readiness.facts).toMatchObject({ coresFound: 2, inventoryStale: expect.stringContaining("acme since") });

    const { code, stdout, stderr } = await stage.run("inventory", "--format", "json");
    const inventory = JSON.parse(stdout) as { stale: boolean; deployments: { cores: { id: string }[] }[] };
    expect([code, inventory.stale]).toEqual([3, true]);
    expect(inventory.deployments[0]?.cores.map(({ id }) => id)).toEqual(["acme-1", "acme-2"]);
    expect(stderr).toMatch(/is stale/);
    const swept = await stage.run("sweep", "--no-notify", "--only", "hello", "--format", "json");
    expect((JSON.parse(swept.stdout) as { summary: { up: number } }).summary.up).toBe(2);
    expect(cards(stage.slack)).toEqual([]);
    expect(await daemon.stop()).toBe(0);

    async function openNothing() {
      stage.aws.setTroubles([{ kind: "down" }]);
      const ran = await stage.run("sweep");
      stage.aws.setTroubles([]);
      return ran;
    }
  },
);
