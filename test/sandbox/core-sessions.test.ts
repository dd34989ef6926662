import { createHash } from "node:crypto";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startCore } from "../../src/sandbox/core.ts";
import type { RunningCore } from "../../src/sandbox/core.ts";
import type { SessionRow } from "../../src/sandbox/core-storage.ts";
import { rotate } from "../../src/sandbox/core-sessions.ts";
import type { SandboxDatabase } from "../../src/sandbox/database.ts";
import { ask, temporaryDatabase } from "./core-support.ts";

let database: SandboxDatabase;
let core: RunningCore;
let short: RunningCore;

beforeAll(async () => {
  database = await temporaryDatabase();
  const options = { host: "127.0.0.1", port: 0, databaseUrl: database.url, poolSize: 3, passwordCost: 1024 };
  core = await startCore({ ...options, id: "a" });
  short = await startCore({ ...options, id: "b", graceMs: 0, accessTokenMs: 0 });
});

afterAll(async () => {
  await core?.stop();
  await short?.stop();
  await database?.close();
});

interface Tokens {
  readonly status: string;
  readonly session: { readonly handle: string; readonly userId: string };
  readonly accessToken: { readonly token: string };
  readonly refreshToken: { readonly token: string };
}

async function tokens(url: string, body: unknown): Promise<Tokens> {
  const answer: unknown = await ask(url, body);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the assertions below are about these fields
  return answer as Tokens;
}

const create = (url: string, userId = "user-1"): Promise<Tokens> =>
  tokens(`${url}/recipe/session`, {
    userId,
    enableAntiCsrf: false,
    userDataInJWT: { role: "x" },
    userDataInDatabase: { a: 1 },
  });
const refresh = (url: string, token: string): Promise<Tokens> =>
  tokens(`${url}/recipe/session/refresh`, { refreshToken: token, enableAntiCsrf: false });
const verify = (url: string, token: string, checkDatabase: boolean): Promise<Record<string, unknown>> =>
  ask(`${url}/recipe/session/verify`, {
    accessToken: token,
    enableAntiCsrf: false,
    doAntiCsrfCheck: false,
    checkDatabase,
  });

it("a session is created, read, verified on another core, refreshed, listed and removed", async () => {
  const made = await create(core.url);
  expect(made.status).toBe("OK");
  expect(await verify(short.url, made.accessToken.token, true)).toMatchObject({
    status: "OK",
    session: { handle: made.session.handle, userId: "user-1", userDataInJWT: { role: "x" } },
  });
  const { handle } = made.session;
  expect(await ask(`${core.url}/recipe/session?sessionHandle=${handle}`)).toMatchObject({
    status: "OK",
    userId: "user-1",
    userDataInDatabase: { a: 1 },
  });
  expect(await ask(`${core.url}/recipe/session/user?userId=user-1`)).toEqual({
    status: "OK",
    sessionHandles: [handle],
  });
  const next = await refresh(core.url, made.refreshToken.token);
  expect(next.status).toBe("OK");
  expect(next.refreshToken.token).not.toBe(made.refreshToken.token);
  expect(await ask(`${core.url}/recipe/session/remove`, { sessionHandles: [handle, "other"] })).toEqual({
    status: "OK",
    sessionHandlesRevoked: [handle],
  });
  expect(await verify(core.url, next.accessToken.token, false)).toMatchObject({ status: "OK" });
  expect(await verify(core.url, next.accessToken.token, true)).toMatchObject({ status: "UNAUTHORISED" });
  expect(await refresh(core.url, next.refreshToken.token)).toMatchObject({ status: "UNAUTHORISED" });
});

it("a session is one row that others can make, with the hash of the hash of its token", async () => {
  const made = await create(core.url, "user-2");
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query<{ refresh_token_hash_2: string; expires_at: string }>(
    "select * from session_info where session_handle = $1",
    [made.session.handle],
  );
  await client.end();
  const sha = (text: string): string => createHash("sha256").update(text).digest("hex");
  expect(rows[0]?.refresh_token_hash_2).toBe(sha(sha(made.refreshToken.token)));
  expect(Number(rows[0]?.expires_at)).toBeGreaterThan(made.session.handle.length);
});

it("a refresh token used twice within the grace is taken for a slow network", async () => {
  const made = await create(core.url);
  const [first, second] = [
    await refresh(core.url, made.refreshToken.token),
    await refresh(core.url, made.refreshToken.token),
  ];
  expect([first.status, second.status]).toEqual(["OK", "OK"]);
  expect((await refresh(core.url, first.refreshToken.token)).status).toBe("OK");
});

it("a refresh token used again after the grace is theft, and ends the session for everybody", async () => {
  const made = await create(short.url);
  const next = await refresh(short.url, made.refreshToken.token);
  expect(next.status).toBe("OK");
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await refresh(short.url, made.refreshToken.token)).toMatchObject({
    status: "TOKEN_THEFT_DETECTED",
    session: { handle: made.session.handle, userId: "user-1" },
  });
  expect(await refresh(short.url, next.refreshToken.token)).toMatchObject({ status: "UNAUTHORISED" });
});

it("the grace is 30 s long", () => {
  const row: SessionRow = {
    app: "public",
    tenant: "public",
    handle: "h",
    userId: "u",
    refreshTokenHash2: "now",
    data: "{}",
    payload: "{}",
    expiresAt: 1e12,
    createdAt: 0,
    staticKey: false,
    superseded: [["before", 1_000]],
  };
  const times = { graceMs: 30_000, refreshMs: 1e9 };
  expect(rotate(row, "before", "next", 31_000, times).result).toMatchObject({ refreshTokenHash2: "next" });
  expect(rotate(row, "before", "next", 31_001, times).result).toBe("theft");
  expect(rotate(row, "now", "next", 1e12, times).result).toBe("unauthorised");
});

it("a token that is foreign, broken or expired asks for a refresh; a foreign refresh token is unauthorised", async () => {
  const made = await create(short.url);
  expect(await verify(core.url, made.accessToken.token, false)).toMatchObject({ status: "TRY_REFRESH_TOKEN" });
  expect(await verify(core.url, "not.a.token", false)).toMatchObject({ status: "TRY_REFRESH_TOKEN" });
  const good = await create(core.url);
  const [head = "", , signature = ""] = good.accessToken.token.split(".");
  const forged = Buffer.from(JSON.stringify({ sub: "admin", exp: 9e9 })).toString("base64url");
  expect(await verify(core.url, `${head}.${forged}.${signature}`, false)).toMatchObject({
    status: "TRY_REFRESH_TOKEN",
  });
  expect(await refresh(core.url, "AAAA.nonce.V2")).toMatchObject({ status: "UNAUTHORISED" });
});

it("users sign up once and sign in with their password alone; they are counted", async () => {
  const before = Number((await ask(`${core.url}/users/count`))["count"]);
  const who = { email: "Ada@example.com", password: "secret-1" };
  const signedUp = await ask(`${core.url}/recipe/signup`, who);
  expect(signedUp).toMatchObject({ status: "OK", user: { emails: ["ada@example.com"] } });
  expect(await ask(`${core.url}/recipe/signup`, who)).toEqual({ status: "EMAIL_ALREADY_EXISTS_ERROR" });
  expect(await ask(`${short.url}/recipe/signin`, who)).toMatchObject({ status: "OK", user: signedUp["user"] });
  expect(await ask(`${core.url}/recipe/signin`, { ...who, password: "no" })).toEqual({
    status: "WRONG_CREDENTIALS_ERROR",
  });
  expect(await ask(`${core.url}/users/count`)).toEqual({ status: "OK", count: before + 1 });
});

it("a broken body is a 400", async () => {
  const bad = await fetch(`${core.url}/recipe/session`, { method: "POST", body: "{" });
  expect(bad.status).toBe(400);
  const lacking = await fetch(`${core.url}/recipe/session`, { method: "POST", body: "{}" });
  expect([lacking.status, await lacking.text()]).toEqual([400, expect.stringContaining("userId")]);
});
