import type { WireRequest } from "../../src/domain/index.ts";
import type { Answered } from "./driving.ts";

interface Row {
  readonly handle: string;
  readonly userId: string;
  refresh: string;
  /** Tokens that were exchanged, with the time of it. */
  readonly used: Map<string, number>;
}

/** How long an exchanged refresh token may come again, ms: as a core has it. */
const GRACE_MS = 30_000;

/** The session rules of a core in a map and on an injected clock: rotation, grace, theft, revocation, expiry. */
export class SmallCore {
  readonly rows = new Map<string, Row>();
  readonly #access = new Map<string, { readonly row: Row; readonly endsAt: number }>();
  readonly #now: () => number;
  readonly #lifeMs: number;
  #count = 0;

  constructor(now: () => number = () => 0, lifeMs = 3_600_000) {
    this.#now = now;
    this.#lifeMs = lifeMs;
  }

  answer({ path, body }: WireRequest): Answered {
    const given: Record<string, unknown> = body === undefined ? {} : JSON.parse(body);
    return { status: 200, body: JSON.stringify(this.#answer(path, given)) };
  }

  #answer(path: string, given: Record<string, unknown>): Record<string, unknown> {
    switch (path) {
      case "/recipe/session": {
        const handle = `handle-${this.#count++}`;
        const row: Row = { handle, userId: String(given["userId"]), refresh: "", used: new Map() };
        this.rows.set(handle, row);
        return this.#issue(row);
      }
      case "/recipe/session/refresh":
        return this.#refresh(String(given["refreshToken"]));
      case "/recipe/session/verify": {
        const found = this.#access.get(String(given["accessToken"]));
        if (found === undefined || found.endsAt <= this.#now()) return { status: "TRY_REFRESH_TOKEN" };
        const { handle, userId } = found.row;
        if (given["checkDatabase"] === true && !this.rows.has(handle)) return { status: "UNAUTHORISED" };
        return { status: "OK", session: { handle, userId } };
      }
      case "/recipe/session/remove": {
        const handles = given["sessionHandles"] as string[];
        return { status: "OK", sessionHandlesRevoked: handles.filter((handle) => this.rows.delete(handle)) };
      }
      default: {
        const handle = decodeURIComponent(path.split("sessionHandle=")[1] ?? "");
        return this.rows.has(handle) ? { status: "OK", sessionHandle: handle } : { status: "UNAUTHORISED" };
      }
    }
  }

  #refresh(token: string): Record<string, unknown> {
    const now = this.#now();
    const row = this.rows.get(token.split("/")[0] ?? "");
    if (row === undefined) return { status: "UNAUTHORISED" };
    const at = row.used.get(token);
    if (token !== row.refresh && (at === undefined || now - at > GRACE_MS)) {
      this.rows.delete(row.handle);
      return { status: "TOKEN_THEFT_DETECTED" };
    }
    if (token === row.refresh) row.used.set(token, now);
    return this.#issue(row);
  }

  #issue(row: Row): Record<string, unknown> {
    const now = this.#now();
    if (row.refresh !== "" && !row.used.has(row.refresh)) row.used.set(row.refresh, now);
    row.refresh = `${row.handle}/${this.#count++}`;
    const access = `access-${this.#count++}`;
    this.#access.set(access, { row, endsAt: now + this.#lifeMs });
    return {
      status: "OK",
      session: { handle: row.handle, userId: row.userId },
      accessToken: { token: access, createdTime: now, expiry: now + this.#lifeMs },
      refreshToken: { token: row.refresh },
    };
  }
}
