import type { IncomingMessage, ServerResponse } from "node:http";
import { BadInput, isObject } from "./core-api.ts";
import type { Answer, Call, Route } from "./core-api.ts";
import { HelloBucket } from "./core-bucket.ts";
import { AccessTokens } from "./core-keys.ts";
import type { CoreOptions, CoreTenant } from "./core-options.ts";
import { resolvePlace, unknownTenant } from "./core-paths.ts";
import type { Place } from "./core-paths.ts";
import { RefreshTokens } from "./core-refresh.ts";
import { sessionRoutes } from "./core-sessions.ts";
import { RequestStats } from "./core-stats.ts";
import { DatabaseUnavailable } from "./core-storage.ts";
import type { CoreStorage, SharedKeys } from "./core-storage.ts";
import { userRoutes } from "./core-users.ts";

/** Versions of the core driver interface that are spoken; unordered, as a real core lists them. */
const CDI_VERSIONS = ["5.3", "4.0", "5.6", "3.0", "5.0", "3.1", "5.1", "5.4", "2.21", "5.2", "5.5"];
const HELLO_METHODS = new Set(["GET", "POST", "PUT", "DELETE"]);
const BODY_LIMIT = 1_048_576;
const HTML = "text/html;charset=UTF-8";
const HELLO: Answer = { status: 200, text: "Hello\n" };
const OPEN_PATHS = new Set(["", "/hello", "/.well-known/jwks.json"]);

/** The request handling of one core, without its server. */
export class CoreService {
  readonly #storage: CoreStorage;
  readonly #options: CoreOptions;
  readonly #access: AccessTokens;
  readonly #routes = new Map<string, Map<string, Route["handle"]>>();
  readonly #paths: ReadonlySet<string>;
  readonly #buckets = new Map<string, HelloBucket>();
  readonly #stats = new RequestStats(Date.now());
  readonly #keys: ReadonlySet<string>;
  readonly #served: Readonly<Record<string, string>>;
  readonly #ipAllow: RegExp | undefined;
  readonly #ipDeny: RegExp | undefined;
  #tenants: readonly CoreTenant[] = [];
  #domains: ReadonlySet<string> = new Set();

  constructor(options: CoreOptions, storage: CoreStorage, keys: SharedKeys) {
    this.#options = options;
    this.#storage = storage;
    this.#access = new AccessTokens(keys);
    this.#keys = new Set(options.apiKeys);
    this.#served = options.servedBy === undefined ? {} : { "x-served-by": options.servedBy };
    this.#ipAllow = options.ipAllow === undefined ? undefined : new RegExp(options.ipAllow);
    this.#ipDeny = options.ipDeny === undefined ? undefined : new RegExp(options.ipDeny);
    const routes = [
      ...this.#ownRoutes(),
      ...sessionRoutes(storage, this.#access, new RefreshTokens(keys.refresh), options),
      ...userRoutes(storage, options.passwordCost),
    ];
    for (const { path, method, handle } of routes) {
      const methods = this.#routes.get(path) ?? new Map<string, Route["handle"]>();
      this.#routes.set(path, methods.set(method, handle));
    }
    this.#paths = new Set(this.#routes.keys());
  }

  /** Reads the tenants again; a core does so every minute. @throws DatabaseUnavailable */
  async loadTenants(): Promise<void> {
    this.#tenants = await this.#storage.tenants();
    this.#domains = new Set(this.#tenants.map((tenant) => tenant.domain).filter((domain) => domain !== ""));
  }

  /** Answers one request; never throws. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#stats.count(Date.now());
    let answer: Answer;
    try {
      if (this.#options.delayMs !== undefined) await later(this.#options.delayMs);
      answer = await this.#answer(request);
    } catch (error) {
      answer = failure(error);
    }
    const status = "json" in answer ? 200 : answer.status;
    const body = "json" in answer ? JSON.stringify(answer.json) : answer.text;
    response.writeHead(status, {
      "content-type": "json" in answer ? "application/json;charset=UTF-8" : HTML,
      "content-length": Buffer.byteLength(body),
      ...this.#served,
    });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { method = "GET", url = "/" } = request;
    if (!this.#admits(request.socket.remoteAddress ?? "")) return text(403, "IP address is not allowed");
    if (method === "PATCH") return text(501, "Method not implemented");
    const { host = "" } = request.headers;
    const place = resolvePlace(url, host, this.#options.basePath ?? "", this.#domains, this.#paths);
    if (place === undefined) return text(404, "Not found");
    if (method === "HEAD" || method === "OPTIONS") return text(405, "Method not supported");
    const refusal = this.#refuse(place);
    if (refusal !== undefined) return refusal;
    const handle = this.#routes.get(place.path)?.get(method);
    if (handle === undefined) return text(405, "Method not supported");
    if (!OPEN_PATHS.has(place.path)) {
      if (!this.#hasKey(request)) return text(401, "Invalid API key");
      const version = request.headers["cdi-version"];
      if (version !== undefined && !CDI_VERSIONS.includes(String(version))) {
        return text(400, `cdi-version ${String(version)} not supported`);
      }
    }
    const mark = url.indexOf("?");
    const query = new URLSearchParams(mark === -1 ? "" : url.slice(mark + 1));
    return handle({ place, request, query, body: await readBody(request) });
  }

  /** Apps must exist everywhere; tenants too, but /hello does not look at them, and the root answers 404. */
  #refuse(place: Place): Answer | undefined {
    const inApp = this.#tenants.filter((t) => t.domain === place.domain && t.app === place.app);
    if (inApp.length === 0) return text(400, unknownTenant(place));
    if (place.path === "/hello" || place.tenant === "public" || inApp.some((t) => t.tenant === place.tenant)) {
      return undefined;
    }
    return place.path === "" ? text(404, "Not found") : text(400, unknownTenant(place));
  }

  #admits(address: string): boolean {
    const ip = address.replace(/^::ffff:/, "");
    if (this.#ipAllow !== undefined && !this.#ipAllow.test(ip)) return false;
    return this.#ipDeny === undefined || !this.#ipDeny.test(ip);
  }

  #hasKey(request: IncomingMessage): boolean {
    if (this.#keys.size === 0) return true;
    const { "api-key": key, authorization } = request.headers;
    const given = key ?? authorization?.replace(/^bearer\s+/i, "");
    return this.#keys.has(String(given).trim());
  }

  #ownRoutes(): Route[] {
    const hello = (call: Call): Promise<Answer> => this.#hello(call.place);
    const json = (value: () => unknown) => async (): Promise<Answer> => ({ json: value() });
    return [
      ...[...HELLO_METHODS].flatMap((method) => ["", "/hello"].map((path) => ({ method, path, handle: hello }))),
      { method: "GET", path: "/.well-known/jwks.json", handle: json(() => this.#access.jwks()) },
      { method: "GET", path: "/apiversion", handle: json(() => ({ versions: CDI_VERSIONS })) },
      { method: "GET", path: "/requests/stats", handle: json(() => this.#stats.report(Date.now())) },
    ];
  }

  /** Without a token the answer is the same, and says nothing of the database. */
  async #hello({ app }: Place): Promise<Answer> {
    const now = performance.now();
    let bucket = this.#buckets.get(app);
    if (bucket === undefined) this.#buckets.set(app, (bucket = new HelloBucket(now)));
    if (bucket.take(now)) await this.#storage.hello(app);
    return HELLO;
  }
}

function text(status: number, line: string): Answer {
  return { status, text: `${line}\n` };
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function failure(error: unknown): Answer {
  if (error instanceof BadInput) return text(400, error.message);
  // The details leak to the caller on purpose: a real core's do, and whoever watches it has to keep them to himself.
  const name =
    error instanceof DatabaseUnavailable ? "java.sql.SQLTransientConnectionException" : "java.lang.Exception";
  return text(500, `Internal Error: ${name}: ${error instanceof Error ? error.message : String(error)}`);
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const { "content-length": length, "transfer-encoding": coding } = request.headers;
  if (coding === undefined && (length === undefined || length === "0")) return {};
  const body = await wholeBody(request);
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    throw new BadInput("Invalid Json Input");
  }
  if (!isObject(value)) throw new BadInput("Invalid Json Input");
  return value;
}

/** By events: an iterator over the stream costs more than all the rest of a small request. */
function wholeBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > BODY_LIMIT) reject(new BadInput("body too large"));
      else chunks.push(chunk);
    });
    request.once("end", () =>
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
    );
    request.once("error", reject);
  });
}
