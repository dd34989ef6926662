import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { ResourceGroupsTaggingAPIClient } from "@aws-sdk/client-resource-groups-tagging-api";
import type { SNSClient } from "@aws-sdk/client-sns";
import { CloudError, type CloudCall, type CloudOperation, type CloudPlace } from "../domain/index.ts";
import { AwsClients, type AwsOverrides } from "./clients.ts";
import { toCloudError } from "./errors.ts";
import { loadBalancerClients } from "./load-balancers.ts";

/** The clients that alarms are read and written with. */
export interface AlarmClients {
  readonly cloudwatch: AwsClients<CloudWatchClient>;
  readonly sns: AwsClients<SNSClient>;
  readonly tagging: AwsClients<ResourceGroupsTaggingAPIClient>;
  readonly balancers: AwsClients<ElasticLoadBalancingV2Client>;
}

/** A page of 400 load balancers or 100 alarms takes its time. */
const REQUEST_TIMEOUT_MS = 20_000;
/** More pages than any account has: an answer without end. */
const MAX_PAGES = 1_000;

/** Clients that try once: who paces the calls repeats them too. */
export function alarmClients(overrides: AwsOverrides): AlarmClients {
  const once: AwsOverrides = { requestTimeoutMs: REQUEST_TIMEOUT_MS, ...overrides, maxAttempts: 1 };
  return {
    cloudwatch: new AwsClients(once, async (config) => {
      const { CloudWatchClient } = await import("@aws-sdk/client-cloudwatch");
      return new CloudWatchClient(config);
    }),
    sns: snsClients(once),
    tagging: new AwsClients(once, async (config) => {
      const { ResourceGroupsTaggingAPIClient } = await import("@aws-sdk/client-resource-groups-tagging-api");
      return new ResourceGroupsTaggingAPIClient(config);
    }),
    balancers: loadBalancerClients(once),
  };
}

/** Clients of SNS. */
export function snsClients(overrides: AwsOverrides): AwsClients<SNSClient> {
  return new AwsClients(overrides, async (config) => {
    const { SNSClient } = await import("@aws-sdk/client-sns");
    return new SNSClient(config);
  });
}

/** One request as it is told to people when it fails. */
export interface Request {
  readonly place: CloudPlace;
  readonly call: CloudCall;
  readonly operation: CloudOperation;
  /** `alarm acme ELB 5xx` */
  readonly subject: string;
  readonly writes?: boolean;
}

/** Sends one request through the pacing. @throws CloudError */
export function send<T>(request: Request, work: () => Promise<T>): Promise<T> {
  const { place, call, operation, subject, writes = false } = request;
  return call.send(operation, async () => {
    try {
      return await work();
    } catch (error) {
      throw toCloudError(error, {
        permission: operation,
        subject,
        region: place.region,
        signal: call.signal,
        writes,
      });
    }
  });
}

/** One page: its items, and the token of the next. `items` undefined: the answer holds no list, so it is none. */
export interface Page<T> {
  readonly items: readonly T[] | undefined;
  readonly next: string | undefined;
}

/** Every item of every page, each page a request of its own. @throws CloudError when one page cannot be had */
export async function everyPage<T>(
  request: Request,
  fetch: (token: string | undefined) => Promise<Page<T>>,
): Promise<T[]> {
  const all: T[] = [];
  const seen = new Set<string>();
  let token: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const at = token;
    const { items, next } = await send(request, () => fetch(at));
    if (items === undefined)
      throw new CloudError("failed", `AWS answered ${request.operation} without a list of ${request.subject}`);
    all.push(...items);
    if (next === undefined || next === "") return all;
    if (seen.has(next)) break;
    seen.add(next);
    token = next;
  }
  throw new CloudError("failed", `AWS listed ${request.subject} without end (${request.operation})`);
}
