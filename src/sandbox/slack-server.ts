import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../domain/index.ts";
import { slackPage } from "./slack-page.ts";
import { refuse, tooMany, type SlackMessage, type SlackReply } from "./slack-wire.ts";
import { Workspace } from "./slack-workspace.ts";

export type { SlackMessage } from "./slack-wire.ts";

/** What the simulated Slack does wrong, until it is set to something else. */
export type SlackFault =
  | { readonly kind: "none" }
  /** 429 with Retry-After for `seconds` from now on. */
  | { readonly kind: "rate-limit"; readonly seconds: number }
  /** An HTTP status with no JSON. */
  | { readonly kind: "status"; readonly status: number }
  /** Never answers; `taken`: the message is taken all the same. */
  | { readonly kind: "hang"; readonly taken?: boolean }
  /** Refuses by one of Slack's names; `onlyBlocks`: only messages that carry blocks. */
  | { readonly kind: "error"; readonly error: string; readonly onlyBlocks?: boolean }
  /** Takes the message, then resets the connection instead of answering. */
  | { readonly kind: "drop-answer" };

/** How the simulated Slack is set up. */
export interface SandboxSlackOptions {
  /** A loopback address; 127.0.0.1 unless set. */
  readonly host?: string;
  readonly port?: number;
  readonly clock?: Clock;
  /** Channels that exist; any name is taken unless set. */
  readonly channels?: readonly string[];
  readonly scopes?: readonly string[];
  /** Bot token that is accepted; any that looks like one unless set. */
  readonly token?: string;
  readonly limitRate?: boolean;
}

/** One request as it came in. */
export interface SlackCall {
  readonly method: string;
  readonly at: number;
  readonly args: Readonly<Record<string, string>>;
}

/** A running simulated Slack. */
export interface SandboxSlack {
  /** Base of the Web API, for `slackApiUrl`. */
  readonly url: string;
  /** Where a browser sees what was received. */
  readonly pageUrl: string;
  messages(): readonly SlackMessage[];
  /** Every request since the start, bounded to the last 10,000. */
  calls(): readonly SlackCall[];
  /** The first message, or state of messages, that `predicate` accepts. @throws Error after `timeoutMs` */
  waitFor(
    predicate: (messages: readonly SlackMessage[]) => boolean,
    timeoutMs: number,
  ): Promise<readonly SlackMessage[]>;
  /** `methods`: only for these; all that write unless set. */
  setFault(fault: SlackFault, methods?: readonly string[]): void;
  stop(): Promise<void>;
}

const ALL_SCOPES = [
  "chat:write",
  "chat:write.public",
  "channels:history",
  "groups:history",
  "channels:read",
  "groups:read",
];
const WRITES = ["chat.postMessage", "chat.update"];
const MAX_BODY_BYTES = 1_000_000;
const MAX_CALLS = 10_000;

const systemTime: Pick<Clock, "now" | "monotonic"> = { now: () => Date.now(), monotonic: () => performance.now() };

/** Starts it. @throws Error when the address is not loopback or the port is taken */
export async function startSlack(options: SandboxSlackOptions = {}): Promise<SandboxSlack> {
  const host = options.host ?? "127.0.0.1";
  if (!/^(127\.|localhost$|::1$)/.test(host)) throw new Error(`the sandbox listens on loopback only, not on ${host}`);
  const time = options.clock ?? systemTime;
  const scopes = options.scopes ?? ALL_SCOPES;
  const workspace = new Workspace({
    clock: { now: time.now.bind(time), monotonic: time.monotonic.bind(time), after: () => ({ clear: () => {} }) },
    channels: options.channels ?? [],
    scopes,
    limitRate: options.limitRate ?? false,
  });
  const calls: SlackCall[] = [];
  const sockets = new Set<Socket>();
  const viewers = new Set<ServerResponse>();
  let fault: SlackFault = { kind: "none" };
  let faulty: readonly string[] = WRITES;
  let faultUntil = Infinity;

  const answer = (method: string, args: Readonly<Record<string, string>>): SlackReply | "hang" | "drop" => {
    const active = faulty.includes(method) && time.monotonic() < faultUntil ? fault : { kind: "none" as const };
    switch (active.kind) {
      case "rate-limit":
        return tooMany(Math.max(1, Math.ceil((faultUntil - time.monotonic()) / 1000)));
      case "status":
        return { status: active.status, body: {} };
      case "hang":
        if (active.taken === true) workspace.call(method, args);
        return "hang";
      case "error":
        if (active.onlyBlocks !== true || (args["blocks"] ?? "[]") !== "[]") return refuse(active.error);
        return workspace.call(method, args);
      case "drop-answer":
        workspace.call(method, args);
        return "drop";
      case "none":
        break;
    }
    return workspace.call(method, args);
  };

  const api = async (request: IncomingMessage, response: ServerResponse, method: string): Promise<void> => {
    const args = Object.fromEntries(new URLSearchParams(await bodyOf(request)));
    calls.push({ method, at: time.now(), args });
    if (calls.length > MAX_CALLS) calls.shift();
    const token = /^Bearer (xox[a-z]-.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? args["token"];
    if (token === undefined) return send(response, refuse("not_authed"), scopes);
    if (options.token !== undefined && token !== options.token) return send(response, refuse("invalid_auth"), scopes);
    const reply = answer(method, args);
    if (reply === "hang") return;
    if (reply === "drop") return void request.socket.resetAndDestroy();
    send(response, reply, scopes);
  };

  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://sandbox").pathname;
    if (path.startsWith("/api/"))
      api(request, response, path.slice("/api/".length)).catch(() => request.socket.destroy());
    else if (path === "/received") json(response, workspace.messages());
    else if (path === "/events") watch(response, viewers);
    else if (path === "/") page(response, workspace);
    else response.writeHead(404).end();
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  workspace.onChange(() => {
    for (const viewer of viewers) viewer.write("data: changed\n\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  const base = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;

  return {
    url: `${base}/api/`,
    pageUrl: `${base}/`,
    messages: () => workspace.messages(),
    calls: () => calls,
    waitFor: (predicate, timeoutMs) => waitFor(workspace, predicate, timeoutMs),
    setFault(next, methods) {
      fault = next;
      faulty = methods ?? WRITES;
      faultUntil = next.kind === "rate-limit" ? time.monotonic() + next.seconds * 1000 : Infinity;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function waitFor(
  workspace: Workspace,
  predicate: (messages: readonly SlackMessage[]) => boolean,
  timeoutMs: number,
): Promise<readonly SlackMessage[]> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (!predicate(workspace.messages())) return;
      clearTimeout(timer);
      subscription.stop();
      resolve(workspace.messages());
    };
    const timer = setTimeout(() => {
      subscription.stop();
      const last = workspace
        .messages()
        .slice(-3)
        .map((message) => message.text.slice(0, 100));
      reject(
        new Error(
          `Slack did not receive what was waited for within ${timeoutMs} ms; ${workspace.messages().length} messages, the last: ${JSON.stringify(last)}`,
        ),
      );
    }, timeoutMs);
    const subscription = workspace.onChange(look);
    look();
  });
}

function send(response: ServerResponse, reply: SlackReply, scopes: readonly string[]): void {
  response.writeHead(reply.status ?? 200, {
    "content-type": "application/json; charset=utf-8",
    "x-oauth-scopes": scopes.join(","),
    ...reply.headers,
  });
  response.end(JSON.stringify(reply.body));
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" });
  response.end(JSON.stringify(value));
}

function page(response: ServerResponse, workspace: Workspace): void {
  response.writeHead(200, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy":
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'",
  });
  response.end(slackPage(workspace.messages()));
}

function watch(response: ServerResponse, viewers: Set<ServerResponse>): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": open\n\n");
  viewers.add(response);
  response.once("close", () => viewers.delete(response));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error("the request is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
