import { createHash } from "node:crypto";
import type { AwsModel } from "./aws-model.ts";

/** What Auto Scaling holds in the simulated account, of all regions. Everything may be changed while it runs. */
export interface AutoScalingModel {
  readonly groups: AutoScalingGroup[];
}

/** An Auto Scaling group. */
export interface AutoScalingGroup {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  /** Epoch ms. */
  readonly createdAt: number;
  min: number;
  max: number;
  desired: number;
  zones: readonly string[];
  newInstancesProtected: boolean;
  capacityRebalance: boolean;
  launchTemplate: TemplateChoice;
  /** Without it every instance is the template's, and on demand. */
  mixed: MixedInstances | undefined;
  targetGroupArns: readonly string[];
  readonly tags: Record<string, string>;
  readonly instances: GroupInstance[];
}

/** A launch template with the version that the group takes: a number, `$Latest` or `$Default`. */
export interface TemplateChoice {
  readonly id: string;
  readonly name: string;
  readonly version: string;
}

/** The mixed instances policy. */
export interface MixedInstances {
  readonly instanceTypes: readonly string[];
  readonly onDemandBase: number;
  /** 0–100. */
  readonly onDemandPercentAboveBase: number;
  /** `price-capacity-optimized`, `capacity-optimized`, `lowest-price` … */
  readonly spotAllocation: string;
}

/** An instance as its group sees it; type and zone are EC2's. */
export interface GroupInstance {
  readonly id: string;
  /** Pending, InService, Terminating, Terminating:Wait … */
  lifecycle: string;
  protectedFromScaleIn: boolean;
}

/** What is told of a group; the rest is as the article sets it up. */
export interface GroupPlan {
  readonly region: string;
  readonly name: string;
  readonly launchTemplate: { readonly id: string; readonly name: string; readonly version?: string };
  readonly zones: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly desired?: number;
  /** `null`: no mixed instances policy. */
  readonly mixed?: Partial<MixedInstances> | null;
  readonly newInstancesProtected?: boolean;
  readonly capacityRebalance?: boolean;
  readonly targetGroupArns?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly createdAt?: number;
}

/** Two types, a fifth on demand: the article's 20-80. */
const DEFAULT_MIXED: MixedInstances = {
  instanceTypes: ["t3.small", "t3a.small"],
  onDemandBase: 0,
  onDemandPercentAboveBase: 20,
  spotAllocation: "price-capacity-optimized",
};

/** Makes a group without instances, and enters it into the model. */
export function addAutoScalingGroup(model: AwsModel, plan: GroupPlan): AutoScalingGroup {
  const { region, name, launchTemplate, mixed = {} } = plan;
  const id = createHash("sha256").update(`${region}/${name}`).digest("hex");
  const uuid = [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20, 32)].join("-");
  const group: AutoScalingGroup = {
    name,
    arn: `arn:aws:autoscaling:${region}:${model.account}:autoScalingGroup:${uuid}:autoScalingGroupName/${name}`,
    region,
    createdAt: plan.createdAt ?? 0,
    min: plan.min ?? 0,
    max: plan.max ?? 4,
    desired: plan.desired ?? 0,
    zones: plan.zones,
    newInstancesProtected: plan.newInstancesProtected ?? true,
    capacityRebalance: plan.capacityRebalance ?? true,
    launchTemplate: { version: "$Latest", ...launchTemplate },
    mixed: mixed === null ? undefined : { ...DEFAULT_MIXED, ...mixed },
    targetGroupArns: plan.targetGroupArns ?? [],
    tags: { ...plan.tags },
    instances: [],
  };
  model.autoScaling ??= { groups: [] };
  model.autoScaling.groups.push(group);
  return group;
}

/** The group that an instance belongs to. */
export function groupOfInstance(model: AwsModel, instance: string): AutoScalingGroup | undefined {
  return model.autoScaling?.groups.find((group) => group.instances.some(({ id }) => id === instance));
}
