import { expect, test } from "vitest";
import { until } from "../acceptance/until.ts";
import { daemonOf, Rig, taken } from "./support.ts";

async function called(rig: Rig, call: string): Promise<void> {
  await until(call, 10_000, () => rig.calls.includes(call));
}

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 0],
])("a daemon that %s ends exits %i", async (signal, code) => {
  const rig = new Rig();
  const started = rig.run("start");
  await called(rig, "daemon over /fleets/fleet.yaml");
  rig.signal(signal);
  expect((await started).code).toBe(code);
  expect([rig.calls.at(-1), rig.listening]).toEqual(["daemon stopped", 0]);
});

test("a signal while the daemon starts ends the starting", async () => {
  const rig = new Rig();
  let begun = false;
  rig.doors = {
    daemon: ({ signal }) =>
      new Promise((_resolve, reject) => {
        begun = true;
        signal?.addEventListener("abort", () => reject(signal.reason as Error));
      }),
  };
  const started = rig.run("start");
  await until("the starting", 10_000, () => begun);
  rig.signal("SIGTERM");
  expect((await started).code).toBe(0);
});

test("a daemon that fails exits 1", async () => {
  const rig = new Rig();
  rig.doors = {
    daemon: (request) => Promise.resolve({ ...daemonOf(request, rig.calls), ended: Promise.resolve("failed") }),
  };
  expect((await rig.run("start")).code).toBe(1);
});

test("an address that is taken is a bad configuration, or wrong usage where the command line names it", async () => {
  const rig = new Rig();
  rig.doors = { daemon: () => Promise.reject(taken()) };
  const configured = await rig.run("start");
  expect([configured.code, configured.err]).toEqual([78, expect.stringMatching(/^the web server cannot listen/)]);
  expect((await rig.run("start", "--listen", "127.0.0.1:8090")).code).toBe(64);
});

test("a sandbox whose port is taken takes another, unless it was told which", async () => {
  const rig = new Rig();
  rig.doors = {
    daemon: (request) =>
      request.listen === "127.0.0.1:0" ? Promise.resolve(daemonOf(request, rig.calls)) : Promise.reject(taken()),
  };
  const running = rig.run("sandbox");
  await called(rig, "watched at http://127.0.0.1:0");
  rig.signal("SIGINT");
  const ran = await running;
  expect([ran.code, ran.err]).toEqual([130, expect.stringMatching(/port is taken.*\n[^]*The sandbox is up/)]);
  expect(rig.calls.slice(-2)).toEqual(["daemon stopped", "sandbox stopped"]);
  expect((await rig.run("sandbox", "--listen", "127.0.0.1:8090")).code).toBe(64);
  expect(rig.calls.at(-1)).toBe("sandbox stopped");
});

test("npm start is the sandbox where there is no configuration, also when COREWATCH_CONFIG is empty", async () => {
  const rig = new Rig();
  rig.files.clear();
  rig.env["COREWATCH_CONFIG"] = "";
  const running = rig.run("npm-start");
  await called(rig, "daemon over /box/fleet.yaml");
  rig.signal("SIGTERM");
  expect(await running).toMatchObject({ code: 0, err: expect.stringMatching(/There is no fleet\.yaml here/) });
});

test.each([
  ["sandbox", "--config", "x"],
  ["sandbox", "--env-file", "x"],
  ["sandbox", "exec", "--config", "x", "--", "sweep"],
  ["sandbox", "exec", "--cores", "8", "--", "sweep"],
  ["sandbox", "story", "core-down", "--env-file", "x"],
  ["sandbox", "story", "core-down", "--listen", "127.0.0.1:0"],
])("%s %s %s is refused: it would have no effect", async (...args) => {
  const rig = new Rig();
  const refused = await rig.run(...args);
  expect([refused.code, refused.err]).toEqual([64, expect.stringMatching(/makes its own fleet, and takes no --/)]);
  expect(rig.calls).toEqual([]);
});

test("sandbox exec runs in a folder of its own, with a worker that reports in, and exits as the command does", async () => {
  const rig = new Rig();
  const unknown = await rig.run("sandbox", "exec", "--fleet", "nope", "--", "sweep");
  expect([unknown.code, unknown.err]).toEqual([64, "there is no sandbox fleet nope: choose one of sandbox, storm\n"]);
  let seen: unknown;
  rig.doors = {
    async runSelf(args, env) {
      seen = { args, env, beats: (await rig.store.beats()).map((one) => one.id) };
      return 1;
    },
  };
  expect((await rig.run("sandbox", "exec", "--", "corewatch", "sweep")).code).toBe(1);
  expect(seen).toEqual({
    args: ["sweep"],
    env: { SANDBOX: "yes", COREWATCH_CONFIG: "/box/fleet.yaml" },
    beats: ["worker"],
  });
  expect(rig.calls.filter((one) => !one.startsWith("log"))).toEqual([
    "sandbox sandbox in /fleets/.corewatch/sandbox-exec-4711",
    "store opened",
    "store stopped",
    "sandbox stopped",
  ]);
  expect(rig.clock.waiting).toBe(0);
});

test("sandbox exec has the alarms made for certify, and for nothing else", async () => {
  const rig = new Rig();
  rig.doors = { runSelf: () => Promise.resolve(3) };
  const box = ["sandbox", "exec", "--fleet", "storm", "--"];
  expect((await rig.run(...box, "corewatch", "certify", "acme")).code).toBe(3);
  expect(rig.calls.filter((one) => one.startsWith("alarms"))).toEqual(["alarms safe"]);
  await rig.run(...box, "inventory");
  expect(rig.calls.filter((one) => one.startsWith("alarms"))).toEqual(["alarms safe"]);
});

test("a story plays in a folder of its own, and ends when it is interrupted", async () => {
  const rig = new Rig();
  let folder = "";
  rig.doors = {
    story: (_name, dir, _log, signal) =>
      new Promise((_resolve, reject) => {
        folder = dir;
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      }),
  };
  const playing = rig.run("sandbox", "story", "core-down");
  await until("the story", 10_000, () => folder !== "");
  rig.signal("SIGTERM");
  expect(await playing).toEqual({ code: 130, out: "", err: "interrupted\n" });
  expect(folder).toBe("/fleets/.corewatch/story-core-down-4711");
});

test("sandbox exec that is interrupted while the sandbox starts runs nothing, and leaves nothing", async () => {
  const rig = new Rig();
  const { promise: started, resolve } = Promise.withResolvers<void>();
  const stop = (): Promise<void> => (rig.calls.push("sandbox stopped"), Promise.resolve());
  const nowhere = { config: "/box/fleet.yaml", envFile: "/box/env", slackPage: "", env: {}, watchedAt: () => {} };
  const box = { ...nowhere, show: () => Promise.resolve(), stop };
  rig.doors = { sandbox: async () => (rig.calls.push("sandbox starts"), await started, box) };
  const executing = rig.run("sandbox", "exec", "--", "sweep");
  await called(rig, "sandbox starts");
  rig.signal("SIGINT");
  resolve();
  expect(await executing).toEqual({ code: 130, out: "", err: "interrupted\n" });
  expect(rig.calls.slice(-2)).toEqual(["sandbox starts", "sandbox stopped"]);
});
