import { describe, expect, it } from "vitest";
import { seededRandom } from "../../loadtests/random.ts";
import { sessionMix } from "../../loadtests/session-mix.ts";
import { sessionVerify } from "../../loadtests/session-verify.ts";
import type { ScenarioStep } from "../../src/domain/index.ts";
import { drive, playAll, world } from "./driving.ts";
import { SmallCore } from "./small-core.ts";

const ALL = { verify: 60, refresh: 20, create: 8, read: 7, revoke: 5 };

/** The refresh token or access token that a step carries. */
function bodyOf(step: ScenarioStep): Record<string, unknown> {
  return JSON.parse(step.request.body ?? "{}");
}

describe("the mix", () => {
  it("has its shares, for a fixed seed within four standard deviations", async () => {
    const core = new SmallCore();
    const names = sessionMix.endpoints({});
    const count = 20_000;
    const { byEndpoint, bad, prepared } = await drive(sessionMix.start({}, world(7)), count, async (r) =>
      core.answer(r),
    );
    expect(bad).toEqual([]);
    expect(prepared).toHaveLength(1_000);
    const shares = { create: 0.01, refresh: 0.04, verify: 0.855, "verify-database": 0.095 };
    expect(names).toEqual(Object.keys(shares));
    const far = Object.values(shares).map((share, index) => {
      const sd = Math.sqrt(count * share * (1 - share));
      return Math.abs((byEndpoint[index] ?? 0) - count * share) / sd;
    });
    expect(Math.max(...far)).toBeLessThan(4);
  });

  it("is the same for the same seed and another for another", async () => {
    const paths = async (seed: number): Promise<string[]> => {
      const core = new SmallCore();
      const run = sessionMix.start({ mix: ALL, sessions: 30 }, world(seed, { tag: "same" }));
      const seen: string[] = [];
      await drive(run, 300, async (request) => {
        seen.push(`${request.path} ${request.body}`);
        return core.answer(request);
      });
      return seen;
    };
    expect(await paths(3)).toEqual(await paths(3));
    expect(await paths(3)).not.toEqual(await paths(4));
  });

  it("shares the sessions out among the threads, none lost", async () => {
    const core = new SmallCore();
    for (const thread of [0, 1, 2]) {
      const run = sessionVerify.start({ sessions: 200 }, world(1, { thread, threads: 3 }));
      await playAll(
        () => run.prepare(),
        async (r) => core.answer(r),
      );
    }
    expect(core.rows.size).toBe(200);
    expect(new Set([...core.rows.values()].map(({ userId }) => userId)).size).toBe(200);
    for (const { userId } of core.rows.values()) expect(userId).toMatch(/^corewatch-load-t1-[012]-\d+$/);
  });
});

describe("a refresh", () => {
  const settings = { mix: { verify: 0, refresh: 99, create: 1, read: 0, revoke: 0 }, sessions: 3 };

  it("is in flight once a session: when all are, a verification takes the arrival's place and is counted as that", async () => {
    const core = new SmallCore();
    const run = sessionMix.start({ ...settings, mix: { verify: 0, refresh: 1, create: 0 } }, world(1));
    await playAll(
      () => run.prepare(),
      async (r) => core.answer(r),
    );
    const steps = Array.from({ length: 5 }, () => run.next());
    const names = sessionMix.endpoints({});
    expect(steps.map(({ endpoint }) => names[endpoint])).toEqual(["refresh", "refresh", "refresh", "verify", "verify"]);
    expect(new Set(steps.slice(0, 3).map((step) => bodyOf(step)["refreshToken"])).size).toBe(3);
    for (const step of steps) expect(step.judge(200, core.answer(step.request).body)).toBe("ok");
    const again = run.next();
    expect(again.endpoint).toBe(1);
    expect(again.judge(200, core.answer(again.request).body)).toBe("ok");
  });

  it("whose answer was lost is tried again with the same token, and not when the grace may be over", async () => {
    let now = 0;
    const core = new SmallCore(() => now);
    const run = sessionMix.start(
      { mix: { verify: 0, refresh: 1, create: 0 }, sessions: 1 },
      world(1, { now: () => now }),
    );
    await playAll(
      () => run.prepare(),
      async (r) => core.answer(r),
    );
    const lost = run.next();
    core.answer(lost.request);
    lost.abandon();
    now += 14_000;
    const retried = run.next();
    expect(retried.request.body).toBe(lost.request.body);
    expect(retried.judge(200, core.answer(retried.request).body)).toBe("ok");

    const second = run.next();
    core.answer(second.request);
    second.judge(502, "<html>");
    now += 16_000;
    const replacement = run.next();
    expect(replacement.request.path).toBe("/recipe/session");
    expect(replacement.judge(200, core.answer(replacement.request).body)).toBe("ok");
    const fresh = run.next();
    expect(fresh.request.path).toBe("/recipe/session/refresh");
    expect(fresh.judge(200, core.answer(fresh.request).body)).toBe("ok");
  });

  it("that a core calls theft is a business failure, and the session is used no more", async () => {
    let now = 0;
    const core = new SmallCore(() => now);
    const run = sessionMix.start(
      { mix: { verify: 0, refresh: 1, create: 0 }, sessions: 1 },
      world(1, { now: () => 0 }),
    );
    await playAll(
      () => run.prepare(),
      async (r) => core.answer(r),
    );
    const lost = run.next();
    core.answer(lost.request);
    lost.abandon();
    now += 31_000; // By the core's clock alone.
    const retried = run.next();
    expect(retried.judge(200, core.answer(retried.request).body)).toBe("business-failure");
    expect(run.next().request.path).toBe("/recipe/session");
  });

  it("comes in place of a verification when the access token is about to end", async () => {
    let now = 0;
    const core = new SmallCore(() => now, 120_000);
    const run = sessionVerify.start({ sessions: 1 }, world(1, { now: () => now }));
    const call = async (r: ScenarioStep["request"]) => core.answer(r);
    await playAll(() => run.prepare(), call);
    for (const [at, path] of [
      [59_000, "verify"],
      [61_000, "refresh"],
      [62_000, "verify"],
      [122_000, "refresh"],
    ] as const) {
      now = at;
      const step = run.next();
      expect(step.request.path).toBe(`/recipe/session/${path}`);
      expect(step.judge(200, core.answer(step.request).body)).toBe("ok");
    }
  });
});

it("no self-made failure, whatever is lost and in whatever order answers come", () => {
  const wrong: string[] = [];
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const chance = seededRandom(seed, "chaos");
    let now = 0;
    const core = new SmallCore(() => now, 200_000);
    const sessions = 20;
    const run = sessionMix.start({ mix: ALL, sessions, checkDatabase: 0.5 }, world(seed, { now: () => now }));
    const flying: { step: ScenarioStep; answer: string | undefined }[] = [];
    const refreshing = new Set<unknown>();
    const land = (): void => {
      const [one] = flying.splice(Math.floor(chance() * flying.length), 1);
      if (one === undefined) return;
      refreshing.delete(bodyOf(one.step)["refreshToken"]);
      const answer = one.answer ?? core.answer(one.step.request).body;
      const fate = chance();
      if (fate < 0.1) one.step.abandon();
      else {
        const failed = fate < 0.15;
        const verdict = failed ? one.step.judge(502, "<html>Bad Gateway</html>") : one.step.judge(200, answer);
        if (verdict !== (failed ? "non-2xx" : "ok")) wrong.push(`seed ${seed}: ${one.step.request.path} ${verdict}`);
      }
    };
    for (let step = run.prepare(); step !== undefined; step = run.prepare()) {
      flying.push({ step, answer: undefined });
      land();
    }
    for (let i = 0; i < 5_000; i++) {
      now += 5;
      if (chance() < 0.01) {
        // No request outlives its time limit, which is far below such a jump.
        while (flying.length > 0) land();
        now += 20_000;
      }
      const step = run.next();
      const token = bodyOf(step)["refreshToken"];
      if (token !== undefined) {
        if (refreshing.has(token)) wrong.push(`seed ${seed}: two refreshes of one session in flight`);
        refreshing.add(token);
      }
      // Half are done by the core at once, and their answers take long.
      flying.push({ step, answer: chance() < 0.5 ? core.answer(step.request).body : undefined });
      while (flying.length > 0 && (flying.length > 12 || chance() < 0.6)) land();
    }
  }
  expect(wrong).toEqual([]);
});

describe("an answer", () => {
  async function verifying(core: SmallCore): Promise<() => ScenarioStep> {
    const run = sessionVerify.start({ sessions: 1, checkDatabase: 1 }, world(1));
    await playAll(
      () => run.prepare(),
      async (r) => core.answer(r),
    );
    return () => run.next();
  }

  it.each([
    [500, "Internal Error", "non-2xx"],
    [401, "Invalid API key", "non-2xx"],
    [302, "", "non-2xx"],
    [200, "<html>Bad Gateway</html>", "wrong-body"],
    [200, "", "wrong-body"],
    [200, '{"status":"OK"', "wrong-body"],
    [200, '{"status":"OK"} and more }', "wrong-body"],
    [200, '{"status":"OK"}', "wrong-body"],
    [200, '["OK"]', "wrong-body"],
    [200, '{"status":"OK","session":{"handle":"another"}}', "wrong-body"],
    [200, '{"status":"OK","session":{"handle":"handle-0"},"status":"UNAUTHORISED"}', "business-failure"],
    [200, '{"status":"UNAUTHORISED","message":"\\"status\\":\\"OK\\""}', "business-failure"],
    [200, '{"session":{"handle":"handle-0"},"status":"OK"}', "ok"],
  ])("%i %s to a verification is %s", async (status, body, verdict) => {
    const core = new SmallCore();
    const next = await verifying(core);
    expect(next().judge(status, body)).toBe(verdict);
  });

  it("that was right once is right again, and any other is read", async () => {
    const core = new SmallCore();
    const next = await verifying(core);
    const right = core.answer(next().request).body;
    for (let i = 0; i < 3; i++) expect(next().judge(200, right)).toBe("ok");
    expect(next().judge(500, right)).toBe("non-2xx");
    expect(next().judge(200, right.replace("handle-0", "handle-1"))).toBe("wrong-body");
  });

  it("with another user's session to a creation, and a refresh without a token, are wrong bodies", () => {
    const core = new SmallCore();
    const run = sessionMix.start({ sessions: 1, mix: { verify: 0, create: 0, refresh: 1 } }, world(1));
    const create = run.next();
    const body = core.answer(create.request).body;
    expect(create.judge(200, body.replaceAll("corewatch-load-", "corewatch-other-"))).toBe("wrong-body");
    const again = run.next();
    expect(again.judge(200, core.answer(again.request).body)).toBe("ok");
    const refresh = run.next();
    expect(refresh.judge(200, '{"status":"OK","session":{"handle":"handle-1"}}')).toBe("wrong-body");
  });
});

it("a scenario is read once more for its plain settings: worker threads get the same", () => {
  const settings = sessionMix.settings({ mix: { verify: 50 } });
  expect(structuredClone(settings)).toEqual(settings);
  expect(sessionMix.settings(structuredClone(settings))).toEqual(settings);
  expect(settings).toMatchObject({ sessions: 1_000, checkDatabase: 0.1, mix: { verify: 50, refresh: 4, create: 1 } });
});
