import { randomUUID } from "node:crypto";
import { flagField, objectField, queryField, textField } from "./core-api.ts";
import type { Answer, Call, Route } from "./core-api.ts";
import type { AccessTokens } from "./core-keys.ts";
import type { CoreOptions } from "./core-options.ts";
import { hash2, sha256 } from "./core-refresh.ts";
import type { RefreshTokens } from "./core-refresh.ts";
import type { CoreStorage, SessionChange, SessionRow } from "./core-storage.ts";

const HOUR_MS = 3_600_000;

/** The session recipe. Failures of business are HTTP 200 with a `status`. */
export function sessionRoutes(
  storage: CoreStorage,
  access: AccessTokens,
  refresh: RefreshTokens,
  options: CoreOptions,
): Route[] {
  const accessMs = options.accessTokenMs ?? HOUR_MS;
  const refreshMs = options.refreshTokenMs ?? 100 * 24 * HOUR_MS;
  const graceMs = options.graceMs ?? 30_000;

  /** The tokens' part of an answer, for a session whose current refresh token is `token`. */
  async function issue(row: SessionRow, token: string, parent: string | null, antiCsrf: string | null, now: number) {
    const payload: Record<string, unknown> = JSON.parse(row.payload);
    const expiry = now + accessMs;
    const signed = await access.sign(
      {
        ...payload,
        iat: Math.floor(now / 1000),
        exp: Math.floor(expiry / 1000),
        sub: row.userId,
        tId: row.tenant,
        rsub: row.userId,
        sessionHandle: row.handle,
        refreshTokenHash1: sha256(token),
        parentRefreshTokenHash1: parent,
        antiCsrfToken: antiCsrf,
      },
      row.staticKey ? "static" : "dynamic",
    );
    return {
      status: "OK",
      session: {
        handle: row.handle,
        userId: row.userId,
        recipeUserId: row.userId,
        userDataInJWT: payload,
        tenantId: row.tenant,
      },
      accessToken: { token: signed, expiry, createdTime: now },
      refreshToken: { token, expiry: row.expiresAt, createdTime: now },
      ...(antiCsrf === null ? {} : { antiCsrfToken: antiCsrf }),
    };
  }

  async function create({ place, body }: Call): Promise<Answer> {
    const userId = textField(body, "userId");
    const antiCsrf = flagField(body, "enableAntiCsrf") ? randomUUID() : null;
    const payload = JSON.stringify(objectField(body, "userDataInJWT"));
    const data = JSON.stringify(objectField(body, "userDataInDatabase"));
    const now = Date.now();
    const handle = randomUUID();
    const token = refresh.make({
      sessionHandle: handle,
      userId,
      parentRefreshTokenHash1: null,
      antiCsrfToken: antiCsrf,
    });
    const row: SessionRow = {
      app: place.app,
      tenant: place.tenant,
      handle,
      userId,
      refreshTokenHash2: hash2(token),
      data,
      payload,
      expiresAt: now + refreshMs,
      createdAt: now,
      staticKey: !flagField(body, "useDynamicSigningKey", true),
      superseded: [],
    };
    await storage.createSession(row);
    return { json: await issue(row, token, null, antiCsrf, now) };
  }

  async function verify({ place, body }: Call): Promise<Answer> {
    const claims = access.check(textField(body, "accessToken"), Date.now());
    const checkDatabase = flagField(body, "checkDatabase");
    if (claims === undefined) return { json: { status: "TRY_REFRESH_TOKEN", message: "invalid or expired token" } };
    if (flagField(body, "enableAntiCsrf") && flagField(body, "doAntiCsrfCheck")) {
      if (claims.antiCsrfToken !== (body["antiCsrfToken"] ?? null)) {
        return { json: { status: "TRY_REFRESH_TOKEN", message: "anti-csrf check failed" } };
      }
    }
    if (checkDatabase && (await storage.session(place.app, claims.tId, claims.sessionHandle)) === undefined) {
      return { json: { status: "UNAUTHORISED", message: "the session has ended or was revoked" } };
    }
    return {
      json: {
        status: "OK",
        session: {
          handle: claims.sessionHandle,
          userId: claims.sub,
          recipeUserId: claims.rsub,
          userDataInJWT: ownClaims(claims),
          expiryTime: claims.exp * 1000,
          tenantId: claims.tId,
        },
      },
    };
  }

  async function exchange({ place, body }: Call): Promise<Answer> {
    const given = textField(body, "refreshToken");
    const withAntiCsrf = flagField(body, "enableAntiCsrf");
    const opened = refresh.open(given);
    if (opened === undefined) return { json: { status: "UNAUTHORISED", message: "invalid refresh token" } };
    const now = Date.now();
    const parent = sha256(given);
    const antiCsrf = withAntiCsrf ? randomUUID() : null;
    const token = refresh.make({
      sessionHandle: opened.sessionHandle,
      userId: opened.userId,
      parentRefreshTokenHash1: parent,
      antiCsrfToken: antiCsrf,
    });
    const outcome = await storage.changeSession(place.app, place.tenant, opened.sessionHandle, (row) =>
      rotate(row, hash2(given), hash2(token), now, { graceMs, refreshMs }),
    );
    if (outcome === "unauthorised") return { json: { status: "UNAUTHORISED", message: "the session has ended" } };
    if (outcome === "theft") {
      return {
        json: {
          status: "TOKEN_THEFT_DETECTED",
          session: { handle: opened.sessionHandle, userId: opened.userId, recipeUserId: opened.userId },
        },
      };
    }
    return { json: await issue(outcome, token, parent, antiCsrf, now) };
  }

  async function remove({ place, body }: Call): Promise<Answer> {
    const listed = body["sessionHandles"];
    let handles: string[];
    if (Array.isArray(listed)) handles = listed.filter((handle): handle is string => typeof handle === "string");
    else handles = await storage.sessionsOfUser(place.app, place.tenant, textField(body, "userId"));
    return {
      json: {
        status: "OK",
        sessionHandlesRevoked: await storage.removeSessions(place.app, place.tenant, handles.slice(0, 10_000)),
      },
    };
  }

  async function read({ place, query }: Call): Promise<Answer> {
    const row = await storage.session(place.app, place.tenant, queryField(query, "sessionHandle"));
    if (row === undefined) return { json: { status: "UNAUTHORISED", message: "Session does not exist." } };
    return {
      json: {
        status: "OK",
        sessionHandle: row.handle,
        userId: row.userId,
        recipeUserId: row.userId,
        userDataInJWT: parsed(row.payload),
        userDataInDatabase: parsed(row.data),
        expiry: row.expiresAt,
        timeCreated: row.createdAt,
        tenantId: row.tenant,
      },
    };
  }

  async function list({ place, query }: Call): Promise<Answer> {
    const sessionHandles = await storage.sessionsOfUser(place.app, place.tenant, queryField(query, "userId"));
    return { json: { status: "OK", sessionHandles } };
  }

  return [
    { method: "POST", path: "/recipe/session", handle: create },
    { method: "GET", path: "/recipe/session", handle: read },
    { method: "POST", path: "/recipe/session/verify", handle: verify },
    { method: "POST", path: "/recipe/session/refresh", handle: exchange },
    { method: "POST", path: "/recipe/session/remove", handle: remove },
    { method: "GET", path: "/recipe/session/user", handle: list },
  ];
}

/** Decides what a refresh does: the current token is exchanged, an old one within its grace too, an older one is theft. */
export function rotate(
  row: SessionRow | undefined,
  given: string,
  next: string,
  now: number,
  times: { readonly graceMs: number; readonly refreshMs: number },
): { result: SessionRow | "unauthorised" | "theft"; change: SessionChange } {
  if (row === undefined || row.expiresAt <= now) return { result: "unauthorised", change: undefined };
  const recent = row.superseded.filter(([, at]) => now - at <= times.graceMs);
  if (given !== row.refreshTokenHash2 && !recent.some(([hash]) => hash === given)) {
    return { result: "theft", change: { remove: true } };
  }
  const keep: SessionRow = {
    ...row,
    refreshTokenHash2: next,
    expiresAt: now + times.refreshMs,
    superseded: [...recent, [row.refreshTokenHash2, now]],
  };
  return { result: keep, change: { keep } };
}

function parsed(text: string): unknown {
  return JSON.parse(text);
}

const OUR_CLAIMS = new Set(
  "iat exp sub tId rsub sessionHandle refreshTokenHash1 parentRefreshTokenHash1 antiCsrfToken".split(" "),
);

function ownClaims(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !OUR_CLAIMS.has(name)));
}
