import type { Clock } from "../domain/index.ts";
import type { AutoScalingGroup, GroupInstance } from "./aws-autoscaling-model.ts";
import { settleAccount } from "./aws-ec2-life.ts";
import type { AwsModel } from "./aws-model.ts";
import { queryService, type Xml } from "./aws-query.ts";
import { AwsFault, type AwsService } from "./aws-server.ts";

const NAMESPACE = "http://autoscaling.amazonaws.com/doc/2011-01-01/";
const MAX_PAGE = 100;
const DEFAULT_PAGE = 50;

/** Auto Scaling over the model: groups are described, with their instances. `pageSize` makes pages smaller than AWS's 100. */
export function autoScalingService(
  model: AwsModel,
  clock: Clock,
  options: { readonly pageSize?: number } = {},
): AwsService {
  const { pageSize = MAX_PAGE } = options;
  return queryService("autoscaling", NAMESPACE, {
    DescribeAutoScalingGroups: (parameters, { region }) => {
      settleAccount(model, clock.now());
      const names = parameters.list("AutoScalingGroupNames");
      // As the service does: a name that it does not know is left out, and is no error.
      const groups = (model.autoScaling?.groups ?? []).filter(
        (group) => group.region === region && (names === undefined || names.includes(group.name)),
      );
      const size = Number(parameters.get("MaxRecords") ?? DEFAULT_PAGE);
      if (!Number.isInteger(size) || size < 1 || size > MAX_PAGE)
        throw new AwsFault("ValidationError", `MaxRecords must be between 1 and ${MAX_PAGE}`);
      const from = Number(parameters.get("NextToken") ?? 0);
      if (!Number.isInteger(from) || from < 0 || from > groups.length)
        throw new AwsFault("InvalidNextToken", "The NextToken value is not valid.");
      const to = from + Math.min(size, pageSize);
      return {
        AutoScalingGroups: groups.slice(from, to).map((group) => groupXml(model, group)),
        NextToken: to < groups.length ? String(to) : undefined,
      };
    },
  });
}

function groupXml(model: AwsModel, group: AutoScalingGroup): Xml {
  const { name, mixed, launchTemplate, tags } = group;
  const template = {
    LaunchTemplateId: launchTemplate.id,
    LaunchTemplateName: launchTemplate.name,
    Version: launchTemplate.version,
  };
  return {
    AutoScalingGroupName: name,
    AutoScalingGroupARN: group.arn,
    ...(mixed === undefined
      ? { LaunchTemplate: template }
      : {
          MixedInstancesPolicy: {
            LaunchTemplate: {
              LaunchTemplateSpecification: template,
              Overrides: mixed.instanceTypes.map((InstanceType) => ({ InstanceType })),
            },
            InstancesDistribution: {
              OnDemandAllocationStrategy: "prioritized",
              OnDemandBaseCapacity: mixed.onDemandBase,
              OnDemandPercentageAboveBaseCapacity: mixed.onDemandPercentAboveBase,
              SpotAllocationStrategy: mixed.spotAllocation,
            },
          },
        }),
    MinSize: group.min,
    MaxSize: group.max,
    DesiredCapacity: group.desired,
    DefaultCooldown: 300,
    AvailabilityZones: group.zones,
    LoadBalancerNames: [],
    TargetGroupARNs: group.targetGroupArns,
    HealthCheckType: "EC2",
    HealthCheckGracePeriod: 0,
    Instances: group.instances.map((instance) => instanceXml(model, group, instance)),
    CreatedTime: new Date(group.createdAt).toISOString(),
    SuspendedProcesses: [],
    VPCZoneIdentifier: group.zones.map((zone) => `subnet-${zone}`).join(","),
    EnabledMetrics: [],
    Tags: Object.entries(tags).map(([Key, Value]) => ({
      ResourceId: name,
      ResourceType: "auto-scaling-group",
      Key,
      Value,
      PropagateAtLaunch: true,
    })),
    TerminationPolicies: ["Default"],
    NewInstancesProtectedFromScaleIn: group.newInstancesProtected,
    CapacityRebalance: group.capacityRebalance,
  };
}

function instanceXml(
  model: AwsModel,
  group: AutoScalingGroup,
  { id, lifecycle, protectedFromScaleIn }: GroupInstance,
): Xml {
  const known = model.ec2?.instances.find((one) => one.id === id);
  return {
    InstanceId: id,
    InstanceType: known?.type,
    AvailabilityZone: known?.zone ?? group.zones[0],
    LifecycleState: lifecycle,
    HealthStatus: "Healthy",
    LaunchTemplate: {
      LaunchTemplateId: group.launchTemplate.id,
      LaunchTemplateName: group.launchTemplate.name,
      Version: String(known?.launchTemplate?.version ?? 1),
    },
    ProtectedFromScaleIn: protectedFromScaleIn,
  };
}
