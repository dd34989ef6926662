import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Clock } from "../domain/index.ts";
import { settleAccount } from "./aws-ec2-life.ts";
import { ec2Of, instanceOf, publicIpOf, regionOfZone } from "./aws-ec2-model.ts";
import type { AwsModel } from "./aws-model.ts";

/** What one instance's own processes see of it: version 2 of the instance metadata service. */
export interface SandboxMetadata {
  /** `http://127.0.0.1:PORT`: the value of AWS_EC2_METADATA_SERVICE_ENDPOINT. */
  readonly url: string;
  /** Paths that were asked for with a token, oldest first, at most a thousand. */
  readonly asked: readonly string[];
  /** What is broken: no answer at all, or an error of the service. */
  setTrouble(trouble: "hang" | "error" | undefined): void;
  stop(): Promise<void>;
}

const MAX_ASKED = 1_000;
/** Seconds that a token may live. */
const MAX_TTL = 21_600;
const MAX_TOKENS = 1_000;
const LATEST = "/latest/meta-data/";

/** Starts the metadata service of one instance on loopback. @throws Error when there is no such instance */
export async function startMetadata(options: {
  readonly clock: Clock;
  readonly model: AwsModel;
  /** Id of the instance. */
  readonly instance: string;
  readonly port?: number;
}): Promise<SandboxMetadata> {
  const { clock, model, instance } = options;
  instanceOf(model, instance);
  const tokens = new Map<string, number>();
  const asked: string[] = [];
  let trouble: "hang" | "error" | undefined;

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    if (trouble === "hang") return;
    if (trouble === "error") return send(response, 500, "");
    if (request.headers["x-forwarded-for"] !== undefined) return send(response, 403, "");
    if (pathname === "/latest/api/token") {
      if (request.method !== "PUT") return send(response, 405, "");
      const seconds = Number(request.headers["x-aws-ec2-metadata-token-ttl-seconds"]);
      if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_TTL) return send(response, 400, "");
      const token = randomBytes(40).toString("base64");
      tokens.set(token, clock.monotonic() + seconds * 1000);
      const [oldest] = tokens.keys();
      if (tokens.size > MAX_TOKENS && oldest !== undefined) tokens.delete(oldest);
      response.setHeader("x-aws-ec2-metadata-token-ttl-seconds", seconds);
      return send(response, 200, token);
    }
    const token = request.headers["x-aws-ec2-metadata-token"];
    if (typeof token !== "string" || (tokens.get(token) ?? -Infinity) <= clock.monotonic())
      return send(response, 401, "");
    if (request.method !== "GET") return send(response, 405, "");
    asked.push(pathname);
    if (asked.length > MAX_ASKED) asked.shift();
    settleAccount(model, clock.now());
    const found = document(model, instance, pathname);
    return found === undefined ? send(response, 404, "Not Found") : send(response, 200, found);
  };

  const server = createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    setTrouble: (next) => {
      trouble = next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What stands at a path; `undefined`: nothing, as before there is a notice. */
function document(model: AwsModel, id: string, path: string): string | undefined {
  const ec2 = ec2Of(model);
  const found = ec2.instances.find((one) => one.id === id);
  if (found === undefined) return undefined;
  const { type, zone, spot, privateIp, interruption, rebalanceAt } = found;
  const region = regionOfZone(zone);
  if (path === "/latest/dynamic/instance-identity/document") {
    const identity = { accountId: model.account, availabilityZone: zone, instanceId: id, instanceType: type };
    return JSON.stringify({ ...identity, privateIp, region, version: "2017-09-30" });
  }
  if (!path.startsWith(LATEST)) return undefined;
  switch (path.slice(LATEST.length)) {
    case "instance-id":
      return id;
    case "instance-type":
      return type;
    case "instance-life-cycle":
      return spot ? "spot" : "on-demand";
    case "local-ipv4":
      return privateIp;
    case "public-ipv4":
      return publicIpOf(ec2, found);
    case "placement/availability-zone":
      return zone;
    case "placement/region":
      return region;
    case "spot/instance-action":
      return interruption === undefined
        ? undefined
        : JSON.stringify({ action: interruption.action, time: seconds(interruption.at) });
    case "spot/termination-time":
      return interruption?.action === "terminate" ? seconds(interruption.at) : undefined;
    case "events/recommendations/rebalance":
      return rebalanceAt === undefined ? undefined : JSON.stringify({ noticeTime: seconds(rebalanceAt) });
    default:
      return undefined;
  }
}

/** `2026-11-21T08:02:00Z` */
function seconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "text/plain", "content-length": Buffer.byteLength(body) }).end(body);
}
