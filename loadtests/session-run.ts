import type { ScenarioRun, ScenarioStep, WireRequest } from "../src/domain/index.ts";
import { readAnswer, textIn } from "./core-answer.ts";
import type { Caller, ScenarioWorld, Verdict } from "./scenario.ts";
import { SYNTHETIC_PREFIX, SessionCalls, type Tokens, tokensIn } from "./session-calls.ts";
import { SessionPool, type Session } from "./session-pool.ts";
import { partOf } from "./setting.ts";
import { weighted } from "./weights.ts";

/** What can be done with sessions, in the order of endpoints. */
export const SESSION_ACTIONS = ["create", "refresh", "verify", "verify-database", "read", "revoke"] as const;
/** One of {@link SESSION_ACTIONS}. */
export type SessionAction = (typeof SESSION_ACTIONS)[number];

/** What a session scenario does: its mix by weight, over how many sessions. */
export interface SessionPlan {
  readonly weights: Readonly<Record<SessionAction, number>>;
  /** Made before the first arrival, and most that are kept; over all threads. */
  readonly sessions: number;
  readonly cdiVersion: string;
}

/** Handles that a thread remembers for the cleanup. */
const MAX_REMEMBERED = 20_000;
/** Handles of one revocation. */
const CLEANUP_BATCH = 100;
/** Longest body that is remembered as right. */
const MAX_RIGHT_BODY = 8_192;

/** The plan's endpoints: what its mix has, and what steps in when a session is missing. */
export function sessionEndpoints({ weights }: SessionPlan): SessionAction[] {
  const always = new Set<SessionAction>(["create", "refresh", "verify"]);
  return SESSION_ACTIONS.filter((action) => always.has(action) || weights[action] > 0);
}

/** Sentences that hold for every session scenario. */
export function sessionSentences({ sessions, cdiVersion }: SessionPlan): string[] {
  return [
    `${sessions} sessions are made before the first request; a session made later takes the place of the oldest, which is forgotten and not revoked. Requests speak version ${cdiVersion} of the core driver interface.`,
    "A session has at most one refresh in flight, and its new tokens are used from then on. A refresh without an answer is tried again with the same token within 15 s; after that the session is only verified until a new one takes its place.",
    "Where the step that was drawn has no session to work on, another takes its place and is counted as what it is: for a refresh the making of a session that is missing, or else a verification; for a revocation a verification; without any session, the making of one. An access token about to end is refreshed in place of its verification.",
    "An answer is right when its status is 200, its body says status OK, and it is about the session that was asked for.",
    `Users are called ${SYNTHETIC_PREFIX}… and do not exist; sessions that are made stay until they expire, unless they are removed after the run: each thread removes up to ${MAX_REMEMBERED} of its own.`,
  ];
}

/** A session scenario at work in one thread. */
export class SessionRun implements ScenarioRun {
  readonly #world: ScenarioWorld;
  readonly #calls: SessionCalls;
  readonly #pool: SessionPool;
  readonly #choose: (random: () => number) => SessionAction;
  readonly #endpoints: readonly SessionAction[];
  readonly #steps: Readonly<Record<SessionAction, () => ScenarioStep>> = {
    create: () => this.#create(),
    refresh: () => this.#refreshAny(),
    verify: () => this.#verify(false),
    "verify-database": () => this.#verify(true),
    read: () => this.#read(),
    revoke: () => this.#revoke(),
  };
  readonly #target: number;
  /** Handles to remove, oldest first. */
  readonly #made = new Set<string>();
  #named = 0;
  #pending = 0;
  #prepared = 0;

  constructor(plan: SessionPlan, world: ScenarioWorld) {
    this.#world = world;
    this.#calls = new SessionCalls(plan.cdiVersion);
    this.#target = Math.max(1, partOf(plan.sessions, world.thread, world.threads));
    this.#pool = new SessionPool(this.#target, world.random, world.now);
    this.#choose = weighted(SESSION_ACTIONS.map((action) => [action, plan.weights[action]] as const));
    this.#endpoints = sessionEndpoints(plan);
  }

  /** A session that could not be made is tried again, as often as there are sessions to make. */
  prepare(): ScenarioStep | undefined {
    if (this.#pool.size + this.#pending >= this.#target || this.#prepared >= 2 * this.#target) return undefined;
    this.#prepared++;
    return this.#create();
  }

  next(): ScenarioStep {
    return this.#steps[this.#choose(this.#world.random)]();
  }

  cleanup(): ScenarioStep | undefined {
    const handles = [...take(this.#made, CLEANUP_BATCH)];
    if (handles.length === 0) return undefined;
    for (const handle of handles) this.#made.delete(handle);
    const judge = (status: number, body: string): Verdict => readAnswer(status, body).verdict;
    return { label: "cleanup", endpoint: 0, request: this.#calls.revoke(handles), judge, abandon: () => undefined };
  }

  #create(): ScenarioStep {
    const userId = `${SYNTHETIC_PREFIX}${this.#world.tag}-${this.#world.thread}-${this.#named++}`;
    const askedAt = this.#now();
    this.#pending++;
    return this.#step("create", this.#calls.create(userId), {
      judge: (status, body) => {
        this.#pending--;
        const read = readAnswer(status, body);
        if (read.verdict !== "ok") return read.verdict;
        const tokens = tokensIn(read.answer);
        if (tokens === undefined || textIn(read.answer["session"], "userId") !== userId) return "wrong-body";
        if (this.#made.size < MAX_REMEMBERED) this.#made.add(tokens.handle);
        this.#pool.add(userId, tokens, askedAt);
        return "ok";
      },
      abandon: () => this.#pending--,
    });
  }

  #refreshAny(): ScenarioStep {
    const session = this.#pool.takeForRefresh();
    if (session !== undefined) return this.#refresh(session);
    return this.#pool.lacks ? this.#create() : this.#verify(false);
  }

  /** The session must have been taken for it. */
  #refresh(session: Session): ScenarioStep {
    const askedAt = this.#now();
    return this.#step("refresh", this.#calls.refresh(session.refreshToken), {
      judge: (status, body) => {
        const read = readAnswer(status, body);
        const tokens = read.verdict === "ok" ? tokensIn(read.answer) : undefined;
        if (tokens !== undefined && tokens.handle === session.handle) {
          this.#pool.refreshed(session, tokens, askedAt);
          return "ok";
        }
        // The core said that the session has ended; anything else leaves open whether the token was used.
        if (read.verdict === "business-failure") this.#pool.forget(session);
        else this.#pool.unanswered(session);
        return read.verdict === "ok" ? "wrong-body" : read.verdict;
      },
      abandon: () => this.#pool.unanswered(session),
    });
  }

  #verify(checkDatabase: boolean): ScenarioStep {
    const session = this.#pool.any();
    if (session === undefined) return this.#create();
    if (this.#pool.isStale(session)) return this.#pool.tryRefresh(session) ? this.#refresh(session) : this.#create();
    const sent = session.accessToken;
    session.uses++;
    return this.#step(checkDatabase ? "verify-database" : "verify", this.#calls.verify(sent, checkDatabase), {
      judge: (status, body) => {
        session.uses--;
        // Most answers are letter for letter what was read before: comparing takes a thirtieth of the time of parsing.
        if (status === 200 && body === session.rightBody) return "ok";
        return this.#readVerified(session, sent, status, body);
      },
      abandon: () => session.uses--,
    });
  }

  #readVerified(session: Session, sent: string, status: number, body: string): Verdict {
    const read = readAnswer(status, body);
    if (read.verdict !== "ok") {
      if (read.word === "UNAUTHORISED") this.#pool.forget(session);
      else if (read.word === "TRY_REFRESH_TOKEN" && session.accessToken === sent) session.freshUntil = -Infinity;
      return read.verdict;
    }
    if (textIn(read.answer["session"], "handle") !== session.handle) return "wrong-body";
    if (session.accessToken !== sent) return "ok";
    // The first verification after a refresh may give a token that replaces the refreshed one.
    const renewed = textIn(read.answer["accessToken"], "token");
    if (renewed !== undefined) session.accessToken = renewed;
    else if (status === 200 && body.length <= MAX_RIGHT_BODY) session.rightBody = body;
    return "ok";
  }

  #read(): ScenarioStep {
    const session = this.#pool.any();
    if (session === undefined) return this.#create();
    session.uses++;
    return this.#step("read", this.#calls.read(session.handle), {
      judge: (status, body) => {
        session.uses--;
        const read = readAnswer(status, body);
        if (read.verdict !== "ok") {
          if (read.word === "UNAUTHORISED") this.#pool.forget(session);
          return read.verdict;
        }
        return textIn(read.answer, "sessionHandle") === session.handle ? "ok" : "wrong-body";
      },
      abandon: () => session.uses--,
    });
  }

  #revoke(): ScenarioStep {
    const session = this.#pool.takeForRevoke();
    if (session === undefined) return this.#verify(false);
    return this.#step("revoke", this.#calls.revoke([session.handle]), {
      judge: (status, body) => {
        const read = readAnswer(status, body);
        if (read.verdict !== "ok") return read.verdict;
        const { sessionHandlesRevoked: revoked } = read.answer;
        if (!Array.isArray(revoked)) return "wrong-body";
        if (!revoked.includes(session.handle)) return "business-failure";
        this.#made.delete(session.handle);
        return "ok";
      },
      abandon: () => undefined,
    });
  }

  #step(action: SessionAction, request: WireRequest, rest: Pick<ScenarioStep, "judge" | "abandon">): ScenarioStep {
    return { endpoint: this.#endpoints.indexOf(action), request, ...rest };
  }

  #now(): number {
    return this.#world.now?.() ?? 0;
  }
}

/**
 * A verification of one new session, for the closed model: with `checkDatabase` where the plan has such, so that the pools
 * of connections are exercised too. @throws Error with a sentence
 */
export async function closedVerification(
  scenario: string,
  { weights, cdiVersion }: SessionPlan,
  world: ScenarioWorld,
  call: Caller,
): Promise<WireRequest> {
  const calls = new SessionCalls(cdiVersion);
  const { status, body } = await call(calls.create(`${SYNTHETIC_PREFIX}${world.tag}-closed`));
  const read = readAnswer(status, body);
  const tokens: Tokens | undefined = read.verdict === "ok" ? tokensIn(read.answer) : undefined;
  if (tokens !== undefined) return calls.verify(tokens.accessToken, weights["verify-database"] > 0);
  const why = read.verdict === "ok" ? "the answer has no session" : `${read.verdict}, ${read.word}`;
  throw new Error(`${scenario}: the session that callers verify could not be made: ${why}`);
}

function* take<T>(items: Iterable<T>, most: number): Generator<T> {
  let left = most;
  for (const item of items) {
    if (left-- <= 0) return;
    yield item;
  }
}
