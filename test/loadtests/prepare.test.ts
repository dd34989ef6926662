import { expect, test } from "vitest";
import { prepareScenario } from "../../loadtests/prepare.ts";
import { type LoadTransport, type ScenarioRun, TargetFailure, type WireResult } from "../../src/domain/index.ts";
import { FakeClock } from "../fakes/clock.ts";

const answer = (status: number): WireResult => ({ kind: "answer", status, body: "", core: undefined });

/** Prepares `count` sessions of a target that answers so to the i-th, and gives what it threw. */
async function prepared(count: number, result: (index: number) => WireResult): Promise<unknown> {
  const clock = new FakeClock();
  let [asked, sent] = [0, 0];
  const scenario: ScenarioRun = {
    prepare: () =>
      asked++ < count
        ? {
            endpoint: 0,
            request: { method: "POST", path: "/recipe/session", headers: {}, body: "{}" },
            judge: (status) => (status === 200 ? "ok" : "non-2xx"),
            abandon: () => undefined,
          }
        : undefined,
    next: () => {
      throw new Error("there is no load here");
    },
  };
  const transport: LoadTransport = {
    send: (_request, done) => {
      const one = result(sent++);
      queueMicrotask(() => done(one));
    },
    close: () => Promise.resolve(),
  };
  const { signal } = new AbortController();
  const options = { scenario, transport, clock, endpoints: ["create"], concurrency: 4, signal };
  const over = prepareScenario(options).then(
    () => undefined,
    (error: unknown) => error,
  );
  for (let i = 0; i < 100; i++) await clock.advance(100);
  return over;
}

test("a service that loses one request of many is prepared all the same", async () => {
  expect(await prepared(100, (index) => answer(index === 7 ? 500 : 200))).toBeUndefined();
});

test("a target that answers with errors of its own has failed itself", async () => {
  const error = await prepared(100, () => answer(500));
  expect(error).toBeInstanceOf(TargetFailure);
  expect(String(error)).toMatch(
    /could not be prepared: \d+ of \d+ requests failed, the last one \(create: non-2xx, HTTP 500\)/,
  );
});

test.each([
  ["refuses the key", answer(401)],
  ["cannot be reached", { kind: "refused", detail: "ECONNREFUSED" } as const],
])("a target that %s is not proved to have failed", async (_what, result) => {
  const error = await prepared(100, () => result);
  expect(error).toBeInstanceOf(Error);
  expect(error).not.toBeInstanceOf(TargetFailure);
});
