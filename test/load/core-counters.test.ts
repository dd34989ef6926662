import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { createHttpProber } from "../../src/http/prober.ts";
import { createCoreCounters } from "../../src/load/core-counters.ts";
import { startCore } from "../../src/sandbox/core.ts";
import { RequestStats } from "../../src/sandbox/core-stats.ts";
import { Secret } from "../../src/domain/index.ts";
import { systemClock } from "../../src/system/clock.ts";
import { core, deployment } from "../checks/small-fleet.ts";
import { portOf } from "../databases/servers.ts";

const never = new AbortController().signal;

function counters() {
  const http = createHttpProber({ clock: systemClock });
  onTestFinished(() => http.close());
  return createCoreCounters(http);
}

/** Something that answers /requests/stats in place of a core. */
async function serve(body: string, status = 200) {
  const heard: { path: string | undefined; key: unknown; host: string | undefined }[] = [];
  const server = createServer((request, response) => {
    heard.push({ path: request.url, key: request.headers["api-key"], host: request.headers.host });
    response.writeHead(status);
    response.end(body);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return { heard, url: `http://127.0.0.1:${portOf(server)}` };
}

test("whole minutes of a core, from the shape in which it keeps its day", async () => {
  const start = Date.parse("2026-11-21T08:00:20Z");
  const stats = new RequestStats(start);
  for (let second = 0; second < 150; second++) for (let hit = 0; hit < 3; hit++) stats.count(start + second * 1_000);
  const { url, heard } = await serve(JSON.stringify(stats.report(start + 159_000)));
  const of = core(1, { url: `${url}/base`, apiKey: new Secret("key-of-core") });
  const all = await counters().minutes(of, deployment(), 0, never);
  expect(all).toEqual([
    { minute: Date.parse("2026-11-21T08:00:00Z"), requests: 120 },
    { minute: Date.parse("2026-11-21T08:01:00Z"), requests: 180 },
  ]);
  expect(heard).toEqual([{ path: "/base/requests/stats", key: "key-of-core", host: "acme.example.com:3567" }]);
  const since = await counters().minutes(of, deployment(), start, never);
  expect(since.map(({ minute }) => minute)).toEqual([Date.parse("2026-11-21T08:01:00Z")]);
});

test("a real core of the sandbox tells with its key, and does not without", async () => {
  const running = await startCore({ id: "a", host: "127.0.0.1", port: 0, apiKeys: ["right-key-0123456789"] });
  onTestFinished(() => running.stop());
  const right = core(1, { url: running.url, apiKey: new Secret("right-key-0123456789") });
  // It has not run for a whole minute yet: there is nothing to tell, which is not the same as a failure.
  expect(await counters().minutes(right, deployment(), 0, never)).toEqual([]);
  const wrong = core(1, { url: running.url, apiKey: new Secret("wrong-key") });
  await expect(counters().minutes(wrong, deployment(), 0, never)).rejects.toThrow(
    "c1 does not take the api key of fleet.yaml for /requests/stats",
  );
});

test.each([
  ["no JSON", "Hello", 200, "something other than its counts"],
  ["JSON of another shape", '{"atMinute":"x","averageRequestsPerSecond":[]}', 200, "something other than its counts"],
  ["numbers that are none", '{"atMinute":1,"averageRequestsPerSecond":["a"]}', 200, "something other than its counts"],
  [
    "more minutes than a day",
    JSON.stringify({ atMinute: 9_000_000, averageRequestsPerSecond: Array(1_441).fill(0) }),
    200,
    "something other",
  ],
  ["without end", "x".repeat(300_000), 200, "answered /requests/stats with 200"],
  ["an error", "", 500, "answered /requests/stats with 500"],
])("%s is an error that names the core", async (_name, body, status, why) => {
  const { url } = await serve(body, status);
  await expect(counters().minutes(core(1, { url }), deployment(), 0, never)).rejects.toThrow(why);
});

test("a core that is gone is an error, and a look that is called off ends", async () => {
  await expect(counters().minutes(core(1, { url: "http://127.0.0.1:1" }), deployment(), 0, never)).rejects.toThrow(
    /c1 did not answer \/requests\/stats/,
  );
  const called = new AbortController();
  called.abort();
  const { url } = await serve("{}");
  await expect(counters().minutes(core(1, { url }), deployment(), 0, called.signal)).rejects.toThrow(
    /c1 did not answer/,
  );
});
