import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SCENARIOS, scenarioNamed } from "../../loadtests/index.ts";
import { parseScenarioFile } from "../../loadtests/scenario-file.ts";
import { MAX_ENDPOINTS } from "../../loadtests/scenario.ts";
import type { ScenarioStep } from "../../src/domain/index.ts";
import { startCore } from "../../src/sandbox/core.ts";
import type { RunningCore } from "../../src/sandbox/core.ts";
import { type TestDatabase, createDatabase } from "../support/database.ts";
import { caller, drive, play, playAll, world } from "./driving.ts";

const API_KEY = "key-of-the-cores";
let database: TestDatabase;
let core: RunningCore;
let strict: RunningCore;
let call: ReturnType<typeof caller>;

beforeAll(async () => {
  database = await createDatabase();
  const options = { host: "127.0.0.1", port: 0, databaseUrl: database.url, poolSize: 2, passwordCost: 1_024 };
  core = await startCore({ ...options, id: "a", apiKeys: [API_KEY] });
  strict = await startCore({ ...options, id: "b", apiKeys: [API_KEY], graceMs: 0 });
  call = caller(core.url, { "api-key": API_KEY });
});

afterAll(async () => {
  await core?.stop();
  await strict?.stop();
  await database?.drop();
});

const FILE = `
name: synthetic
secrets: { key: ${API_KEY} }
prepare:
  - name: open
    method: POST
    path: /recipe/session
    headers: { api-key: "{{secret.key}}" }
    body: { userId: 'load "{{tag}}"', enableAntiCsrf: false, userDataInJWT: {}, userDataInDatabase: {} }
    expect: { json: { status: OK } }
    extract: { handle: session.handle }
endpoints:
  - { name: keys, weight: 3, path: /.well-known/jwks.json, expect: { status: 200, contains: kid } }
  - name: read
    path: "/recipe/session?sessionHandle={{handle}}"
    headers: { api-key: "{{secret.key}}" }
    expect: { json: { status: OK } }
`;

function settingsOf(name: string): Readonly<Record<string, unknown>> {
  if (name === "sign-in") return { users: 2 };
  if (name === "session-mix") return { sessions: 100 };
  if (name !== "http") return {};
  const file = parseScenarioFile(FILE, "scenario.yaml");
  if (!file.ok) throw new Error(JSON.stringify(file.errors));
  return file.settings;
}

async function sessionRows(where: string): Promise<number> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: string }>(`SELECT count(*) AS n FROM session_info WHERE ${where}`);
    return Number(rows[0]?.n);
  } finally {
    await client.end();
  }
}

describe.each(Object.keys(SCENARIOS))("the scenario %s", (name) => {
  const scenario = scenarioNamed(name);

  it("is called that, and says what it tells, what it sends, what it proves and what it does not", () => {
    expect(scenario.name).toBe(name);
    expect(scenario.tells).toMatch(/^[A-Z].*\.$/);
    const settings = scenario.settings(settingsOf(name));
    const endpoints = scenario.endpoints(settings);
    expect(endpoints.length).toBeGreaterThan(0);
    expect(endpoints.length).toBeLessThanOrEqual(MAX_ENDPOINTS);
    expect(new Set(endpoints).size).toBe(endpoints.length);
    const sentences = scenario.describe(settings);
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Zb0-9].*\.$/);
    const all = sentences.join(" ");
    expect(all).toMatch(/\d%/);
    expect(all).toContain("It proves");
    expect(all).toMatch(/not prove|proves nothing|nothing about/);
    expect(structuredClone(settings)).toEqual(settings);
  });

  it("runs on a core without a failure, and has a request for the closed model", async () => {
    const settings = scenario.settings(settingsOf(name));
    const run = scenario.start(settings, world(11, { now: () => performance.now() }));
    const { prepared, byEndpoint, bad } = await drive(run, name === "session-mix" ? 400 : 60, call);
    expect(prepared.filter((verdict) => verdict !== "ok")).toEqual([]);
    expect(bad).toEqual([]);
    expect(byEndpoint.length).toBeLessThanOrEqual(scenario.endpoints(settings).length);
    const closed = await scenario.closed(settings, world(11), call);
    for (let i = 0; i < 2; i++) {
      const { status, body } = await call(closed);
      expect(status).toBe(200);
      expect(body).toMatch(/^Hello\n$|"status":"OK"|"keys":/);
    }
  });
});

describe("sessions on a core", () => {
  it("live through every step of the mix, and are taken away afterwards, forgotten ones too", async () => {
    const { "session-mix": mix } = SCENARIOS;
    const settings = mix.settings({
      sessions: 20,
      mix: { verify: 40, refresh: 30, create: 15, read: 10, revoke: 5 },
    });
    const run = mix.start(settings, world(12, { now: () => performance.now() }));
    const { byEndpoint, bad } = await drive(run, 500, call);
    expect(bad).toEqual([]);
    expect(mix.endpoints(settings)).toHaveLength(6);
    for (const count of byEndpoint) expect(count).toBeGreaterThan(3);
    expect(await sessionRows("user_id LIKE 'corewatch-load-t12-%'")).toBeGreaterThan(20);
    await mix.closed(settings, world(13), call);
    expect(new Set(await playAll(() => run.cleanup?.(), call))).toEqual(new Set(["ok"]));
    expect(await sessionRows("user_id LIKE 'corewatch-load-t12-%'")).toBe(0);
    expect(await sessionRows("user_id LIKE 'corewatch-load-t13-%'")).toBe(1);
  });

  /** A run with one session, and its next step of that kind. */
  async function one(settings: Record<string, unknown>, seed: number): Promise<() => ScenarioStep> {
    const run = SCENARIOS["session-mix"].start({ sessions: 1, ...settings }, world(seed, { now: () => 0 }));
    await playAll(() => run.prepare(), call);
    return () => run.next();
  }

  it("that were revoked are business failures once, and a new one takes their place", async () => {
    const next = await one({ mix: { verify: 1, refresh: 0, create: 0 }, checkDatabase: 1 }, 14);
    expect(await play(next(), call)).toBe("ok");
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query("DELETE FROM session_info WHERE user_id LIKE 'corewatch-load-t14-%'");
    await client.end();
    expect(await play(next(), call)).toBe("business-failure");
    const created = next();
    expect(created.request.path).toBe("/recipe/session");
    expect(await play(created, call)).toBe("ok");
    expect(await play(next(), call)).toBe("ok");
  });

  it("with a token that no core signed are business failures", async () => {
    const next = await one({ mix: { verify: 1, refresh: 0, create: 0 } }, 15);
    const step = next();
    const spoilt = {
      ...step.request,
      body: (step.request.body ?? "").replace(/"accessToken":"[^"]+"/, '"accessToken":"x.y.z"'),
    };
    expect(await play({ ...step, request: spoilt }, call)).toBe("business-failure");
  });

  it("survive a refresh whose answer was lost: the same token again, within the grace", async () => {
    const next = await one({ mix: { verify: 0, refresh: 1, create: 0 } }, 16);
    const lost = next();
    await call(lost.request);
    lost.abandon();
    const again = next();
    expect(again.request.body).toBe(lost.request.body);
    expect(await play(again, call)).toBe("ok");
    expect(await play(next(), call)).toBe("ok");
  });

  it("whose token a core without grace takes for stolen are business failures", async () => {
    const next = await one({ mix: { verify: 0, refresh: 1, create: 0 } }, 17);
    const lost = next();
    await call(lost.request);
    lost.abandon();
    expect(await play(next(), caller(strict.url, { "api-key": API_KEY }))).toBe("business-failure");
  });

  it("are refused without the api key, which is said", async () => {
    const { "session-verify": verify } = SCENARIOS;
    const without = caller(core.url);
    const run = verify.start({ sessions: 2 }, world(18));
    expect(new Set(await playAll(() => run.prepare(), without))).toEqual(new Set(["non-2xx"]));
    await expect(verify.closed({}, world(18), without)).rejects.toThrow(
      "session-verify: the session that callers verify could not be made: non-2xx, HTTP 401",
    );
  });
});

describe("sign-in on a core", () => {
  it("with a wrong password is a business failure, and a user who could not be signed up is said", async () => {
    const { "sign-in": signIn } = SCENARIOS;
    const run = signIn.start({ users: 1 }, world(19));
    await playAll(() => run.prepare(), call);
    const step = run.next();
    const body = JSON.stringify({ ...JSON.parse(step.request.body ?? ""), password: "another" });
    expect(await play({ ...step, request: { ...step.request, body } }, call)).toBe("business-failure");
    expect(step.judge(200, '{"status":"OK","user":{"id":"somebody-else"}}')).toBe("wrong-body");
    const unsigned = signIn.start({ users: 1 }, world(20));
    await expect(playAll(() => unsigned.prepare(), caller(core.url))).rejects.toThrow(/non-2xx, HTTP 401/);
  });

  it("whose sign-up was done and its answer lost goes on", async () => {
    const run = SCENARIOS["sign-in"].start({ users: 1 }, world(21));
    const lost = run.prepare();
    if (lost === undefined) throw new Error("nothing to prepare");
    await call(lost.request);
    lost.abandon();
    expect(await playAll(() => run.prepare(), call)).toEqual(["ok"]);
    expect(await play(run.next(), call)).toBe("ok");
  });
});
