import type { Tags } from "./alarms.ts";

/**
 * The launch checklist. A *rule* asks one thing of one *subject* (a deployment, mostly); a *finding* is its answer, with
 * what was expected, what is there, and the call that mends it. What could not be read is `unknown`, never a pass.
 */

/** Outcome of one rule for one subject. */
export type AuditOutcome = "pass" | "fail" | "unknown" | "waived";

/** One answer of the audit, as it is printed. */
export interface AuditFinding {
  readonly rule: string;
  /** Deployment id, or the id of what else it is about. */
  readonly subject: string;
  readonly outcome: AuditOutcome;
  readonly expected: string;
  /** What is there; for `unknown`, why it could not be told. */
  readonly actual: string;
  /** The call or the console step that mends it; empty for a pass. */
  readonly fix: string;
  /** The line of the runbook or the article that asks for it. */
  readonly seed: string;
  /** The public scanner's check for the same (Prowler's id), where there is one. */
  readonly scanner?: string;
  /** Of a waived one: why, and until when (ISO date); its own outcome would have been `fail`. */
  readonly waiver?: { readonly reason: string; readonly until: string };
}

/** Accepts that a rule fails until a day. */
export interface Waiver {
  readonly rule: string;
  readonly reason: string;
  /** Epoch ms; from then on it counts no more. */
  readonly until: number;
}

/** What a deployment expects otherwise than the runbook. Absent fields: the runbook's. */
export interface AuditExpectations {
  readonly targetType?: "instance" | "ip";
  readonly protocol?: "HTTP" | "HTTPS";
  readonly port?: number;
  readonly protocolVersion?: string;
  readonly healthCheckPath?: string;
  readonly healthyThreshold?: number;
  readonly unhealthyThreshold?: number;
  /** Seconds. */
  readonly healthCheckTimeout?: number;
  /** Seconds. */
  readonly healthCheckInterval?: number;
  /** `200`, `200-399` */
  readonly successCodes?: string;
  readonly scheme?: "internet-facing" | "internal";
  readonly ipAddressType?: string;
  /** Port of the HTTPS listener that users call. */
  readonly listenerPort?: number;
  /** Names of security groups that must all be there. */
  readonly securityGroups?: readonly string[];
  /** Tags that the load balancer must have; a value of `*` is any. */
  readonly loadBalancerTags?: Tags;
  readonly bucketTags?: Tags;
  /** Days that the certificate must still have. */
  readonly certificateDays?: number;
  /** Names of TLS policies that are accepted today. */
  readonly securityPolicies?: readonly string[];
  /** `development` deployments: cores that one instance may hold. */
  readonly coresPerInstance?: number;
  /** Share of max_connections that pools may take, 0–1. */
  readonly connectionShare?: number;
  /** Days for which a certificate of `corewatch certify` is current. */
  readonly certifiedWithin?: number;
  /** Days within which a drill must have proved the way to Slack. */
  readonly drillWithin?: number;
  /** Most that spot may be of an Auto Scaling group, 0–1. */
  readonly spotShare?: number;
  /** Days that log groups keep at least, and must end. */
  readonly logRetention?: number;
}

/** `deployments[].audit` of fleet.yaml. */
export interface AuditSettings {
  readonly expect: AuditExpectations;
  readonly waive: readonly Waiver[];
}
