import { createHash, timingSafeEqual } from "node:crypto";
import fastify, { type FastifyError, type FastifyInstance } from "fastify";
import type { Heartbeat, Log, Service } from "../domain/index.ts";

/** Whether corewatch itself is fit, for /readyz and people. */
export interface Readiness {
  readonly ready: boolean;
  /** One sentence for each thing that is wrong. */
  readonly problems: readonly string[];
  /** Numbers worth seeing at a glance. */
  readonly facts: Readonly<Record<string, number | string>>;
}

/** What the web server needs from the platform. */
export interface WebDependencies {
  readonly host: string;
  readonly port: number;
  readonly log: Log;
  heartbeats(): readonly Heartbeat[];
  /** Takes a beat; rejects when it could not be kept. */
  beat(id: string, ok: boolean, message: string): Promise<void>;
  /** Takes a message of SNS as it was posted, and says what to answer; absent: there is no such address. */
  readonly receipts?: {
    readonly path: string;
    /** Whether messages are expected at all. */
    isOpen(): boolean;
    take(body: string): Promise<{ readonly code: number; readonly text: string }>;
  };
  readiness(): Readiness;
  /** The Prometheus text format. */
  metrics(): Promise<string>;
}

/** The largest body of a beat: it may carry a sentence, not a log. */
const BODY_LIMIT = 4_096;
const MESSAGE_LIMIT = 500;
/** A message of SNS holds at most 256 KiB, and its envelope escapes and signs it. */
const RECEIPT_LIMIT = 600_000;
/** Messages that are worked on at once: nobody is known before his signature is verified. */
const RECEIPTS_AT_ONCE = 16;

/**
 * The daemon's HTTP server: heartbeats come in, and /healthz, /readyz and /metrics tell how corewatch itself is.
 * It speaks of the monitor; of what is monitored only where that is why the monitor is not well (a rejected line of its
 * configuration, a Slack channel). Secrets never stand in either.
 */
export class WebServer implements Service {
  readonly #deps: WebDependencies;
  #app: FastifyInstance | undefined;
  #url = "";

  constructor(deps: WebDependencies) {
    this.#deps = deps;
  }

  /** Where it listens; known after `start`. */
  get url(): string {
    return this.#url;
  }

  async start(): Promise<void> {
    const app = fastify({ bodyLimit: BODY_LIMIT, requestTimeout: 10_000, connectionTimeout: 15_000, logger: false });
    this.#app = app;
    // A beat may come without a body, as text, or as JSON: `curl -X POST …` is enough.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "string", bodyLimit: BODY_LIMIT }, (_request, body, next) =>
      next(null, body),
    );
    app.get("/healthz", (_request, reply) => reply.type("application/json").send({ alive: true }));
    app.get("/readyz", (_request, reply) => {
      const readiness = this.#deps.readiness();
      return reply
        .code(readiness.ready ? 200 : 503)
        .type("application/json")
        .send(readiness);
    });
    app.get("/metrics", async (_request, reply) =>
      reply.type("text/plain; version=0.0.4").send(await this.#deps.metrics()),
    );
    app.post<{ Params: { id: string } }>("/heartbeats/:id", async (request, reply) => {
      const { code, body } = await this.#takeBeat(request.params.id, request.headers.authorization, request.body);
      return reply.code(code).send(body);
    });
    this.#openReceipts(app);
    app.setNotFoundHandler((_request, reply) =>
      reply.code(404).send({ error: "here are /healthz, /readyz, /metrics and POST /heartbeats/<id>" }),
    );
    app.setErrorHandler<FastifyError>((error, _request, reply) => {
      const status = error.statusCode ?? 500;
      if (status >= 500) this.#deps.log.error("the web server failed on a request", { error });
      return reply.code(status).send({ error: status >= 500 ? "corewatch could not do this now" : error.message });
    });
    try {
      this.#url = await app.listen({ host: this.#deps.host, port: this.#deps.port });
    } catch (error) {
      throw new Error(
        `the web server cannot listen on ${this.#deps.host}:${this.#deps.port}: ${codeOf(error)}; choose another with web.listen or --listen`,
        { cause: error },
      );
    }
  }

  /** SNS posts its JSON as text/plain. What is refused is refused in one word: who asks may be anybody. */
  #openReceipts(app: FastifyInstance): void {
    const { receipts } = this.#deps;
    if (receipts === undefined) return;
    let working = 0;
    app.post(receipts.path, { bodyLimit: RECEIPT_LIMIT }, async (request, reply) => {
      if (!receipts.isOpen()) return reply.code(404).send({ error: "no alarms are taken here" });
      if (working >= RECEIPTS_AT_ONCE) return reply.code(503).send({ error: "too many at once: send it again" });
      working++;
      try {
        const { code, text } = await receipts.take(typeof request.body === "string" ? request.body : "");
        return await reply.code(code).send(code < 400 ? { ok: text } : { error: text });
      } finally {
        working--;
      }
    });
  }

  async #takeBeat(
    id: string,
    authorization: string | undefined,
    body: unknown,
  ): Promise<{ code: number; body: object }> {
    const heartbeat = this.#deps.heartbeats().find((one) => one.id === id);
    // One answer for a wrong id and a wrong token, so that ids cannot be guessed from outside.
    if (heartbeat === undefined || !tokenMatches(heartbeat, authorization)) {
      return { code: 401, body: { error: "no such heartbeat, or its token is wrong" } };
    }
    const { ok, message } = readBeat(body);
    try {
      await this.#deps.beat(id, ok, message);
    } catch (error) {
      this.#deps.log.error("a beat could not be kept", { heartbeat: id, error });
      return { code: 503, body: { error: "the beat could not be kept: try again" } };
    }
    return { code: 202, body: { heartbeat: id, ok } };
  }

  async stop(): Promise<void> {
    const app = this.#app;
    this.#app = undefined;
    await app?.close();
  }
}

function tokenMatches(heartbeat: Heartbeat, authorization: string | undefined): boolean {
  if (heartbeat.token === undefined) return true;
  const given = /^Bearer (.+)$/i.exec(authorization ?? "")?.[1] ?? "";
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(heartbeat.token.reveal()));
}

/** `{"ok": false, "message": "…"}` reports a failure; anything else is a plain beat with the text as its message. */
function readBeat(body: unknown): { ok: boolean; message: string } {
  const text = typeof body === "string" ? body : "";
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) {
      const { ok, message } = parsed as { ok?: unknown; message?: unknown };
      return { ok: ok !== false, message: typeof message === "string" ? message.slice(0, MESSAGE_LIMIT) : "" };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { ok: true, message: text.slice(0, MESSAGE_LIMIT) };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
