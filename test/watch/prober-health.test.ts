import { describe, expect, test } from "vitest";
import { planTasks } from "../../checks/index.ts";
import { seriesKey } from "../../src/domain/index.ts";
import type { Fleet, Health, Observation, Reason } from "../../src/domain/index.ts";
import { ProberHealth } from "../../src/watch/prober-health.ts";
import { core, deployment, fleetOf } from "../incidents/support.ts";

function rig(fleet: Fleet) {
  const health = new ProberHealth();
  const tasks = planTasks(fleet);
  health.plan(fleet, tasks);
  const see = (key: string, now: number, said: Health, reason: Reason, dns: number | null = 1): Observation => {
    const task = tasks.find((one) => seriesKey(one.target, one.check) === key);
    if (task === undefined)
      throw new Error(`no series ${key} in ${tasks.map((one) => seriesKey(one.target, one.check)).join(" ")}`);
    const { target, check } = task;
    const phases = dns === null ? { total: 1 } : { dns, total: 1 };
    return health.weigh(
      {
        target,
        check,
        health: said,
        reason,
        detail: reason,
        measures: {},
        phases,
        slot: now,
        at: now,
        durationMs: 1,
        latenessMs: 0,
      },
      now,
    );
  };
  return { health, see };
}

const hosts = fleetOf({
  deployments: [
    deployment("acme", [core("1", { url: "http://10.0.0.1:3567" }), core("2", { url: "http://10.0.0.2:3567" })], {
      loadBalancer: undefined,
    }),
    deployment("beta", [core("1", { url: "http://10.0.0.3:3567" })], { loadBalancer: undefined }),
  ],
});
const ADDRESSES = ["core:acme/1:hello", "core:acme/2:hello", "core:beta/1:hello"];

describe("the prober's own health", () => {
  test("every host silent at once in two deployments is the way out, and no target is blamed for it", () => {
    const { health, see } = rig(hosts);
    expect(see(ADDRESSES[0] ?? "", 0, "down", "connect-timeout").health).toBe("down");
    expect(see(ADDRESSES[1] ?? "", 1_000, "down", "host-unreachable").health).toBe("down");
    expect(see(ADDRESSES[2] ?? "", 2_000, "down", "connect-timeout")).toMatchObject({
      health: "unknown",
      reason: "prober-network",
    });
    expect(health.state(3_000)).toMatchObject({
      degraded: true,
      reasons: [expect.stringMatching(/^Nothing answers: all of 3 hosts/)],
    });
    see(ADDRESSES[1] ?? "", 4_000, "up", "ok");
    expect(health.state(5_000).degraded).toBe(false);
    expect(see(ADDRESSES[0] ?? "", 5_000, "down", "connect-timeout").health).toBe("down");
  });

  test("one host that answers, if only by refusing, leaves the silent ones down", () => {
    const { health, see } = rig(hosts);
    see(ADDRESSES[0] ?? "", 0, "down", "connection-refused");
    see(ADDRESSES[1] ?? "", 0, "down", "connect-timeout");
    expect(see(ADDRESSES[2] ?? "", 1_000, "down", "connect-timeout").health).toBe("down");
    expect(health.state(2_000).degraded).toBe(false);
  });

  test("one deployment that is silent altogether is down: that is no evidence against this host", () => {
    const alone = fleetOf({ deployments: hosts.deployments.slice(0, 1) });
    const { health, see } = rig(alone);
    for (let now = 0; now < 30_000; now += 10_000) {
      expect(see("core:acme/1:hello", now, "down", "connect-timeout").health).toBe("down");
      expect(see("core:acme/2:hello", now, "down", "connect-timeout").health).toBe("down");
    }
    expect(health.state(30_000).degraded).toBe(false);
  });

  test("a host that cannot open connections at all says so", () => {
    const { health, see } = rig(hosts);
    for (const key of ADDRESSES) see(key, 0, "unknown", "prober-network");
    expect(health.state(1_000).reasons).toEqual([expect.stringMatching(/^This host cannot open network connections/)]);
    expect(health.state(70_000).degraded).toBe(false);
  });

  test("a reused connection is no proof that names can be looked up", () => {
    const named = fleetOf({ deployments: [deployment("acme", 3, { loadBalancer: undefined })] });
    const { see } = rig(named);
    expect(see("core:acme/acme-1:hello", 0, "up", "ok").health).toBe("up");
    expect(see("core:acme/acme-2:hello", 1_000, "down", "dns-failure").reason).toBe("prober-dns");
    see("core:acme/acme-1:hello", 2_000, "up", "ok", null);
    expect(see("core:acme/acme-2:hello", 3_000, "down", "dns-failure").reason).toBe("prober-dns");
    see("core:acme/acme-1:hello", 4_000, "up", "ok");
    expect(see("core:acme/acme-2:hello", 5_000, "down", "dns-failure").reason).toBe("dns-failure");
  });

  test("a fleet with one name has nothing to compare with: it is judged as it is", () => {
    const one = fleetOf({
      deployments: [
        deployment(
          "acme",
          [core("1", { url: "https://acme.example.com:1" }), core("2", { url: "https://acme.example.com:2" })],
          {
            loadBalancer: undefined,
          },
        ),
      ],
    });
    const { see } = rig(one);
    expect(see("core:acme/1:hello", 0, "down", "dns-failure").health).toBe("down");
  });

  test("a store away for a moment is not worth a word; away for longer it is, and for a while after", () => {
    const { health } = rig(hosts);
    health.store(false, 0);
    health.store(true, 4_000);
    expect(health.state(4_500).degraded).toBe(false);
    health.store(false, 100_000);
    expect(health.state(110_000).reasons[0]).toMatch(/out of reach for 10 s/);
    health.store(true, 120_000);
    expect(health.state(140_000).reasons[0]).toMatch(/was out of reach for 20 s/);
    expect(health.state(151_000).degraded).toBe(false);
  });
});
