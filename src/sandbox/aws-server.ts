import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import type { Clock } from "../domain/index.ts";

/** What the REST services tell operations apart by. */
export interface RequestLine {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly url: string;
}

/** One signed request, as a service sees it. */
export interface AwsRequest extends RequestLine {
  /** From the credential scope of the signature. */
  readonly region: string;
  readonly accessKeyId: string;
  /** `DescribeLoadBalancers` */
  readonly action: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** What a service answers. */
export interface AwsResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error that a service answers with; thrown by its operations. */
export class AwsFault extends Error {
  override readonly name = "AwsFault";
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** One AWS service: its own wire format behind the shared door. */
export interface AwsService {
  /** Its name in the credential scope: `elasticloadbalancing`, `sts`, `monitoring`, `sns`. */
  readonly scope: string;
  /** The operation that a request asks for; `undefined` when it cannot be told. */
  actionOf(headers: AwsRequest["headers"], body: string, line: RequestLine): string | undefined;
  /** @throws AwsFault */
  handle(request: AwsRequest): AwsResponse | Promise<AwsResponse>;
  /** The error document of its wire format. */
  fault(fault: AwsFault): AwsResponse;
  /** Operations that IAM calls otherwise, without the service's prefix. */
  readonly permissions?: Readonly<Record<string, string>>;
  /** What anyone may get without a signature: certificates, confirmation links. `undefined`: not of this service. */
  open?(url: URL): AwsResponse | undefined;
}

/**
 * What is broken. `down`: cut before the operation is done; `cut`: the operation is done and the connection cut within the
 * answer; `truncate`: it is done, and half of the answer's document is sent as if it were all.
 */
export interface AwsTrouble {
  readonly kind: "throttle" | "deny" | "error" | "hang" | "down" | "cut" | "truncate";
  /** Without it: every service, and so for `action`. */
  readonly service?: string;
  readonly action?: string;
  /** So many requests that it is about go well first; none unless set. */
  readonly skip?: number;
  /** So many are broken then; all unless set. */
  readonly times?: number;
}

/** A request that was taken. */
export interface AwsCall {
  readonly at: number;
  readonly service: string;
  readonly action: string;
  readonly region: string;
  readonly accessKeyId: string;
}

/** A running endpoint for all its services: the value of AWS_ENDPOINT_URL. */
export interface SandboxAws {
  readonly url: string;
  /** The newest thousand calls, oldest first. */
  readonly calls: readonly AwsCall[];
  setTroubles(troubles: readonly AwsTrouble[]): void;
  stop(): Promise<void>;
}

const MAX_CALLS = 1_000;
const MAX_BODY_BYTES = 1_000_000;
const SCOPE = /Credential=([^/,\s]+)\/\d{8}\/([\w-]+)\/([\w-]+)\/aws4_request/;

/** Starts one HTTP server on loopback that speaks for all `services`, each found by the scope of the request's signature. */
export async function startAws(options: {
  readonly clock: Clock;
  readonly services: readonly AwsService[];
  readonly port?: number;
}): Promise<SandboxAws> {
  const services = new Map(options.services.map((service) => [service.scope, service]));
  const calls: AwsCall[] = [];
  let troubles: readonly { readonly trouble: AwsTrouble; seen: number }[] = [];

  const troubleOf = (service: string, action: string): AwsTrouble["kind"] | undefined => {
    let found: AwsTrouble["kind"] | undefined;
    for (const each of troubles) {
      const { kind, skip = 0, times = Infinity } = each.trouble;
      if ((each.trouble.service ?? service) !== service || (each.trouble.action ?? action) !== action) continue;
      const turn = each.seen++;
      if (turn >= skip && turn < skip + times) found ??= kind;
    }
    return found;
  };

  const answer = async (incoming: IncomingMessage): Promise<AwsResponse | "hang" | "down" | Broken> => {
    const body = await bodyOf(incoming);
    if (incoming.headers.authorization === undefined) {
      const url = new URL(incoming.url ?? "/", "http://127.0.0.1");
      for (const service of options.services) {
        const found = service.open?.(url);
        if (found !== undefined) return found;
      }
    }
    const scope = SCOPE.exec(incoming.headers.authorization ?? "");
    const [, accessKeyId = "", region = "", name = ""] = scope ?? [];
    const service = services.get(name);
    if (service === undefined)
      return { status: 403, contentType: "text/plain", body: "the signature names no service of this endpoint\n" };
    const line: RequestLine = { method: incoming.method ?? "GET", url: incoming.url ?? "/" };
    const action = service.actionOf(incoming.headers, body, line);
    if (action === undefined) return service.fault(new AwsFault("MissingAction", "The request names no operation"));
    calls.push({ at: options.clock.now(), service: name, action, region, accessKeyId });
    if (calls.length > MAX_CALLS) calls.shift();
    const trouble = troubleOf(name, action);
    if (trouble === "hang" || trouble === "down") return trouble;
    try {
      if (trouble === "throttle" || trouble === "deny" || trouble === "error")
        throw faultOf(trouble, name, service.permissions?.[action] ?? action);
      const { headers } = incoming;
      const response = await service.handle({ ...line, region, accessKeyId, action, headers, body });
      return trouble === undefined ? response : { broken: trouble, response };
    } catch (error) {
      if (error instanceof AwsFault) return service.fault(error);
      throw error;
    }
  };

  const respond = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    try {
      const response = await answer(incoming);
      if (response === "down") incoming.socket.destroy();
      else if (response !== "hang") send(outgoing, response);
    } catch (error) {
      const body = error instanceof Error ? error.message : "failed";
      send(outgoing, { status: 500, contentType: "text/plain", body });
    }
  };
  const server = createServer((incoming, outgoing) => {
    void respond(incoming, outgoing);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    setTroubles: (next) => {
      troubles = next.map((trouble) => ({ trouble, seen: 0 }));
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** An operation that was done, and what becomes of its answer. */
interface Broken {
  readonly broken: "cut" | "truncate";
  readonly response: AwsResponse;
}

/** Where permissions bear another name than the signature's scope. */
const PERMISSION_PREFIX: Readonly<Record<string, string>> = { monitoring: "cloudwatch", tagging: "tag" };

function faultOf(kind: "throttle" | "deny" | "error", service: string, action: string): AwsFault {
  if (kind === "throttle") return new AwsFault("Throttling", "Rate exceeded");
  if (kind === "error")
    return new AwsFault("InternalFailure", "The request processing has failed because of an unknown error", 500);
  const who = "arn:aws:iam::123456789012:user/corewatch";
  return new AwsFault(
    "AccessDenied",
    `User: ${who} is not authorized to perform: ${PERMISSION_PREFIX[service] ?? service}:${action}`,
    403,
  );
}

function send(outgoing: ServerResponse, answer: AwsResponse | Broken): void {
  if (outgoing.destroyed) return;
  const { status, contentType, body, headers } = "broken" in answer ? answer.response : answer;
  const whole = Buffer.from(body);
  const half = whole.subarray(0, Math.floor(whole.length / 2));
  const broken = "broken" in answer ? answer.broken : undefined;
  const sent = broken === undefined ? whole : half;
  const length = broken === "cut" ? whole.length : sent.length;
  outgoing.writeHead(status, { "content-type": contentType, ...headers, "content-length": length });
  if (broken === "cut") outgoing.write(sent, () => outgoing.socket?.destroy());
  else outgoing.end(sent);
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error("the request is larger than 1 MB");
    chunks.push(chunk);
  }
  const sent = Buffer.concat(chunks);
  // The SDK compresses large PutMetricData requests.
  const whole =
    incoming.headers["content-encoding"] === "gzip" ? gunzipSync(sent, { maxOutputLength: MAX_BODY_BYTES }) : sent;
  return whole.toString("utf8");
}
