import type { Tokens } from "./session-calls.ts";

/**
 * For how long after its first sending a refresh that got no answer may be tried again, ms. A core takes a refresh token
 * again within 30 s of its use; the other half is left for the second try to arrive.
 */
const RETRY_WITHIN_MS = 15_000;
/** Access tokens are refreshed this long before they end, ms, and at the latest in the middle of a shorter life. */
const MARGIN_MS = 60_000;

/** One session of a thread. */
export interface Session {
  readonly handle: string;
  readonly userId: string;
  accessToken: string;
  refreshToken: string;
  /** When the access token should be refreshed, on the world's clock. */
  freshUntil: number;
  /** `doubtful`: a refresh got no answer. `spent`: its refresh token may have been used too long ago to be tried again. */
  state: "ready" | "refreshing" | "doubtful" | "spent" | "gone";
  /** When the refresh token may first have been used, on the world's clock. */
  firstTry: number | undefined;
  /** Requests in flight that need the session to exist. */
  uses: number;
  /** A body that was read and found right for its access token: the same body again is right too. */
  rightBody: string | undefined;
}

/** The sessions of one thread, at most `bound`: who is refreshed next, who is forgotten. */
export class SessionPool {
  readonly #bound: number;
  readonly #random: () => number;
  readonly #now: (() => number) | undefined;
  readonly #all: Session[] = [];
  readonly #places = new Map<Session, number>();
  /** In the order of their making. */
  readonly #byAge = new Set<Session>();
  /** In the order of their last refresh: the longest ago first. */
  readonly #ready = new Set<Session>();
  readonly #doubtful = new Set<Session>();
  readonly #spent = new Set<Session>();

  constructor(bound: number, random: () => number, now: (() => number) | undefined) {
    this.#bound = bound;
    this.#random = random;
    this.#now = now;
  }

  get size(): number {
    return this.#all.length;
  }

  /** Whether a new session would fill a gap, or take the place of one that cannot be refreshed any more. */
  get lacks(): boolean {
    return this.size < this.#bound || this.#spent.size > 0;
  }

  /** Takes a session in. Beyond the bound it takes the place of a spent one, or else of the oldest, which is forgotten. */
  add(userId: string, tokens: Tokens, askedAt: number): void {
    if (this.size >= this.#bound) {
      const [out] = this.#spent.size > 0 ? this.#spent : this.#byAge;
      if (out !== undefined) this.forget(out);
    }
    const { handle, accessToken, refreshToken } = tokens;
    const session: Session = {
      handle,
      userId,
      accessToken,
      refreshToken,
      freshUntil: freshUntil(tokens, askedAt),
      state: "ready",
      firstTry: undefined,
      uses: 0,
      rightBody: undefined,
    };
    this.#places.set(session, this.#all.push(session) - 1);
    this.#byAge.add(session);
    this.#ready.add(session);
  }

  /** Any session, by chance. */
  any(): Session | undefined {
    return this.#all[Math.floor(this.#random() * this.#all.length)];
  }

  /** Whether the access token is about to end. */
  isStale(session: Session): boolean {
    return session.freshUntil === -Infinity || (this.#now !== undefined && this.#now() > session.freshUntil);
  }

  /** The session whose refresh is next, taken: first one whose refresh got no answer, then the one that waited longest. */
  takeForRefresh(): Session | undefined {
    for (const session of this.#doubtful) if (this.tryRefresh(session)) return session;
    const [next] = this.#ready;
    return next !== undefined && this.tryRefresh(next) ? next : undefined;
  }

  /** Takes this session for a refresh, when it has none in flight and its token may still be used. */
  tryRefresh(session: Session): boolean {
    const now = this.#now?.();
    if (session.state === "doubtful") {
      const { firstTry } = session;
      if (now === undefined || firstTry === undefined || now - firstTry > RETRY_WITHIN_MS) {
        this.#move(session, "spent");
        return false;
      }
    } else if (session.state !== "ready") return false;
    session.firstTry ??= now;
    this.#move(session, "refreshing");
    return true;
  }

  /** The refresh was answered with these tokens. */
  refreshed(session: Session, tokens: Tokens, askedAt: number): void {
    if (session.state !== "refreshing") return;
    session.accessToken = tokens.accessToken;
    session.refreshToken = tokens.refreshToken;
    session.freshUntil = freshUntil(tokens, askedAt);
    session.firstTry = undefined;
    session.rightBody = undefined;
    this.#move(session, "ready");
  }

  /** The refresh got no answer that tells whether its token was used. */
  unanswered(session: Session): void {
    if (session.state === "refreshing") this.#move(session, "doubtful");
  }

  /** Takes a session out for its revocation: one that nothing in flight needs. Looks at some only. */
  takeForRevoke(): Session | undefined {
    for (let tries = 0; tries < 8; tries++) {
      const session = this.any();
      if (session === undefined || session.uses > 0 || session.state === "refreshing") continue;
      this.forget(session);
      return session;
    }
    return undefined;
  }

  /** The session is used no more. */
  forget(session: Session): void {
    const place = this.#places.get(session);
    if (place === undefined) return;
    const last = this.#all.pop();
    if (last !== undefined && last !== session) {
      this.#all[place] = last;
      this.#places.set(last, place);
    }
    this.#places.delete(session);
    this.#byAge.delete(session);
    this.#move(session, "gone");
  }

  #move(session: Session, state: Session["state"]): void {
    for (const set of [this.#ready, this.#doubtful, this.#spent]) set.delete(session);
    session.state = state;
    if (state === "ready") this.#ready.add(session);
    else if (state === "doubtful") this.#doubtful.add(session);
    else if (state === "spent") this.#spent.add(session);
  }
}

function freshUntil({ lifeMs }: Tokens, askedAt: number): number {
  return askedAt + lifeMs - Math.min(MARGIN_MS, lifeMs / 2);
}
