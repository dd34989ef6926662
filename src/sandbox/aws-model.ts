import type { AwsCertificate } from "./aws-acm.ts";
import type { AutoScalingModel } from "./aws-autoscaling-model.ts";
import type { Ec2Model, InstanceState } from "./aws-ec2-model.ts";
import type { EcsModel, TaskStatus } from "./aws-ecs-model.ts";
import type { AwsDistribution } from "./aws-cloudfront.ts";
import type { AwsLoadBalancer } from "./aws-elbv2-model.ts";
import type { AwsLogGroup } from "./aws-logs.ts";
import type { AwsHostedZone } from "./aws-route53-model.ts";
import type { AwsBucket } from "./aws-s3-model.ts";

export { awsLoadBalancer } from "./aws-elbv2-model.ts";
export type { AwsListener, AwsLoadBalancer, AwsTargetGroup, TargetChanges } from "./aws-elbv2-model.ts";

/** What exists in the simulated account. Services read it at each call, so a change shows at once. */
export interface AwsModel {
  readonly account: string;
  readonly loadBalancers: AwsLoadBalancer[];
  ec2?: Ec2Model;
  autoScaling?: AutoScalingModel;
  ecs?: EcsModel;
  readonly buckets?: AwsBucket[];
  readonly hostedZones?: AwsHostedZone[];
  readonly distributions?: AwsDistribution[];
  readonly certificates?: AwsCertificate[];
  readonly logGroups?: AwsLogGroup[];
  /** Told of every step of an instance's, a container instance's and a task's life, in the order of time. */
  onHappening?: (happening: AwsHappening) => void;
}

/** A step that something in the account made. `at` is epoch ms. */
export type AwsHappening =
  | { readonly kind: "instance"; readonly at: number; readonly id: string; readonly state: InstanceState }
  | { readonly kind: "container-instance"; readonly at: number; readonly arn: string; readonly status: string }
  | { readonly kind: "task"; readonly at: number; readonly arn: string; readonly status: TaskStatus };
