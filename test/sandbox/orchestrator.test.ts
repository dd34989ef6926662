import { fork } from "node:child_process";
import { readFile, readdir, stat } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CHECKS } from "../../checks/index.ts";
import { DEFAULT_THRESHOLDS } from "../../loadtests/thresholds.ts";
import { CHECK_KINDS } from "../../src/domain/index.ts";
import type { CheckKind, CheckSettings, Fleet, Log } from "../../src/domain/index.ts";
import { loadFleet } from "../../src/inventory/index.ts";
import { FLEETS, planFleet } from "../../src/sandbox/fleets.ts";
import { renderFleet } from "../../src/sandbox/fleets-file.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { systemClock } from "../../src/system/clock.ts";
import { isAlive, kids, temporaryFolder, until } from "./core-support.ts";

const quiet = (): void => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };

let folder: { path: string; remove(): Promise<void> };
let sandbox: Sandbox;

beforeAll(async () => {
  folder = await temporaryFolder();
  sandbox = await startSandbox({ dir: `${folder.path}/s`, cores: 4, passing: true, clock: systemClock, log });
});

afterAll(async () => {
  await sandbox?.stop();
  await folder.remove();
});

/** The fleet as corewatch would load it; the test fails with the located errors where it would not. */
function load(text: string, env: Record<string, string | undefined>, directory: string): Fleet {
  const result = loadFleet({
    path: "fleet.yaml",
    text,
    directory,
    readFile: (path) => readFileSync(path, "utf8"),
    env,
    checkDefaults: defaults(),
    certifyDefaults: DEFAULT_THRESHOLDS,
    isCron: (expression) => expression.split(" ").length >= 5,
    now: Date.now(),
  });
  if (!result.ok) throw new Error(JSON.stringify(result.errors, null, 1));
  // Addresses stand in place of names, so that nothing has to be entered into /etc/hosts.
  const said = result.warnings.filter((one) => one.severity === "warning").map((one) => one.message);
  expect(said.filter((message) => message !== "is an address, not a name")).toEqual([]);
  return result.fleet;
}

function defaults(): Record<CheckKind, CheckSettings> {
  const entries = CHECK_KINDS.map((kind) => [kind, CHECKS[kind].defaults] as const);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one entry for each kind
  return Object.fromEntries(entries) as Record<CheckKind, CheckSettings>;
}

const loaded = async (): Promise<Fleet> =>
  load(await readFile(sandbox.configFile, "utf8"), parseEnv(await readFile(sandbox.envFile, "utf8")), sandbox.dir);

/** What curl -k says of an address. */
async function hello(url: string): Promise<number | string> {
  const { request } = await import(url.startsWith("https") ? "node:https" : "node:http");
  return new Promise((resolve) => {
    request(
      `${url}/hello`,
      { rejectUnauthorized: false, agent: false, timeout: 3_000 },
      (response: { statusCode: number; resume(): void }) => {
        response.resume();
        resolve(response.statusCode);
      },
    )
      .once("error", (error: Error & { code?: string }) => resolve(error.code ?? error.message))
      .end();
  });
}

it("writes a fleet.yaml and a private env file that load without a complaint", async () => {
  const fleet = await loaded();
  expect(fleet.deployments.map(({ id, cores }) => [id, cores.length])).toEqual([
    ["sandbox-production", 3],
    ["sandbox-development", 1],
  ]);
  expect(fleet.databases[0]?.url.reveal()).toBe(sandbox.database.url);
  expect(new Set(fleet.deployments[0]?.cores.map((core) => core.zone)).size).toBe(2);
  expect((await stat(sandbox.envFile)).mode & 0o777).toBe(0o600);
  const text = await readFile(sandbox.configFile, "utf8");
  const secrets = Object.entries(sandbox.env).filter(([name]) => /TOKEN|KEY|DATABASE|PASSWORD/.test(name));
  expect(secrets.filter(([, value]) => text.includes(value))).toEqual([]);
});

it("every ready-made fleet, small and big, is a configuration that loads", async () => {
  for (const name of Object.keys(FLEETS)) {
    for (const cores of [2, 3, 40, 300]) {
      const plan = planFleet(name, cores);
      const ports = new Map<string, number>();
      const portOf = (id: string): number => ports.get(id) ?? (ports.set(id, 5_000 + ports.size).get(id) || 0);
      const text = renderFleet(plan, {
        listen: "127.0.0.1:0",
        urlOf: (id) => `https://127.0.0.1:${portOf(id)}`,
        connectionUriOf: (id) => `https://127.0.0.1:${portOf(id)}`,
        alarmQueue: "arn:aws:sqs:eu-west-1:123456789012:alarms",
        landingUrl: "http://127.0.0.1:4001/",
        operatorUrl: "http://127.0.0.1:4002",
      });
      const { SANDBOX_DATABASE_URL: url = "" } = sandbox.env;
      const isMysql = plan.account?.mysql !== undefined;
      const main = isMysql ? url.replace("postgres:", "mysql:") : url;
      const env = { ...sandbox.env, SANDBOX_DATABASE_URL: main, SANDBOX_CONTROL_URL: url };
      const fleet = load(text, env, sandbox.dir);
      const listed = plan.deployments.filter(({ settings }) => settings?.["discover"] === undefined);
      expect(fleet.deployments.flatMap((one) => one.cores)).toHaveLength(listed.flatMap((d) => d.cores).length);
    }
  }
  expect(() => planFleet("nope", 2)).toThrow(
    'there is no sandbox fleet "nope": choose one of sandbox, storm, slow-core',
  );
});

it("listens on loopback only", async () => {
  const fleet = await loaded();
  const urls = [
    ...fleet.deployments.flatMap((one) => [one.connectionUri, ...one.cores.map((core) => core.url)]),
    ...fleet.endpoints.map((one) => one.url),
    sandbox.slack.url,
    sandbox.slack.pageUrl,
    sandbox.aws.url,
    sandbox.database.url,
  ];
  for (const url of urls) expect(new URL(url).hostname).toMatch(/^127\./);
});

it("a killed core is a dead process; its load balancer goes on without it, and it comes back at its address", async () => {
  const id = "sandbox-production/acme-2";
  const before = sandbox.cores().find((core) => core.id === id);
  const balancer = sandbox.loadBalancers.get("sandbox-production");
  const stateOf = (): string | undefined =>
    balancer?.targets().find((one) => one.id === before?.instance && one.port === before?.port)?.state;
  await until("the target is healthy", () => stateOf() === "healthy");
  await sandbox.killCore(id);
  expect(isAlive(before?.pid ?? 0)).toBe(false);
  expect(await hello(before?.url ?? "")).toBe("ECONNREFUSED");
  await until("the target is unhealthy", () => stateOf() === "unhealthy");
  for (let turn = 0; turn < 4; turn++) expect(await hello(sandbox.connectionUri("sandbox-production"))).toBe(200);
  await sandbox.startCore(id);
  expect(await hello(before?.url ?? "")).toBe(200);
  expect(sandbox.events.map((event) => event.text)).toEqual([`core ${id} killed`, `core ${id} started again`]);
});

it("an added core stands in fleet.yaml and behind the load balancer, with the deployment's keys", async () => {
  const core = await sandbox.addCore("sandbox-production");
  expect((await loaded()).deployments[0]?.cores.map((one) => one.url)).toContain(core.url);
  const targets = sandbox.loadBalancers.get("sandbox-production")?.targets() ?? [];
  expect(targets.map((target) => target.url)).toContain(core.url);
  expect(await hello(core.url)).toBe(200);
  const development = sandbox.cores().find((one) => one.deployment === "sandbox-development");
  expect(await kids(development?.url ?? "")).toHaveLength(2);
});

it("says which cores there are when asked for another", async () => {
  await expect(sandbox.killCore("sandbox-production/acme-9")).rejects.toThrow(
    'there is no core "sandbox-production/acme-9" in this sandbox: choose one of sandbox-production/acme-1',
  );
});

it("two sandboxes do not share a folder, and one that died is taken over", async () => {
  const entry = fileURLToPath(new URL("orchestrator-child.ts", import.meta.url));
  const dir = `${folder.path}/other`;
  const child = fork(entry, [dir], { stdio: ["ignore", "ignore", "inherit", "ipc"], execArgv: [] });
  const pids = await new Promise<number[]>((resolve, reject) => {
    child.once("message", (message: number[]) => resolve(message));
    child.once("exit", (code) => reject(new Error(`the child ended with ${code}`)));
  });
  const options = { dir, cores: 2, passing: true, clock: systemClock, log };
  await expect(startSandbox(options)).rejects.toThrow(`a sandbox already runs in ${dir} (process ${child.pid})`);
  expect(pids.length).toBeGreaterThan(3);
  expect(pids.filter((pid) => !isAlive(pid))).toEqual([]);
  child.kill("SIGKILL");
  // A frozen core and the database cannot notice by themselves that their parent is gone.
  await until("no process is left", () => !pids.some(isAlive));
  const next = await startSandbox(options);
  const { pid } = next.cores()[0] ?? {};
  await next.stop();
  expect(isAlive(pid ?? 0)).toBe(false);
  await next.stop();
  await expect(readdir(dir)).rejects.toMatchObject({ code: "ENOENT" });
});
