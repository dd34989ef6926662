import { createServer, request as httpRequest, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { request as httpsRequest } from "node:https";
import { generate } from "selfsigned";
import { expect, onTestFinished, test } from "vitest";
import { seedHealthCheck, type HealthCheckSettings } from "../../src/sandbox/load-balancer-health.ts";
import {
  startLoadBalancer,
  type LoadBalancerOptions,
  type SandboxLoadBalancer,
} from "../../src/sandbox/load-balancer.ts";
import { systemClock } from "../../src/system/clock.ts";
import { portOf } from "../databases/servers.ts";

const quick: HealthCheckSettings = { ...seedHealthCheck(1_000), intervalMs: 15, timeoutMs: 3_000, healthyCount: 3 };

interface Target {
  readonly url: string;
  readonly port: number;
  /** Statuses of /hello; anything else answers 200 with the target's name. */
  hello: number;
  readonly seen: { url: string; headers: IncomingHttpHeaders }[];
}

async function startTarget(name: string, handler?: RequestListener): Promise<Target> {
  const seen: Target["seen"] = [];
  const server = createServer((request, response) => {
    if (request.url === "/hello" && request.headers["user-agent"] === "ELB-HealthChecker/2.0") {
      response.writeHead(target.hello).end("Hello\n");
      return;
    }
    seen.push({ url: request.url ?? "", headers: request.headers });
    if (handler === undefined) response.setHeader("x-target", name).end(`from ${name}`);
    else handler(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  const port = portOf(server);
  const target: Target = { url: `http://127.0.0.1:${port}`, port, hello: 200, seen };
  return target;
}

async function start(options: Partial<LoadBalancerOptions> = {}): Promise<SandboxLoadBalancer> {
  const balancer = await startLoadBalancer({ clock: systemClock, healthCheck: quick, ...options });
  onTestFinished(() => balancer.stop());
  return balancer;
}

const spec = (id: string, { url, port }: { url: string; port: number }, zone = "eu-west-1a") => ({
  id,
  port,
  zone,
  url,
});

const states = (balancer: SandboxLoadBalancer) => balancer.targets().map((target) => target.state);
const settled = async (balancer: SandboxLoadBalancer, expected: readonly string[]): Promise<void> => {
  await expect.poll(() => states(balancer), { interval: 5, timeout: 5_000 }).toEqual(expected);
};

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(
  url: string,
  options: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    const { method = "GET", headers = {} } = options;
    const request = send(url, { method, headers, agent: false, rejectUnauthorized: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.on("error", reject);
    request.end(options.body);
  });
}

test("requests go round robin over healthy targets, with the forwarding headers, and are counted", async () => {
  const [a, b] = [await startTarget("a"), await startTarget("b")];
  const balancer = await start({ targets: [spec("i-a", a), spec("i-b", b)] });
  await settled(balancer, ["healthy", "healthy"]);
  const answers = [];
  for (let index = 0; index < 6; index++) answers.push(await ask(`${balancer.url}/x?y=${index}`));
  expect(answers.map((answer) => answer.body).sort()).toEqual([...Array(3).fill("from a"), ...Array(3).fill("from b")]);
  expect(balancer.counts("i-a", a.port)).toEqual({ requests: 3, errors: 0 });
  expect(a.seen[0]?.url).toMatch(/^\/x\?y=\d$/);
  expect(a.seen[0]?.headers).toMatchObject({
    host: `127.0.0.1:${balancer.port}`,
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "http",
    "x-forwarded-port": String(balancer.port),
  });
  const minutes = balancer.minutes();
  expect(minutes.reduce((sum, minute) => sum + minute.target2xx, 0)).toBe(6);
});

test("an HTTPS listener with a certificate passes bodies both ways", async () => {
  const { private: key, cert } = await generate([{ name: "commonName", value: "acme.example.com" }], { keyType: "ec" });
  const target = await startTarget("a", (request, response) => {
    response.writeHead(201, { "content-type": "application/json" });
    request.pipe(response);
  });
  const balancer = await start({ certificate: { key, cert }, targets: [spec("i-a", target)] });
  await settled(balancer, ["healthy"]);
  const body = "x".repeat(200_000);
  const answer = await ask(`${balancer.url}/recipe/session`, {
    method: "POST",
    body,
    headers: { "x-forwarded-for": "10.9.8.7" },
  });
  expect(answer).toMatchObject({ status: 201, headers: { "content-type": "application/json" } });
  expect(answer.body).toBe(body);
  expect(target.seen[0]?.headers).toMatchObject({
    "x-forwarded-for": "10.9.8.7, 127.0.0.1",
    "x-forwarded-proto": "https",
  });
});

test("a target is unhealthy after two failed checks and healthy again after as many good ones as configured", async () => {
  const [a, b] = [await startTarget("a"), await startTarget("b")];
  const balancer = await start({ targets: [spec("i-a", a), spec("i-b", b)] });
  await settled(balancer, ["healthy", "healthy"]);
  a.hello = 500;
  await settled(balancer, ["unhealthy", "healthy"]);
  expect(balancer.targets()[0]).toMatchObject({
    reason: "Target.ResponseCodeMismatch",
    description: "Health checks failed with these codes: [500]",
  });
  for (let index = 0; index < 4; index++) expect((await ask(`${balancer.url}/`)).body).toBe("from b");
  a.hello = 200;
  await settled(balancer, ["healthy", "healthy"]);
});

test("with every target unhealthy it fails open", async () => {
  const a = await startTarget("a");
  a.hello = 500;
  const balancer = await start({ targets: [spec("i-a", a)] });
  await settled(balancer, ["unhealthy"]);
  expect(await ask(`${balancer.url}/`)).toMatchObject({ status: 200, body: "from a" });
});

test("without a target it answers 503 itself, and counts it", async () => {
  const balancer = await start();
  const answer = await ask(`${balancer.url}/hello`);
  expect(answer).toMatchObject({ status: 503, headers: { server: "awselb/2.0" } });
  expect(balancer.minutes().at(-1)?.elb5xx).toEqual({ 503: 1 });
});

test("a target that is gone is 502, a silent one 504", async () => {
  const silent = await startTarget("silent", () => undefined);
  const gone = await startLoadBalancer({ clock: systemClock });
  const { port } = gone;
  await gone.stop();
  const first = await start({ targets: [{ id: "i-gone", port, zone: "eu-west-1a", url: `http://127.0.0.1:${port}` }] });
  expect(await ask(`${first.url}/`)).toMatchObject({ status: 502 });
  expect(first.counts("i-gone", port)).toEqual({ requests: 0, errors: 1 });
  await settled(first, ["unhealthy"]);
  expect(first.targets()[0]).toMatchObject({ reason: "Target.FailedHealthChecks" });
  const second = await start({ idleTimeoutMs: 60, targets: [spec("i-silent", silent)] });
  await settled(second, ["healthy"]);
  expect(await ask(`${second.url}/`)).toMatchObject({ status: 504 });
});

test("a deregistered target finishes what it has, takes nothing new, and is gone after the delay", async () => {
  const release = Promise.withResolvers<void>();
  const a = await startTarget("a", (_request, response) => void release.promise.then(() => response.end("slow a")));
  const b = await startTarget("b");
  const balancer = await start({ deregistrationDelayMs: 150, targets: [spec("i-a", a)] });
  await settled(balancer, ["healthy"]);
  const inFlight = ask(`${balancer.url}/slow`);
  await expect.poll(() => a.seen.length, { interval: 5 }).toBe(1);
  balancer.register(spec("i-b", b));
  expect(balancer.deregister("i-a", a.port)).toBe(true);
  expect(balancer.targets()[0]).toMatchObject({ state: "draining", reason: "Target.DeregistrationInProgress" });
  expect((await ask(`${balancer.url}/`)).body).toBe("from b");
  release.resolve();
  expect((await inFlight).body).toBe("slow a");
  await settled(balancer, ["healthy"]);
  expect(balancer.deregister("i-a", a.port)).toBe(false);
});

test("a target in a zone that is not enabled is unused and gets no traffic", async () => {
  const a = await startTarget("a");
  const balancer = await start({ zones: ["eu-west-1b"], targets: [spec("i-a", a)] });
  expect(balancer.targets()[0]).toMatchObject({ state: "unused", reason: "Target.NotInUse" });
  expect((await ask(`${balancer.url}/`)).status).toBe(503);
  expect(a.seen).toHaveLength(0);
});

test("a blocked path fails health checks while the target still answers others", async () => {
  const a = await startTarget("a");
  const balancer = await start({ healthCheck: { ...quick, timeoutMs: 150 }, targets: [spec("i-a", a)] });
  await settled(balancer, ["healthy"]);
  await balancer.setFault({ kind: "blocked", targets: [`i-a:${a.port}`] });
  await settled(balancer, ["unhealthy"]);
  expect(balancer.targets()[0]).toMatchObject({ reason: "Target.Timeout", description: "Request timed out" });
  expect((await ask(`${a.url}/`)).status).toBe(200);
  await balancer.setFault(undefined);
  await settled(balancer, ["healthy"]);
});

test("faults: refused connections, its own status, and healing on the same port", async () => {
  const a = await startTarget("a");
  const balancer = await start({ targets: [spec("i-a", a)] });
  await settled(balancer, ["healthy"]);
  const { url } = balancer;
  await balancer.setFault({ kind: "refuse" });
  await expect(ask(url)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await balancer.setFault({ kind: "status", status: 503 });
  expect((await ask(url)).status).toBe(503);
  await balancer.setFault(undefined);
  expect(await ask(url)).toMatchObject({ status: 200, body: "from a" });
  await balancer.stop();
  await balancer.stop();
});

test("a path that looks like another host stays with the target", async () => {
  const a = await startTarget("a");
  const balancer = await start({ targets: [spec("i-a", a)] });
  await settled(balancer, ["healthy"]);
  expect((await ask(`${balancer.url}//example.com/x`)).body).toBe("from a");
  expect(a.seen[0]?.url).toBe("//example.com/x");
});

test("headers go on as they came, doubled ones too, but for those of the connection", async () => {
  const a = await startTarget("a", (_request, response) => {
    const raw = ["Set-Cookie", "a=1", "Set-Cookie", "b=2", "X-Served-By", "acme-1", "Keep-Alive", "timeout=7"];
    response.writeHead(200, raw).end("ok");
  });
  const balancer = await start({ targets: [spec("i-a", a)] });
  await settled(balancer, ["healthy"]);
  const headers = { "X-Custom": "1", "Proxy-Connection": "keep-alive", TE: "trailers" };
  const answer = await ask(`${balancer.url}/`, { method: "DELETE", headers });
  expect(answer.headers).toMatchObject({ "set-cookie": ["a=1", "b=2"], "x-served-by": "acme-1" });
  expect(answer.headers["keep-alive"]).not.toBe("timeout=7");
  expect(a.seen[0]?.headers).toMatchObject({ "x-custom": "1", "x-forwarded-for": "127.0.0.1" });
  expect(Object.keys(a.seen[0]?.headers ?? {}).filter((name) => ["te", "proxy-connection"].includes(name))).toEqual([]);
});

test("a body of unknown length is passed on, and a connection is used again", async () => {
  const ports = new Set<number>();
  const a = await startTarget("a", (request, response) => {
    ports.add(request.socket.remotePort ?? 0);
    request.pipe(response);
  });
  const balancer = await start({ targets: [spec("i-a", a)] });
  await settled(balancer, ["healthy"]);
  for (let turn = 0; turn < 5; turn++) {
    const headers = { "transfer-encoding": "chunked" };
    expect((await ask(`${balancer.url}/`, { method: "POST", body: "in parts", headers })).body).toBe("in parts");
  }
  expect(ports.size).toBe(1);
});

test("the seed's health check, thirty times faster", () => {
  expect(seedHealthCheck(30)).toMatchObject({
    path: "/hello",
    intervalMs: 1_000,
    healthyCount: 5,
    unhealthyCount: 2,
    matcher: [200, 200],
  });
});
