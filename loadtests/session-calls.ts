import type { WireRequest } from "../src/domain/index.ts";
import { isRecord, textIn } from "./core-answer.ts";

/** What a core gives when a session is made or refreshed. */
export interface Tokens {
  readonly handle: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Life of the access token by the core's own clock, ms; Infinity when it does not say. */
  readonly lifeMs: number;
}

/** Begins every user id that scenarios make, so that they can be told from real users. */
export const SYNTHETIC_PREFIX = "corewatch-load-";

/** The session calls of the core driver interface. The api key is the transport's. */
export class SessionCalls {
  readonly #headers: Readonly<Record<string, string>>;

  constructor(cdiVersion: string) {
    this.#headers = { ...jsonHeaders(cdiVersion), rid: "session" };
  }

  create(userId: string): WireRequest {
    return this.#post("/recipe/session", {
      userId,
      enableAntiCsrf: false,
      userDataInJWT: {},
      userDataInDatabase: {},
    });
  }

  refresh(refreshToken: string): WireRequest {
    return this.#post("/recipe/session/refresh", { refreshToken, enableAntiCsrf: false, useDynamicSigningKey: true });
  }

  verify(accessToken: string, checkDatabase: boolean): WireRequest {
    const body = { accessToken, enableAntiCsrf: false, doAntiCsrfCheck: false, checkDatabase };
    return this.#post("/recipe/session/verify", body);
  }

  read(handle: string): WireRequest {
    const path = `/recipe/session?sessionHandle=${encodeURIComponent(handle)}`;
    return { method: "GET", path, headers: this.#headers, body: undefined };
  }

  revoke(handles: readonly string[]): WireRequest {
    return this.#post("/recipe/session/remove", { sessionHandles: handles });
  }

  #post(path: string, body: unknown): WireRequest {
    return { method: "POST", path, headers: this.#headers, body: JSON.stringify(body) };
  }
}

/** Headers of every call that carries JSON. */
export function jsonHeaders(cdiVersion: string): Record<string, string> {
  return { "content-type": "application/json; charset=utf-8", "cdi-version": cdiVersion };
}

/** The session and tokens in an answer to creation or refresh; `undefined` where a part is missing. */
export function tokensIn(answer: Readonly<Record<string, unknown>>): Tokens | undefined {
  const { session, accessToken: access, refreshToken: refresh } = answer;
  const handle = textIn(session, "handle");
  const accessToken = textIn(access, "token");
  const refreshToken = textIn(refresh, "token");
  if (handle === undefined || accessToken === undefined || refreshToken === undefined) return undefined;
  return { handle, accessToken, refreshToken, lifeMs: lifeOf(access) };
}

/** Both times are the core's, so that its clock and ours need not agree. */
function lifeOf(token: unknown): number {
  if (!isRecord(token)) return Infinity;
  const { expiry, createdTime } = token;
  if (typeof expiry !== "number" || typeof createdTime !== "number" || expiry <= createdTime) return Infinity;
  return expiry - createdTime;
}
