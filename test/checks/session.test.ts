import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { session, SYNTHETIC_USER } from "../../checks/session.ts";
import type { SessionInput } from "../../checks/session.ts";
import { Secret } from "../../src/domain/index.ts";
import { createCertificate } from "../support/certificates.ts";
import { startHttp, startHttps, stopServers, tlsFor, until } from "../http/support.ts";
import { Bench, deployment, fleet } from "./probing.ts";

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => {
  await bench.close();
  await stopServers();
});

interface Call {
  readonly path: string;
  readonly key: string;
  readonly body: unknown;
}

const TOKENS = { accessToken: { token: "access-1" }, refreshToken: { token: "refresh-1" } };
const ANSWERS: Record<string, unknown> = {
  "/recipe/session": { status: "OK", session: { handle: "h1", userId: SYNTHETIC_USER }, ...TOKENS },
  "/recipe/session/verify": { status: "OK", session: {} },
  "/recipe/session/refresh": { status: "OK", session: { handle: "h1" }, ...TOKENS },
  "/recipe/session/remove": { status: "OK", sessionHandlesRevoked: ["h1"] },
};

type Odd = { readonly status?: number; readonly text?: string; readonly hang?: boolean };

async function cores(odd: Record<string, Odd> = {}) {
  const calls: Call[] = [];
  const running = await startHttp((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const path = request.url ?? "";
      calls.push({ path, key: String(request.headers["api-key"]), body: JSON.parse(text) });
      const how = odd[path];
      if (how?.hang) return;
      response.writeHead(how?.status ?? 200).end(how?.text ?? JSON.stringify(ANSWERS[path]));
    });
  });
  return { ...running, calls };
}

function input(base: string): SessionInput {
  return { base, host: "acme.example.com", tls: tlsFor("acme.example.com"), apiKey: new Secret("key-1234") };
}

const CREATE = "/recipe/session";
const VERIFY = "/recipe/session/verify";
const REFRESH = "/recipe/session/refresh";
const REMOVE = "/recipe/session/remove";

describe("session", () => {
  it("is off unless asked for, and takes the first api key of a deployment's cores", () => {
    expect(session.defaults.enabled).toBe(false);
    const base = deployment("acme", "https://acme.example.com", ["https://10.0.0.1", "https://10.0.0.2"]);
    const cores = base.cores.map((core, at) => (at === 1 ? { ...core, apiKey: new Secret("key-1234") } : core));
    const one = { ...base, cores };
    const [target] = session.targets(fleet([one]));
    expect(target?.target).toEqual({ kind: "deployment", id: "acme", deployment: "acme" });
    expect(target?.input.apiKey?.reveal()).toBe("key-1234");
  });

  it("creates, verifies against the database, refreshes and revokes one session of the synthetic user", async () => {
    const { url, calls } = await cores();
    const outcome = await bench.probe(session, input(url));
    expect(outcome).toMatchObject({ health: "up", reason: "ok" });
    expect(Object.keys(outcome.measures).sort()).toEqual(["createMs", "refreshMs", "revokeMs", "verifyMs"]);
    expect(calls.map(({ path }) => path)).toEqual([CREATE, VERIFY, REFRESH, REMOVE]);
    expect(calls.every(({ key }) => key === "key-1234")).toBe(true);
    expect(calls[0]?.body).toMatchObject({ userId: "corewatch-synthetic" });
    expect(calls[1]?.body).toMatchObject({ accessToken: "access-1", checkDatabase: true });
    expect(calls[2]?.body).toMatchObject({ refreshToken: "refresh-1" });
    expect(calls[3]?.body).toEqual({ sessionHandles: ["h1"] });
  });

  it.each([
    [CREATE, { status: 500 }, "session-create-failed", false],
    [CREATE, { text: '{"status":"OK"}' }, "session-create-failed", false],
    [VERIFY, { text: '{"status":"UNAUTHORISED"}' }, "session-verify-failed", true],
    [VERIFY, { text: "oops" }, "session-verify-failed", true],
    [REFRESH, { text: '{"status":"TOKEN_THEFT_DETECTED"}' }, "session-refresh-failed", true],
    [REFRESH, { text: '{"status":"OK"}' }, "session-refresh-failed", true],
    [REMOVE, { text: '{"status":"OK","sessionHandlesRevoked":[]}' }, "session-revoke-failed", true],
  ] as const)(
    "that fails at %s with %o is down, and takes back what it created",
    async (path, odd, reason, revokes) => {
      const { url, calls } = await cores({ [path]: odd });
      expect(await bench.probe(session, input(url))).toMatchObject({ health: "down", reason });
      expect(calls.some((call) => call.path === REMOVE)).toBe(revokes);
    },
  );

  it("whose api key is refused could not tell", async () => {
    const { url } = await cores({ [CREATE]: { status: 401, text: "Invalid API key" } });
    const outcome = await bench.probe(session, input(url));
    expect(outcome).toMatchObject({ health: "unknown", reason: "not-authorized" });
  });

  it("that hangs takes back what it created within its time", async () => {
    const { url, calls } = await cores({ [REFRESH]: { hang: true } });
    const outcome = await bench.probe(session, input(url), { timeoutMs: 400 });
    expect(outcome).toMatchObject({ health: "down", reason: "timeout" });
    expect(calls.at(-1)?.path).toBe(REMOVE);
  });

  it("that is called off takes back what it created", async () => {
    const { url, calls } = await cores({ [VERIFY]: { hang: true } });
    const caller = new AbortController();
    const pending = bench.probe(session, input(url), {}, caller.signal);
    await until(() => calls.length === 2, "the second step");
    caller.abort();
    expect(await pending).toMatchObject({ health: "unknown", reason: "cancelled" });
    expect(calls.at(-1)?.path).toBe(REMOVE);
  });

  it("sends neither key nor token over a certificate that is not good", async () => {
    let requests = 0;
    const pair = await createCertificate(["acme.example.com"]);
    const { url } = await startHttps(pair, (_request, response) => {
      requests++;
      response.end();
    });
    const outcome = await bench.probe(session, input(url));
    expect(outcome).toMatchObject({ health: "down", reason: "tls-handshake-failed" });
    expect(requests).toBe(0);
  });

  it("never tells the key or a token", async () => {
    const { url } = await cores({ [REFRESH]: { text: '{"status":"OK","accessToken":{"token":"access-1"}}' } });
    const said = JSON.stringify([await bench.probe(session, input(url)), bench.lines]);
    for (const secret of ["key-1234", "access-1", "refresh-1"]) expect(said).not.toContain(secret);
  });
});
