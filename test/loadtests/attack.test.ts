import { describe, expect, it } from "vitest";
import { runAttack } from "../../loadtests/attack.ts";
import type { AttackOptions } from "../../loadtests/attack.ts";
import type { LoadTransport, ScenarioRun, WireResult } from "../../src/domain/index.ts";
import { FakeClock } from "../fakes/clock.ts";
import { shotsIn } from "./shot-list.ts";

const OK: WireResult = { kind: "answer", status: 200, body: "", core: undefined };

/** A service in virtual time that answers each request after `serviceMs`, or never. */
function setUp(serviceMs: number | undefined, over: Partial<AttackOptions> = {}, result: WireResult = OK) {
  const clock = new FakeClock();
  const sent: number[] = [];
  const held: (() => void)[] = [];
  let abandoned = 0;
  const transport: LoadTransport = {
    send(_request, done) {
      sent.push(clock.monotonic());
      if (serviceMs === undefined) held.push(() => done(result));
      else clock.after(serviceMs, () => done(result));
    },
    close: async () => undefined,
  };
  const scenario: ScenarioRun = {
    prepare: () => undefined,
    next: () => ({
      endpoint: 2,
      request: { method: "GET", path: "/", headers: {}, body: undefined },
      judge: () => "ok",
      abandon: () => abandoned++,
    }),
  };
  const batches: Uint8Array[] = [];
  const abort = new AbortController();
  const done = runAttack({
    arrivals: { kind: "constant", rate: 100, durationMs: 1000 },
    thread: 0,
    threads: 1,
    seed: 1,
    clock,
    beginAt: 0,
    transport,
    scenario,
    maxInFlight: 1000,
    coreIndex: () => 3,
    onShots: (records) => batches.push(records),
    flushMs: 100,
    signal: abort.signal,
    ...over,
  });
  return {
    clock,
    sent,
    held,
    batches,
    abort,
    done,
    shots: () => shotsIn(batches),
    abandoned: () => abandoned,
  };
}

describe("in virtual time", () => {
  it("every arrival is sent exactly when it is due, however slow the answers are", async () => {
    const it = setUp(5000);
    await it.clock.advance(6000);
    expect(await it.done).toEqual({ offered: 100, maxInFlight: 100 });
    expect(it.sent).toEqual(Array.from({ length: 100 }, (_, i) => i * 10));
    expect(it.shots().map((shot) => shot.scheduledMs)).toEqual(it.sent);
    expect(it.shots().every((shot) => shot.latenessMs === 0 && shot.serviceMs === 5000 && shot.outcome === "ok")).toBe(
      true,
    );
    expect(it.clock.waiting).toBe(0);
  });

  it("a ramp is sent at its exact moments", async () => {
    const it = setUp(1, { arrivals: { kind: "ramp", from: 0, to: 20, durationMs: 10_000 } });
    await it.clock.advance(11_000);
    await it.done;
    expect(it.sent).toHaveLength(100);
    for (const [i, at] of it.sent.entries()) expect((at / 1000) ** 2).toBeCloseTo(i, 6);
  });

  it("beyond the bound in flight exactly the right ones are dropped, and their steps given back", async () => {
    // 10 in flight, 300 ms each, one every 10 ms: ten are sent from 0 to 90, the next when the first is back at 300.
    const it = setUp(300, { maxInFlight: 10 });
    await it.clock.advance(2000);
    expect(await it.done).toEqual({ offered: 100, maxInFlight: 10 });
    const dropped = it.shots().filter((shot) => shot.outcome === "dropped");
    const expected = Array.from({ length: 100 }, (_, i) => i * 10).filter((due) => due % 300 >= 100);
    expect(dropped.map((shot) => shot.scheduledMs)).toEqual(expected);
    expect(dropped.every((shot) => shot.latenessMs === 0 && shot.serviceMs === 0 && shot.endpoint === 2)).toBe(true);
    expect(it.abandoned()).toBe(expected.length);
    expect(it.shots()).toHaveLength(100);
  });

  it("a stall of the event loop loses no arrival: the overdue are sent at once, with how late they were", async () => {
    const it = setUp(1);
    await it.clock.advance(205);
    it.clock.hold(500);
    await it.clock.advance(1000);
    expect((await it.done).offered).toBe(100);
    const late = it.shots().filter((shot) => shot.latenessMs > 0);
    expect(late.map((shot) => [shot.scheduledMs, shot.latenessMs])).toEqual(
      Array.from({ length: 50 }, (_, i) => [210 + i * 10, 495 - i * 10]),
    );
  });

  it("a stall beyond the stage's end still sends all that was due, in batches", async () => {
    const it = setUp(1, { arrivals: { kind: "constant", rate: 2000, durationMs: 1000 }, maxInFlight: 5000 });
    it.clock.hold(3000);
    await it.clock.advance(100);
    expect((await it.done).offered).toBe(2000);
    expect(it.shots().every((shot) => shot.outcome === "ok")).toBe(true);
  });

  it("steps of the wall clock move nothing", async () => {
    const it = setUp(1);
    await it.clock.advance(300);
    it.clock.step(-3_600_000);
    await it.clock.advance(300);
    it.clock.step(7_200_000);
    await it.clock.advance(1000);
    await it.done;
    expect(it.sent).toEqual(Array.from({ length: 100 }, (_, i) => i * 10));
  });

  it("lasts as long as its arrivals say, not only to the last of them", async () => {
    const it = setUp(1, { arrivals: { kind: "constant", rate: 1, durationMs: 1000 } });
    let over = false;
    void it.done.then(() => (over = true));
    await it.clock.advance(999);
    expect(over).toBe(false);
    await it.clock.advance(1);
    expect(over).toBe(true);
  });

  it("hands over what it has every so often, also while nothing is sent", async () => {
    const it = setUp(250, { arrivals: { kind: "constant", rate: 1, durationMs: 10_000 } });
    await it.clock.advance(400);
    expect(it.shots()).toHaveLength(1);
    await it.clock.advance(12_000);
    await it.done;
  });
});

describe("after an abort", () => {
  it("nothing is sent, what was not yet due does not exist, and what is in flight is waited for", async () => {
    const it = setUp(undefined);
    await it.clock.advance(205);
    it.abort.abort();
    await it.clock.advance(2000);
    expect(it.sent).toHaveLength(21);
    expect(it.shots()).toHaveLength(0);
    for (const answer of it.held) answer();
    expect(await it.done).toEqual({ offered: 21, maxInFlight: 21 });
    expect(it.shots()).toHaveLength(21);
    expect(it.clock.waiting).toBe(0);
  });

  it("what was overdue in that moment is accounted for as dropped", async () => {
    const it = setUp(1);
    await it.clock.advance(205);
    it.clock.hold(100);
    it.abort.abort();
    await it.clock.advance(100);
    expect((await it.done).offered).toBe(31);
    expect(it.shots().filter((shot) => shot.outcome === "dropped")).toHaveLength(10);
    expect(it.sent).toHaveLength(21);
  });

  it("what had fallen due just before, for its timer, is sent and not dropped: a planned end makes no failure", async () => {
    const it = setUp(1);
    await it.clock.advance(205);
    it.clock.hold(10);
    it.abort.abort();
    await it.clock.advance(100);
    expect((await it.done).offered).toBe(22);
    expect(it.shots().map(({ outcome }) => outcome)).not.toContain("dropped");
    expect(it.sent).toHaveLength(22);
  });

  it("before it began, it is over with nothing", async () => {
    const abort = new AbortController();
    abort.abort();
    const it = setUp(1, { signal: abort.signal });
    expect(await it.done).toEqual({ offered: 0, maxInFlight: 0 });
  });
});

describe("what comes back", () => {
  it.each([
    [{ kind: "lost", detail: "" } as const, "lost"],
    [{ kind: "timed-out", detail: "" } as const, "timed-out"],
    [{ kind: "refused", detail: "" } as const, "refused"],
  ])("%o is recorded as what it is, and its step is given back", async (result, outcome) => {
    const it = setUp(1, {}, result);
    await it.clock.advance(2000);
    await it.done;
    expect(new Set(it.shots().map((shot) => shot.outcome))).toEqual(new Set([outcome]));
    expect(it.abandoned()).toBe(100);
  });

  it("names the core that answered, by its index", async () => {
    const it = setUp(1, {}, { ...OK, core: "acme-1" });
    await it.clock.advance(2000);
    await it.done;
    expect(it.shots().every((shot) => shot.core === 3 && shot.status === 200)).toBe(true);
  });

  it("a scenario that breaks ends the attack with its error, after what was in flight", async () => {
    let asked = 0;
    const scenario: ScenarioRun = {
      prepare: () => undefined,
      next: () => {
        if (++asked > 5) throw new Error("no session is left");
        return {
          endpoint: 0,
          request: { method: "GET", path: "/", headers: {}, body: undefined },
          judge: () => "ok",
          abandon: () => undefined,
        };
      },
    };
    const it = setUp(500, { scenario });
    const failed = it.done.catch((error: unknown) => String(error));
    await it.clock.advance(2000);
    expect(await failed).toContain("no session is left");
    expect(it.shots()).toHaveLength(5);
    expect(it.clock.waiting).toBe(0);
  });
});
