import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Redactor, Secret, type Hook } from "../../src/domain/index.ts";
import { createHookRunner, type HookOptions } from "../../src/load/hooks.ts";
import { core, deployment } from "../checks/small-fleet.ts";
import { portOf } from "../databases/servers.ts";
import { isAlive, until } from "../sandbox/core-support.ts";

const never = new AbortController().signal;
const values = {
  core: "c1",
  instance: "i-1",
  url: "https://10.0.0.1:3567",
  app: "acme",
  deployment: "acme",
  cores: "3",
};

interface Heard {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A server that keeps what it hears; `answer` says what comes back, `undefined` that nothing does. */
async function serve(answer: () => { status: number; body?: string; headers?: Record<string, string> } | undefined) {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      heard.push({ method: request.method, path: request.url, headers: request.headers, body });
      const said = answer();
      if (said === undefined) return;
      response.writeHead(said.status, said.headers);
      response.end(said.body);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  return { heard, url: `http://127.0.0.1:${portOf(server)}` };
}

function runner(extra: Partial<HookOptions> = {}) {
  const redactor = new Redactor();
  redactor.add("s3cretword");
  return createHookRunner({
    env: { PATH: process.env["PATH"], ...extra.env },
    redact: (text) => redactor.redact(text),
    targetGroups: undefined,
    ...(extra.targetGroups === undefined ? {} : { targetGroups: extra.targetGroups }),
  });
}

const request = (url: string, extra: Partial<Extract<Hook, { kind: "request" }>> = {}): Hook => ({
  kind: "request",
  method: "POST",
  url,
  headers: {},
  params: {},
  as: "json",
  timeoutMs: 2_000,
  ...extra,
});

const node = (script: string, ...args: string[]): Hook => ({
  kind: "command",
  argv: [process.execPath, "-e", script, ...args],
  timeoutMs: 5_000,
});

const call = (hook: Hook, extra: Partial<HookOptions> = {}, given: Record<string, string> = values, signal = never) =>
  runner(extra).call(hook, "away", given, deployment(), signal);

test("a request carries its parameters as JSON, as a form, or in the query of a GET", async () => {
  const { heard, url } = await serve(() => ({ status: 204 }));
  const params = { core: new Secret("{{core}}"), key: new Secret("s3cretword") };
  const headers = { "X-Auth": new Secret("Bearer s3cretword"), "x-app": new Secret("{{app}}") };
  for (const [method, as] of [
    ["POST", "json"],
    ["PUT", "form"],
    ["GET", "json"],
  ] as const)
    expect(await call(request(`${url}/cores/{{core}}`, { method, as, params, headers }))).toEqual({
      ok: true,
      detail: `${method} ${url}/cores/c1 answered 204`,
    });
  expect(heard.map(({ method, path, body }) => [method, path, body])).toEqual([
    ["POST", "/cores/c1", '{"core":"c1","key":"s3cretword"}'],
    ["PUT", "/cores/c1", "core=c1&key=s3cretword"],
    ["GET", "/cores/c1?core=c1&key=s3cretword", ""],
  ]);
  expect(heard[0]?.headers).toMatchObject({
    "x-auth": "Bearer s3cretword",
    "x-app": "acme",
    "content-type": "application/json",
  });
  expect(heard[1]?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
});

test("a refusal is told with its status; the body is not, since it may hold secrets", async () => {
  const { url } = await serve(() => ({ status: 403, body: "the key s3cretword of nobody" }));
  expect(await call(request(`${url}/x`))).toEqual({ ok: false, detail: `POST ${url}/x answered 403` });
});

test("a redirect is not followed: headers would go along", async () => {
  const other = await serve(() => ({ status: 200 }));
  const { url } = await serve(() => ({ status: 307, headers: { location: other.url } }));
  const { ok, detail } = await call(request(url, { headers: { "x-auth": new Secret("s3cretword") } }));
  expect([ok, detail]).toEqual([false, `POST ${url}/ answered 307, a redirect, which is not followed`]);
  expect(other.heard).toEqual([]);
});

test("a request that gets no answer in time, one that nobody takes, and one that is called off", async () => {
  const { url, heard } = await serve(() => undefined);
  expect((await call(request(url, { timeoutMs: 150 }))).detail).toBe(`POST ${url}/ was not answered within 0.15 s`);
  const stop = new AbortController();
  const running = call(request(url, { timeoutMs: 60_000 }), {}, values, stop.signal);
  await until("the request came", () => heard.length === 2);
  stop.abort();
  expect(await running).toEqual({ ok: false, detail: `POST ${url}/ was called off` });
  const { detail } = await call(request("http://127.0.0.1:1/"));
  expect(detail).toBe("POST http://127.0.0.1:1/ got no answer: ECONNREFUSED");
});

test("an answer without end is read to a bound", async () => {
  const { url } = await serve(() => ({ status: 200, body: "x".repeat(1_000_000) }));
  expect((await call(request(url))).ok).toBe(true);
});

test.each([
  ["a line break in a header", { ...values, core: "c1\r\nx-evil: 1" }, "the value of {{core}} is not plain text"],
  ["a placeholder that there is not", {}, "there is no placeholder {{core}}"],
  [
    "a value that the inventory does not have",
    { ...values, core: "" },
    "{{core}} has no value here: the inventory does not say it",
  ],
])("%s: nothing is sent", async (_name, given, why) => {
  const { url, heard } = await serve(() => ({ status: 200 }));
  const hook = request(`${url}/`, { headers: { "x-core": new Secret("{{core}}") } });
  expect(await call(hook, {}, given)).toEqual({ ok: false, detail: why });
  expect(heard).toEqual([]);
});

test("a value stays within its part of the URL; {{url}} may be its begin", async () => {
  const { url, heard } = await serve(() => ({ status: 200 }));
  await call(request(`${url}/cores/{{core}}/stop`), {}, { ...values, core: "../x?y=1#z" });
  await call(request("{{url}}/shutdown"), {}, { ...values, url });
  expect(heard.map(({ path }) => path)).toEqual(["/cores/..%2Fx%3Fy%3D1%23z/stop", "/shutdown"]);
  const { ok, detail } = await call(request("file:///etc/passwd"));
  expect([ok, detail]).toEqual([false, "the hook's url is not one of http or https"]);
});

test("a command gets each value as one argument, whatever is in it", async () => {
  const hook = node(
    "console.log(JSON.stringify(process.argv.slice(1)))",
    "a {{core}}",
    "{{instance}}",
    "; touch {{app}}",
  );
  const { ok, detail } = await call(hook, {}, { ...values, core: "c1; $(id) 'x' \"y\"" });
  expect(ok).toBe(true);
  expect(detail).toContain(String.raw`["a c1; $(id) 'x' \"y\"","i-1","; touch acme"]`);
});

test("a value that would become an option of the command is refused", async () => {
  const { ok, detail } = await call(node("", "{{core}}"), {}, { ...values, core: "--eval=1" });
  expect([ok, detail]).toEqual([false, '"{{core}}" would become the option "--eval=1"']);
});

test("a command gets corewatch's environment without its secrets, and its output is told without them", async () => {
  const script = "console.log(Object.keys(process.env).sort().join(' '), 's3cretword')";
  const env = {
    PATH: process.env["PATH"],
    AWS_REGION: "eu-west-1",
    ACME_KEY: "s3cretword",
    DATABASE_URL: "postgres://cores:pw@db/x",
    NESTED: "key=s3cretword;",
    COREWATCH_STORE_URL: "x",
  };
  const { ok, detail } = await call(node(script), { env });
  expect(ok).toBe(true);
  expect(detail).toContain("AWS_REGION PATH [secret]");
  expect(detail).not.toMatch(/ACME_KEY|DATABASE_URL|NESTED|COREWATCH/);
});

test("a command that fails, one that there is not, and one that says more than anybody wants to read", async () => {
  const failed = await call(node("console.error('no such instance'); process.exit(7)"));
  expect(failed).toEqual({ ok: false, detail: `${process.execPath} ended with 7: no such instance` });
  const missing = await call({ kind: "command", argv: ["/no/such/program"], timeoutMs: 1_000 });
  expect(missing).toEqual({ ok: false, detail: "/no/such/program could not be started (ENOENT)" });
  const loud = await call(node("process.stdout.write('y'.repeat(5_000_000) + ' end')"));
  expect(loud.ok).toBe(true);
  expect(loud.detail).toMatch(/y end$/);
  expect(loud.detail.length).toBeLessThan(600);
});

test("at its time limit a command ends with everything that it started, also what will not go politely", async () => {
  const dir = await mkdtemp(join(tmpdir(), "corewatch-hook-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, "pids");
  const child = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)";
  const script = `
    const { spawn } = require('node:child_process');
    process.on('SIGTERM', () => {});
    const child = spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' });
    require('node:fs').writeFileSync(${JSON.stringify(file)}, process.pid + ' ' + child.pid);
    setInterval(() => {}, 1000);`;
  const stop = new AbortController();
  const running = call(node(script), {}, values, stop.signal);
  let pids: number[] = [];
  await until("both run", async () => {
    pids = (await readFile(file, "utf8").catch(() => "")).split(" ").map(Number);
    return pids.length === 2 && pids.every((pid) => pid > 0 && isAlive(pid));
  });
  stop.abort();
  expect(await running).toEqual({ ok: false, detail: `${process.execPath} was called off` });
  await until("neither runs", () => !pids.some(isAlive));

  const slow = await call({ ...node("setInterval(() => {}, 1000)"), timeoutMs: 300 } as Hook);
  expect(slow.detail).toBe(`${process.execPath} was ended after its time limit of 0.3 s`);
});

test("a target group's hook takes the core out and puts it back, and can do nothing else", async () => {
  const done: string[] = [];
  const targetGroups = {
    deregister: async ({ id }: { id: string }) => (done.push(`out ${id}`), `taken out`),
    register: async ({ id }: { id: string }) => (done.push(`in ${id}`), `registered again`),
  };
  const runner = createHookRunner({ env: {}, redact: (text) => text, targetGroups });
  const hook: Hook = { kind: "target-group" };
  const of = deployment({ cores: [core(1)] });
  expect(await runner.call(hook, "away", values, of, never)).toEqual({ ok: true, detail: "taken out" });
  expect(await runner.call(hook, "back", values, of, never)).toEqual({ ok: true, detail: "registered again" });
  expect(done).toEqual(["out c1", "in c1"]);
  for (const verb of ["scale", "remove"] as const)
    expect((await runner.call(hook, verb, values, of, never)).ok).toBe(false);
  expect((await runner.call(hook, "away", { ...values, core: "c9" }, of, never)).ok).toBe(false);
  targetGroups.deregister = () => Promise.reject(new Error("AWS throttled it"));
  expect(await runner.call(hook, "away", values, of, never)).toEqual({ ok: false, detail: "AWS throttled it" });
});
