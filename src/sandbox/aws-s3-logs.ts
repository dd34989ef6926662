import { createHash } from "node:crypto";
import type { AwsObject } from "./aws-s3-model.ts";

/** A load balancer's nodes write every five minutes. */
const EVERY_MS = 300_000;
/** A file comes this long after the five minutes that it is about. */
const DELAY_MS = 60_000;

/** What access logs a load balancer wrote. */
export interface AccessLogs {
  /** `arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/NAME/ID` */
  readonly balancerArn: string;
  /** Of `access_logs.s3.prefix`; empty for none. */
  readonly prefix: string;
  /** Epoch ms: objects that came within this span. */
  readonly from: number;
  readonly until: number;
  /** Addresses of its nodes, one for each zone; each writes files of its own. */
  readonly nodes?: readonly string[];
}

/**
 * The objects that a load balancer put into its bucket: one for each node and five minutes, below
 * `[prefix/]AWSLogs/ACCOUNT/elasticloadbalancing/REGION/yyyy/mm/dd/`, named by the end of the five minutes. The same question
 * gives the same keys.
 */
export function accessLogObjects(logs: AccessLogs): readonly AwsObject[] {
  const { balancerArn, prefix, from, until, nodes = ["203.0.113.10", "203.0.113.11"] } = logs;
  const [, , , region = "", account = "", resource = ""] = balancerArn.split(":");
  const id = resource.replace(/^loadbalancer\//, "").replaceAll("/", ".");
  const folder = `${prefix === "" ? "" : `${prefix}/`}AWSLogs/${account}/elasticloadbalancing/${region}`;
  const objects: AwsObject[] = [];
  for (let end = Math.ceil((from - DELAY_MS) / EVERY_MS) * EVERY_MS; end + DELAY_MS <= until; end += EVERY_MS) {
    const stamp = new Date(end).toISOString();
    const day = stamp.slice(0, 10).replaceAll("-", "/");
    const minute = `${stamp.slice(0, 16).replaceAll(/[-:]/g, "")}Z`;
    for (const node of nodes) {
      const tail = createHash("sha256").update(`${id} ${node} ${minute}`).digest("hex").slice(0, 8);
      objects.push({
        key: `${folder}/${day}/${account}_elasticloadbalancing_${region}_${id}_${minute}_${node}_${tail}.log.gz`,
        size: 1_200,
        lastModified: end + DELAY_MS,
      });
    }
  }
  return objects;
}
