import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Clock } from "../domain/index.ts";

/** One signed request, as a service sees it. */
export interface AwsRequest {
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
  actionOf(headers: AwsRequest["headers"], body: string): string | undefined;
  /** @throws AwsFault */
  handle(request: AwsRequest): AwsResponse | Promise<AwsResponse>;
  /** The error document of its wire format. */
  fault(fault: AwsFault): AwsResponse;
}

/** What is broken. Without `service` or `action` it is so for all. */
export interface AwsTrouble {
  readonly kind: "throttle" | "deny" | "error" | "hang" | "down";
  readonly service?: string;
  readonly action?: string;
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
  let troubles: readonly AwsTrouble[] = [];

  const answer = async (incoming: IncomingMessage): Promise<AwsResponse | "hang" | "down"> => {
    const body = await bodyOf(incoming);
    const scope = SCOPE.exec(incoming.headers.authorization ?? "");
    const [, accessKeyId = "", region = "", name = ""] = scope ?? [];
    const service = services.get(name);
    if (service === undefined)
      return { status: 403, contentType: "text/plain", body: "the signature names no service of this endpoint\n" };
    const action = service.actionOf(incoming.headers, body);
    if (action === undefined) return service.fault(new AwsFault("MissingAction", "The request names no operation"));
    calls.push({ at: options.clock.now(), service: name, action, region, accessKeyId });
    if (calls.length > MAX_CALLS) calls.shift();
    const trouble = troubles.find((each) => (each.service ?? name) === name && (each.action ?? action) === action);
    if (trouble?.kind === "hang" || trouble?.kind === "down") return trouble.kind;
    try {
      if (trouble !== undefined) throw faultOf(trouble.kind, name, action);
      return await service.handle({ region, accessKeyId, action, headers: incoming.headers, body });
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
      troubles = next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function faultOf(kind: "throttle" | "deny" | "error", service: string, action: string): AwsFault {
  if (kind === "throttle") return new AwsFault("Throttling", "Rate exceeded");
  if (kind === "error")
    return new AwsFault("InternalFailure", "The request processing has failed because of an unknown error", 500);
  const who = "arn:aws:iam::123456789012:user/corewatch";
  return new AwsFault("AccessDenied", `User: ${who} is not authorized to perform: ${service}:${action}`, 403);
}

function send(outgoing: ServerResponse, { status, contentType, body }: AwsResponse): void {
  if (outgoing.destroyed) return;
  outgoing.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(body) });
  outgoing.end(body);
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error("the request is larger than 1 MB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
