import { describe, expect, test } from "vitest";
import { planTasks } from "../../checks/index.ts";
import type { Fleet, HttpProber, HttpResult } from "../../src/domain/index.ts";
import { StoreUnavailable } from "../../src/domain/index.ts";
import { sweepFleet } from "../../src/watch/one-shot.ts";
import { FakeClock } from "../fakes/clock.ts";
import { quietLog } from "../fakes/log.ts";
import { FakeStore } from "../fakes/store.ts";
import { FakeTicker } from "../fakes/ticker.ts";
import { clockPorts } from "../checks/support.ts";
import { deployment, fleetOf } from "../incidents/support.ts";

function rig(more: Partial<Fleet> = {}) {
  const clock = new FakeClock();
  const down = new Set<string>();
  const asked: string[] = [];
  const http: HttpProber = {
    request: ({ url }): Promise<HttpResult> => {
      asked.push(url);
      const { hostname } = new URL(url);
      const phases = { total: 1 };
      const body = url.endsWith("jwks.json") ? JSON.stringify({ keys: [{ kid: "d-1", kty: "RSA" }] }) : "Hello\n";
      return Promise.resolve(
        down.has(hostname)
          ? { ok: false, failure: "connection-refused", detail: "refused", phases, certificate: undefined }
          : {
              ok: true,
              status: 200,
              headers: {},
              body,
              truncated: false,
              phases,
              certificate: undefined,
              reused: false,
              remoteAddress: undefined,
            },
      );
    },
    close: () => Promise.resolve(),
  };
  const base = fleetOf({ deployments: [deployment("acme", 3, { loadBalancer: undefined })] });
  const off = { enabled: false };
  const { checks } = base;
  const fleet: Fleet = {
    ...base,
    checks: {
      ...checks,
      tls: { ...checks.tls, ...off },
      dns: { ...checks.dns, ...off },
      session: { ...checks.session, ...off },
    },
    ...more,
  };
  const keySets = { record: () => {}, consensus: () => undefined, recordedAt: () => undefined };
  const store = new FakeStore(clock);
  const sweep = (kept: FakeStore | undefined, tasks = planTasks(fleet)) =>
    sweepFleet({
      fleet,
      tasks,
      ports: { ...clockPorts(clock), http, keySets },
      clock,
      ticker: new FakeTicker(clock),
      log: quietLog(),
      store: kept,
    });
  return { clock, fleet, down, asked, store, sweep };
}

describe("a one-shot sweep", () => {
  test("without a store takes each observation at its word, and keeps nothing", async () => {
    const { down, sweep } = rig();
    down.add("acme-2.example.com");
    const found = await sweep(undefined);
    expect(found.observations.filter(({ health }) => health === "down").map(({ target }) => target.id)).toContain(
      "acme/acme-2",
    );
    expect(found.diagnoses).toMatchObject([{ cause: "core-down", deployment: "acme" }]);
    expect(found.decided).toBeUndefined();
  });

  test("asks for key sets before it says hello, and each core's hello once", async () => {
    const { asked, sweep } = rig();
    await sweep(undefined);
    const hellos = asked.filter((url) => /acme-\d.*\/hello$/.test(url));
    expect(new Set(hellos).size).toBe(3);
    expect(hellos).toHaveLength(3);
    const firstHello = asked.findIndex((url) => /acme-\d.*\/hello$/.test(url));
    const before = asked.slice(0, firstHello).filter((url) => url.endsWith("jwks.json"));
    expect(new Set(before).size).toBe(3);
  });

  test("shares thresholds through the store: the second sweep that finds a core down opens the incident", async () => {
    const { clock, down, store, sweep } = rig();
    down.add("acme-2.example.com");
    const first = await sweep(store);
    expect(first.diagnoses).toHaveLength(1);
    expect(store.incidents).toEqual([]);
    await clock.advance(MINUTE);
    await sweep(store);
    expect(store.incidents).toMatchObject([{ state: "open", cause: "core-down" }]);
    expect(store.notices.length).toBeGreaterThan(0);
    down.clear();
    for (let again = 0; again < 2; again++) {
      await clock.advance(MINUTE);
      await sweep(store);
    }
    expect(store.incidents).toMatchObject([{ state: "resolved" }]);
    expect(store.observations.length).toBe(4 * first.observations.length);
  });

  test("of some kinds leaves incidents of the others as they are", async () => {
    const { clock, fleet, down, store, sweep } = rig();
    down.add("acme-2.example.com");
    for (let again = 0; again < 2; again++) {
      await sweep(store);
      await clock.advance(MINUTE);
    }
    expect(store.incidents).toMatchObject([{ state: "open" }]);
    await sweep(
      store,
      planTasks(fleet).filter(({ check }) => check === "through-load-balancer"),
    );
    expect(store.incidents).toMatchObject([{ state: "open" }]);
  });

  test("tells what it found also when the store is out of reach, and says so", async () => {
    const { down, store, sweep } = rig();
    down.add("acme-2.example.com");
    store.reachable = false;
    const found = await sweep(store);
    expect(found.lost).toBeInstanceOf(StoreUnavailable);
    expect(found.diagnoses).toMatchObject([{ cause: "core-down", deployment: "acme" }]);
    expect(found.decided).toBeUndefined();
  });
});

const MINUTE = 60_000;
