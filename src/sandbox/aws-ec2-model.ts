import { createHash } from "node:crypto";
import type { AwsModel } from "./aws-model.ts";

/** The states of an instance's life. */
export type InstanceState = "pending" | "running" | "shutting-down" | "terminated" | "stopping" | "stopped";

/** What EC2 holds in the simulated account, of all regions. Everything may be changed while it runs. Times are epoch ms. */
export interface Ec2Model {
  readonly zones: Ec2Zone[];
  readonly instances: Ec2Instance[];
  readonly securityGroups: Ec2SecurityGroup[];
  readonly addresses: ElasticAddress[];
  readonly launchTemplates: LaunchTemplate[];
  timing: Ec2Timing;
}

/** How long the steps of an instance's life take, ms; shorter than AWS's where a story is to be quick. */
export interface Ec2Timing {
  readonly pendingMs: number;
  /** From an interruption's notice to the end of the instance. */
  readonly noticeMs: number;
  readonly shuttingDownMs: number;
  /** For how long a terminated instance is still described. */
  readonly keptMs: number;
}

/** An availability zone. */
export interface Ec2Zone {
  /** `eu-west-1a` */
  readonly name: string;
  state: "available" | "impaired" | "unavailable";
}

/** An instance. */
export interface Ec2Instance {
  readonly id: string;
  readonly type: string;
  readonly zone: string;
  readonly spot: boolean;
  readonly launchedAt: number;
  state: InstanceState;
  /** Since when it is in that state. */
  stateAt: number;
  /** `Server.SpotInstanceTermination: …`, as a terminated one tells. */
  stateReason: { readonly code: string; readonly message: string } | undefined;
  privateIp: string;
  publicIp: string | undefined;
  readonly tags: Record<string, string>;
  securityGroupIds: readonly string[];
  readonly launchTemplate: { readonly id: string; readonly version: number } | undefined;
  /** Announced: what will be done with it, and when. */
  interruption: { readonly action: "terminate" | "stop" | "hibernate"; readonly at: number } | undefined;
  /** When a rebalance was recommended. */
  rebalanceAt: number | undefined;
}

/** A security group. */
export interface Ec2SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly tags: Record<string, string>;
}

/** An elastic address; it belongs to the account also while no instance has it. */
export interface ElasticAddress {
  readonly allocationId: string;
  readonly publicIp: string;
  readonly region: string;
  instance: string | undefined;
}

/** A launch template. */
export interface LaunchTemplate {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  /** Number of the version that `$Default` is. */
  defaultVersion: number;
  /** Oldest first; version numbers start at 1. */
  readonly versions: LaunchTemplateVersion[];
}

/** A version of a launch template. */
export interface LaunchTemplateVersion {
  readonly createdAt: number;
  readonly instanceType: string | undefined;
  /** As it was written, not encoded. */
  userData: string | undefined;
  readonly securityGroupIds: readonly string[];
}

/** The runbook's four security groups. */
export const RUNBOOK_GROUPS = ["default", "ping-ssh", "supertokens-nginx-port", "ec2-internal-team-access"] as const;

const AWS_TIMING: Ec2Timing = { pendingMs: 15_000, noticeMs: 120_000, shuttingDownMs: 30_000, keptMs: 3_600_000 };

/** EC2 of one region with its zones and the runbook's security groups, and nothing else yet. */
export function emptyEc2(
  region: string,
  options: { readonly zones?: readonly string[]; readonly timing?: Partial<Ec2Timing> } = {},
): Ec2Model {
  const { zones = ["a", "b", "c"].map((letter) => `${region}${letter}`), timing = {} } = options;
  return {
    zones: zones.map((name) => ({ name, state: "available" })),
    instances: [],
    securityGroups: RUNBOOK_GROUPS.map((name) => ({ id: securityGroupId(region, name), name, region, tags: {} })),
    addresses: [],
    launchTemplates: [],
    timing: { ...AWS_TIMING, ...timing },
  };
}

/** Makes a launch template with one version, and enters it into the model. @throws Error when the account has no EC2 */
export function addLaunchTemplate(
  model: AwsModel,
  plan: {
    readonly region: string;
    readonly name: string;
    readonly userData?: string;
    readonly instanceType?: string;
    readonly securityGroupIds?: readonly string[];
    readonly createdAt?: number;
  },
): LaunchTemplate {
  const { region, name, userData, instanceType, securityGroupIds = [], createdAt = 0 } = plan;
  const template: LaunchTemplate = {
    id: `lt-${resourceHex(`${region}/template/${name}`)}`,
    name,
    region,
    defaultVersion: 1,
    versions: [{ createdAt, instanceType, userData, securityGroupIds }],
  };
  ec2Of(model).launchTemplates.push(template);
  return template;
}

/** Allocates an elastic address, associated with `instance` when that is told. @throws Error when the account has no EC2 */
export function addElasticAddress(
  model: AwsModel,
  plan: { readonly region: string; readonly publicIp: string; readonly instance?: string },
): ElasticAddress {
  const { region, publicIp, instance } = plan;
  const allocationId = `eipalloc-${resourceHex(`${region}/${publicIp}`)}`;
  const address: ElasticAddress = { allocationId, publicIp, region, instance };
  ec2Of(model).addresses.push(address);
  return address;
}

/** The account's EC2. @throws Error when it has none */
export function ec2Of(model: AwsModel): Ec2Model {
  if (model.ec2 === undefined) throw new Error("the simulated account has no EC2: set model.ec2 to emptyEc2(region)");
  return model.ec2;
}

/** @throws Error when there is no such instance */
export function instanceOf(model: AwsModel, id: string): Ec2Instance {
  const found = ec2Of(model).instances.find((one) => one.id === id);
  if (found === undefined) throw new Error(`the simulated account has no instance ${id}`);
  return found;
}

/** The public address that an instance has now: an elastic one wins. */
export function publicIpOf(model: Ec2Model, instance: Ec2Instance): string | undefined {
  return model.addresses.find((address) => address.instance === instance.id)?.publicIp ?? instance.publicIp;
}

/** The version that a number, `$Latest` or `$Default` means. */
export function templateVersion(
  template: LaunchTemplate,
  version: string,
): (LaunchTemplateVersion & { readonly number: number }) | undefined {
  const number =
    version === "$Latest"
      ? template.versions.length
      : version === "$Default"
        ? template.defaultVersion
        : Number(version);
  const found = template.versions[number - 1];
  return found === undefined ? undefined : { ...found, number };
}

/** `eu-west-1` of `eu-west-1a`. */
export function regionOfZone(zone: string): string {
  return zone.replace(/[a-z]$/, "");
}

/** The id that a security group of this name has. */
export function securityGroupId(region: string, name: string): string {
  return `sg-${resourceHex(`${region}/group/${name}`)}`;
}

/** The seventeen hex digits of a resource's id; the same text gives the same. */
export function resourceHex(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 17);
}
