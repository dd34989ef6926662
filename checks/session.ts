import type { HttpRequest, HttpResult, Outcome, Reason, Secret, TlsSettings } from "../src/domain/index.ts";
import { DEFAULTS, type Check, type ProbeContext } from "./check.ts";
import { certificateDays, failureOutcome, up } from "./outcome.ts";
import { baseOf, startWatch } from "./request.ts";
import { createdIn, refreshedIn, statusIn } from "./session-answer.ts";

/** The deployment as users' back ends reach it. */
export interface SessionInput {
  readonly base: string;
  readonly host: string;
  readonly tls: TlsSettings;
  readonly apiKey: Secret | undefined;
}

/** The one user of every session that this check makes; nobody signs up under it. */
export const SYNTHETIC_USER = "corewatch-synthetic";
/** Kept back from the probe's time for the revocation of what it created: this long, and at most a quarter of it, ms. */
const MAX_RESERVE_MS = 2_000;
const MAX_BODY_BYTES = 64 << 10;

const STEPS = ["create", "verify", "refresh", "revoke"] as const;
type Step = (typeof STEPS)[number];

const PATHS: Readonly<Record<Step, string>> = {
  create: "/recipe/session",
  verify: "/recipe/session/verify",
  refresh: "/recipe/session/refresh",
  revoke: "/recipe/session/remove",
};

/** A step that did not go as it should. */
class StepFailed extends Error {
  override readonly name = "StepFailed";
  readonly outcome: Outcome;
  constructor(outcome: Outcome) {
    super(outcome.detail);
    this.outcome = outcome;
  }
}

/**
 * Does what a signed-in user's requests do: create a session, verify it against the database, refresh it, revoke it. It
 * writes one row and takes it away again, so it is off unless asked for. Failures of business are 200 with another `status`
 * than OK. The api key and tokens go only over a connection whose certificate is good.
 */
export const session: Check<SessionInput> = {
  kind: "session",
  tells:
    "Whether users can sign in and stay signed in: one synthetic session is created, verified, refreshed and revoked.",
  defaults: { ...DEFAULTS, enabled: false, schedule: "45 * * * * *", timeoutMs: 15_000, connection: "reuse" },

  targets: (fleet) =>
    fleet.deployments.map(({ id, connectionUri, host, tls, cores }) => ({
      target: { kind: "deployment", id, deployment: id },
      input: { base: baseOf(connectionUri), host, tls, apiKey: cores.find((core) => core.apiKey)?.apiKey },
    })),

  async probe(input, context) {
    const run = new Run(input, context);
    try {
      return await run.all();
    } catch (error) {
      if (error instanceof StepFailed) return error.outcome;
      throw error;
    }
  },
};

/** One go through the steps. */
class Run {
  readonly #input: SessionInput;
  readonly #context: ProbeContext;
  readonly #left: () => number;
  readonly #began: number;
  readonly #reserve: number;
  readonly #measures: Record<string, number> = {};
  #phases: HttpResult["phases"] | undefined;

  constructor(input: SessionInput, context: ProbeContext) {
    this.#input = input;
    this.#context = context;
    this.#left = startWatch(context);
    this.#reserve = Math.min(MAX_RESERVE_MS, context.settings.timeoutMs / 4);
    this.#began = context.clock.monotonic();
  }

  async all(): Promise<Outcome> {
    const created = createdIn(
      await this.#step("create", {
        userId: SYNTHETIC_USER,
        enableAntiCsrf: false,
        userDataInJWT: {},
        userDataInDatabase: {},
      }),
    );
    if (created === undefined) throw this.#failed("create", "gave no session");
    try {
      await this.#step("verify", {
        accessToken: created.accessToken,
        enableAntiCsrf: false,
        doAntiCsrfCheck: false,
        checkDatabase: true,
      });
      const body = { refreshToken: created.refreshToken, enableAntiCsrf: false, useDynamicSigningKey: true };
      if (!refreshedIn(await this.#step("refresh", body))) throw this.#failed("refresh", "gave no new token");
    } catch (error) {
      // What failed before is the news; whether the session could be taken away is only traced.
      await this.#revoke(created.handle).catch((late: unknown) => this.#context.trace(`revoke: ${String(late)}`));
      throw error;
    }
    await this.#revoke(created.handle);
    const { total: _total, ...phases } = this.#phases ?? { total: 0 };
    return up({ ...phases, total: this.#context.clock.monotonic() - this.#began }, this.#measures);
  }

  async #revoke(handle: string): Promise<void> {
    const body = await this.#step("revoke", { sessionHandles: [handle] });
    const revoked = body["sessionHandlesRevoked"];
    if (!Array.isArray(revoked) || !revoked.includes(handle)) throw this.#failed("revoke", "did not name the session");
  }

  /** One call; its body when its status is OK. @throws StepFailed */
  async #step(step: Step, body: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const revoking = step === "revoke";
    const timeoutMs = revoking ? this.#reserve : Math.max(1, this.#left() - this.#reserve);
    // The revocation has its own short time, so that a probe which is called off leaves no session behind.
    const signal = revoking ? new AbortController().signal : this.#context.signal;
    const trace = (line: string): void => this.#context.trace(line);
    const result = await this.#context.http.request(this.#request(step, body, timeoutMs), signal, trace);
    if (result.certificate !== undefined) {
      this.#measures["certificateDays"] = certificateDays(result.certificate, this.#context.clock.now());
    }
    this.#phases ??= result.phases;
    if (!result.ok) {
      const detail = `${step} session at ${this.#input.base}: ${result.detail}`;
      throw new StepFailed({ ...failureOutcome(result.failure, detail, result.phases), measures: this.#measures });
    }
    this.#measures[`${step}Ms`] = Math.round(result.phases.total * 10) / 10;
    if (result.status === 401)
      throw this.#failed(step, "was refused with 401: is the core's apiKey right?", "not-authorized");
    if (result.status === 403) throw this.#failed(step, "was refused with 403", "access-denied");
    if (result.status !== 200) throw this.#failed(step, `was answered with ${result.status}`);
    const { status, answer } = statusIn(result.body);
    if (status !== "OK") throw this.#failed(step, `was answered with status ${status}`);
    return answer;
  }

  #request(step: Step, body: Readonly<Record<string, unknown>>, timeoutMs: number): HttpRequest {
    const { base, host, tls, apiKey } = this.#input;
    return {
      url: `${base}${PATHS[step]}`,
      method: "POST",
      headers: {
        "content-type": "application/json; charset=utf-8",
        rid: "session",
        ...(apiKey === undefined ? {} : { "api-key": apiKey.reveal() }),
      },
      body: JSON.stringify(body),
      host,
      tls,
      connection: this.#context.settings.connection,
      timeoutMs,
      maxBodyBytes: MAX_BODY_BYTES,
      maxRedirects: 0,
      requireTrust: tls.verify,
    };
  }

  #failed(step: Step, what: string, reason: Reason = `session-${step}-failed`): StepFailed {
    const health = reason === "not-authorized" ? "unknown" : "down";
    const detail = `${step} session at ${this.#input.base} ${what}`;
    const outcome: Outcome = { health, reason, detail, measures: this.#measures };
    return new StepFailed(this.#phases === undefined ? outcome : { ...outcome, phases: this.#phases });
  }
}
