import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { parseEnv } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHECKS } from "../../checks/index.ts";
import { DEFAULT_THRESHOLDS } from "../../loadtests/thresholds.ts";
import { type CheckKind, type CheckSettings, type Hook, type Log, CHECK_KINDS } from "../../src/domain/index.ts";
import type { Deployment } from "../../src/domain/index.ts";
import { loadFleet } from "../../src/inventory/index.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { systemClock } from "../../src/system/clock.ts";
import { isAlive, temporaryFolder, until } from "./core-support.ts";

const quiet = (): void => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };
const PRODUCTION = "sandbox-production";

interface Reply {
  readonly status: number;
  readonly servedBy: string;
  readonly text: string;
  readonly ms: number;
}

function send(url: string, init: { method?: string; headers?: object; body?: string } = {}): Promise<Reply> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const options = {
      method: init.method ?? "GET",
      headers: { ...init.headers },
      agent: false,
      rejectUnauthorized: false,
    };
    (url.startsWith("https") ? httpsRequest : httpRequest)(url, options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        const servedBy = String(response.headers["x-served-by"]);
        resolve({ status: response.statusCode ?? 0, servedBy, text, ms: performance.now() - started });
      });
    })
      .once("error", reject)
      .end(init.body);
  });
}

async function deploymentsOf(sandbox: Sandbox): Promise<readonly Deployment[]> {
  const entries = CHECK_KINDS.map((kind) => [kind, CHECKS[kind].defaults] as const);
  const result = loadFleet({
    path: "fleet.yaml",
    text: await readFile(sandbox.configFile, "utf8"),
    directory: sandbox.dir,
    readFile: (path) => readFileSync(path, "utf8"),
    env: parseEnv(await readFile(sandbox.envFile, "utf8")),
    checkDefaults: Object.fromEntries(entries) as Record<CheckKind, CheckSettings>,
    certifyDefaults: DEFAULT_THRESHOLDS,
    isCron: () => true,
    now: Date.now(),
  });
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.fleet.deployments;
}

/** Sends a hook of fleet.yaml as it stands there, with these values in it. */
async function call(hook: Hook | undefined, values: Record<string, string>): Promise<Reply> {
  if (hook?.kind !== "request") throw new Error("no request");
  const filled = (text: string): string =>
    text.replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) => values[name] ?? "");
  const texts = (all: Hook & { kind: "request" }, key: "params" | "headers"): [string, string][] =>
    Object.entries(all[key]).map(([name, value]) => [name, filled(value.reveal())]);
  const headers = { "content-type": "application/json", ...Object.fromEntries(texts(hook, "headers")) };
  const body = JSON.stringify(Object.fromEntries(texts(hook, "params")));
  return send(filled(hook.url), { method: hook.method, headers, body });
}

describe("the fleet's operator", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let sandbox: Sandbox;
  let production: Deployment;

  beforeAll(async () => {
    folder = await temporaryFolder();
    sandbox = await startSandbox({
      dir: `${folder.path}/s`,
      cores: 4,
      fleet: "slow-core",
      passing: true,
      clock: systemClock,
      log,
    });
    const [found] = await deploymentsOf(sandbox);
    if (found === undefined) throw new Error("no deployment");
    production = found;
  });

  afterAll(async () => {
    await sandbox?.stop();
    await folder.remove();
  });

  const idOf = (core: string): string => `${PRODUCTION}/${core}`;
  const values = (core: string): Record<string, string> => ({ deployment: PRODUCTION, core, app: "acme" });
  const stateOf = (core: string): string | undefined => sandbox.cores().find(({ id }) => id === idOf(core))?.state;
  const coresInFile = async (): Promise<string[]> => (await deploymentsOf(sandbox))[0]?.cores.map(({ id }) => id) ?? [];

  it("cores say who they are, through the load balancer too, and the slow one answers late", async () => {
    const balancer = sandbox.loadBalancers.get(PRODUCTION);
    await until(
      "all targets are healthy",
      () => balancer?.targets().every(({ state }) => state === "healthy") === true,
    );
    const seen = new Map<string, Reply>();
    for (let turn = 0; turn < 6; turn++) {
      const reply = await send(`${sandbox.connectionUri(PRODUCTION)}/hello`);
      expect(reply.status).toBe(200);
      seen.set(reply.servedBy, reply);
    }
    expect([...seen.keys()].sort()).toEqual(["acme-1", "acme-2", "acme-3"]);
    expect(seen.get("acme-2")?.ms).toBeGreaterThanOrEqual(795);
    expect((await deploymentsOf(sandbox))[1]?.certify?.allowed).toBe(false);
    expect(production.certify).toMatchObject({ allowed: true, coreHeader: "x-served-by", targets: ["127.0.0.0/8"] });
  });

  it("takes a core away and brings it back, as fleet.yaml says", async () => {
    const { away, back } = production.certify?.survival ?? {};
    expect(await call(away, values("acme-3"))).toMatchObject({ status: 200, text: '{"status":"OK"}\n' });
    expect(stateOf("acme-3")).toBe("dead");
    expect(await call(back, values("acme-3"))).toMatchObject({ status: 200 });
    expect(stateOf("acme-3")).toBe("running");
    expect((await call(away, values("acme-9"))).status).toBe(404);
  });

  it("accepts the scale call at once, and the core is there soon after: in fleet.yaml, behind the same address", async () => {
    const uri = production.connectionUri;
    const scaled = await call(production.scale?.request, { ...values(""), cores: "4" });
    expect(scaled).toMatchObject({ status: 200, text: '{"status":"OK"}\n' });
    expect(stateOf("acme-4")).toBeUndefined();
    // What is promised is not promised twice.
    expect((await call(production.scale?.request, { ...values(""), cores: "4" })).status).toBe(200);
    await until("the core stands in fleet.yaml", async () => (await coresInFile()).includes("acme-4"));
    await until("it takes traffic", async () => (await send(`${uri}/hello`)).servedBy === "acme-4");
    expect(await coresInFile()).toEqual(["acme-1", "acme-2", "acme-3", "acme-4"]);
    expect((await deploymentsOf(sandbox))[0]?.connectionUri).toBe(uri);
  });

  it("removes a core: out of fleet.yaml at once, drained, then gone", async () => {
    const { pid } = sandbox.cores().find(({ id }) => id === idOf("acme-4")) ?? {};
    const balancer = sandbox.loadBalancers.get(PRODUCTION);
    expect((await call(production.scale?.remove, values("acme-4"))).status).toBe(200);
    expect(await coresInFile()).toEqual(["acme-1", "acme-2", "acme-3"]);
    expect(balancer?.targets().filter(({ state }) => state === "draining")).toHaveLength(1);
    expect(isAlive(pid ?? 0)).toBe(true);
    await until("it is drained", () => balancer?.targets().length === 3, 15_000);
    await until("its process is gone", () => !isAlive(pid ?? 0));
    // The number is free again, and so is the promise.
    expect((await call(production.scale?.request, { ...values(""), cores: "3" })).status).toBe(200);
  });

  it("refuses what is wrong: password, app, deployment, size, body, method and path", async () => {
    const { request } = production.scale ?? {};
    const url = request?.kind === "request" ? request.url : "";
    const password = sandbox.env["SANDBOX_OPERATOR_PASSWORD"] ?? "";
    const good = { password, appId: "acme", scaleTo: "3", deploymentToScale: PRODUCTION };
    const form = (changes: Partial<typeof good>): Promise<Reply> =>
      send(url, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ ...good, ...changes }).toString(),
      });
    expect((await form({})).status).toBe(200);
    expect((await form({ password: "wrong" })).status).toBe(401);
    expect((await form({ appId: "nobody" })).status).toBe(404);
    expect((await form({ deploymentToScale: "sandbox-development" })).status).toBe(404);
    expect(await form({ scaleTo: "10" })).toMatchObject({
      status: 400,
      text: '{"status":"ERROR","message":"scaleTo must be a whole number from 3 to 9"}\n',
    });
    expect((await form({ scaleTo: "2" })).status).toBe(400);
    expect((await send(url, { method: "POST", body: "{" })).status).toBe(400);
    expect((await send(url)).status).toBe(405);
    expect((await send(url.replace("scale", "nothing"), { method: "POST" })).status).toBe(404);
    const kill = new URL(`/cores/${PRODUCTION}/acme-1/kill`, url).href;
    expect((await send(kill, { method: "POST" })).status).toBe(401);
    expect(sandbox.cores().filter(({ state }) => state === "running")).toHaveLength(4);
  });

  it("keeps the last core of a deployment", async () => {
    await expect(sandbox.removeCore("sandbox-development/dev-1")).rejects.toThrow("it stays");
  });
});

it("the fleet database-down is up but for its database: what needs it fails after five seconds", async () => {
  const folder = await temporaryFolder();
  const options = { dir: `${folder.path}/s`, cores: 2, fleet: "database-down", passing: true, clock: systemClock, log };
  const sandbox = await startSandbox(options);
  try {
    expect(sandbox.database.state).toBe("stopped");
    expect(sandbox.events.map(({ text }) => text)).toEqual(["database main stopped"]);
    const url = sandbox.connectionUri(PRODUCTION);
    expect((await send(`${url}/.well-known/jwks.json`)).status).toBe(200);
    const headers = { "api-key": sandbox.env["SANDBOX_API_KEY"] };
    const read = await send(`${url}/recipe/session?sessionHandle=x`, { headers });
    expect(read.status).toBe(500);
    expect(read.ms).toBeGreaterThan(4_900);
  } finally {
    await sandbox.stop();
    await folder.remove();
  }
});
