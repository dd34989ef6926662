import { createHash, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, type Log, wait } from "../domain/index.ts";
import { boundPort } from "./files.ts";
import type { FleetPlan } from "./fleets.ts";
import type { Sandbox } from "./fleets-running.ts";

const SCALE_PATH = "/0/manual/app/scale/deployment";
const CORE_PATH = /^\/cores\/([^/]+)\/([^/]+)\/(kill|start|remove)$/;
const BODY_LIMIT = 65_536;
/** From the call to the first sign of a new core: the runbook waits five minutes, the sandbox two seconds. */
const BOOT_MS = 2_000;

/** How many cores a deployment may be given beside those of the plan: the database has connections for so many. */
const MOST_ADDED = 6;

/** What the operator can do to a fleet. */
export type Operated = Pick<Sandbox, "cores" | "addCore" | "removeCore" | "killCore" | "startCore">;

/** How the operator is reached, and what it allows. */
export interface OperatorOptions {
  readonly password: string;
  readonly fleet: Operated;
  /** Of that fleet, as it was started. */
  readonly plan: Pick<FleetPlan, "deployments">;
  readonly clock: Clock;
  readonly log: Log;
}

/** A running operator. */
export interface Operator {
  /** `http://127.0.0.1:41000` */
  readonly url: string;
  stop(): Promise<void>;
}

/** The caller's fault, or the fleet's, with the status that says which. */
class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Starts the fleet's operator on the loopback: the runbook's call that adds cores, and one core's power switch. */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const operations = new Operations(options);
  const server = createServer((request, response) => void serve(operations, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${boundPort(server)}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, operations.stop()]);
    },
  };
}

class Operations {
  readonly #options: OperatorOptions;
  readonly #password: Buffer;
  readonly #stopped = new AbortController();
  /** How many cores each deployment was promised, while they are on their way. */
  readonly #promised = new Map<string, number>();
  /** One change of the fleet after the other. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor(options: OperatorOptions) {
    this.#options = options;
    this.#password = digest(options.password);
  }

  /** No further core comes; what is under way is waited for. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#changes;
  }

  /** @throws Refused 401 */
  authorise(password: string): void {
    if (!timingSafeEqual(digest(password), this.#password)) throw new Refused(401, "wrong password");
  }

  /** Accepts to add cores; they come later, one after the other. @throws Refused */
  scale(params: Readonly<Record<string, unknown>>): void {
    const { fleet, plan } = this.#options;
    const ofApp = plan.deployments.filter(({ app }) => app === params["appId"]);
    if (ofApp.length === 0) throw new Refused(404, "there is no such app");
    const planned = ofApp.find(({ id }) => id === params["deploymentToScale"]);
    if (planned === undefined) throw new Refused(404, "the app has no such deployment");
    const deployment = planned.id;
    const mostCores = planned.cores.length + MOST_ADDED;
    const wanted = Number(params["scaleTo"]);
    const now = fleet.cores().filter((core) => core.deployment === deployment).length;
    const promised = Math.max(now, this.#promised.get(deployment) ?? 0);
    if (!Number.isInteger(wanted) || wanted < promised || wanted > mostCores)
      throw new Refused(400, `scaleTo must be a whole number from ${promised} to ${mostCores}`);
    this.#promised.set(deployment, wanted);
    for (let index = promised; index < wanted; index++) void this.#boot(deployment);
  }

  async #boot(deployment: string): Promise<void> {
    const { clock, fleet, log } = this.#options;
    await wait(clock, BOOT_MS, this.#stopped.signal);
    try {
      await this.#inTurn(() => fleet.addCore(deployment));
    } catch (error) {
      log.warn("sandbox: a core could not be added", { deployment, error });
    }
  }

  /** @throws Refused 404; whatever the fleet throws. */
  async act(verb: string, deployment: string, core: string): Promise<void> {
    const { fleet } = this.#options;
    const id = `${deployment}/${core}`;
    if (!fleet.cores().some((one) => one.id === id)) throw new Refused(404, "there is no such core");
    if (verb === "kill") await fleet.killCore(id);
    else if (verb === "start") await fleet.startCore(id);
    else {
      // What was promised was there: from now on the deployment is as big as it is.
      this.#promised.delete(deployment);
      await this.#inTurn(() => fleet.removeCore(id));
    }
  }

  async #inTurn(change: () => Promise<unknown>): Promise<void> {
    const before = this.#changes;
    const mine = (async () => {
      await before;
      if (!this.#stopped.signal.aborted) await change();
    })();
    this.#changes = mine.catch(() => undefined);
    await mine;
  }
}

/** Answers one call; never throws. */
async function serve(operations: Operations, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.on("error", () => response.destroy());
  let status = 200;
  let body: Readonly<Record<string, string>> = { status: "OK" };
  try {
    await handle(operations, request);
  } catch (error) {
    status = error instanceof Refused ? error.status : 500;
    body = { status: "ERROR", message: error instanceof Error ? error.message : String(error) };
  }
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json;charset=utf-8" });
  response.end(`${JSON.stringify(body)}\n`);
}

async function handle(operations: Operations, request: IncomingMessage): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://operator");
  const core = CORE_PATH.exec(pathname);
  if (core === null && pathname !== SCALE_PATH) throw new Refused(404, "there is no such path");
  if (request.method !== "POST") throw new Refused(405, "send a POST");
  const text = await textOf(request);
  if (core !== null) {
    operations.authorise((request.headers.authorization ?? "").replace(/^bearer /i, ""));
    const [, deployment = "", id = "", verb = ""] = core;
    await operations.act(verb, decodeURIComponent(deployment), decodeURIComponent(id));
    return;
  }
  const params = paramsOf(text, request.headers["content-type"] ?? "");
  operations.authorise(String(params["password"]));
  operations.scale(params);
}

/** The parameters of a JSON or form body. @throws Refused 400 */
function paramsOf(text: string, type: string): Readonly<Record<string, unknown>> {
  if (type.startsWith("application/x-www-form-urlencoded")) return Object.fromEntries(new URLSearchParams(text));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refused(400, "the body is neither JSON nor a form");
  }
  if (typeof value !== "object" || value === null) throw new Refused(400, "the body is no JSON object");
  return Object.fromEntries(Object.entries(value));
}

function textOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= BODY_LIMIT) chunks.push(chunk);
      else reject(new Refused(413, "the body is too large"));
    });
    request.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    request.once("error", reject);
  });
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
