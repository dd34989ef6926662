import type { AutoScalingClient, AutoScalingGroup, LaunchTemplateSpecification } from "@aws-sdk/client-auto-scaling";
import type { EC2Client } from "@aws-sdk/client-ec2";
import { CloudError, type AutoScalingFacts, type CloudCall, type CloudPlace } from "../domain/index.ts";
import { everyPage, send } from "./alarm-clients.ts";
import { Memo, told, type AuditReach } from "./audit-reach.ts";
import type { AwsClients } from "./clients.ts";

/** The most that one page of DescribeAutoScalingGroups holds. */
const PAGE_SIZE = 100;

/** Reads Auto Scaling groups. */
export interface GroupReader {
  /** `undefined`: there is none of this name. @throws CloudError */
  read(place: CloudPlace, name: string): Promise<AutoScalingFacts | undefined>;
}

/** What a group's instances are started from. */
interface Launch {
  readonly instanceType: string | undefined;
  readonly spot: boolean;
  readonly userData: string | undefined;
}

/** Reads each group and its launch template (or, in old accounts, launch configuration) once. */
export function groupReader(reach: AuditReach): GroupReader {
  const groups = reach.clients(async (config) => {
    const { AutoScalingClient } = await import("@aws-sdk/client-auto-scaling");
    return new AutoScalingClient(config);
  });
  const ec2 = reach.clients(async (config) => {
    const { EC2Client } = await import("@aws-sdk/client-ec2");
    return new EC2Client(config);
  });
  const facts = new Memo<AutoScalingFacts | undefined>();
  return {
    read: (place, name) =>
      facts.ask(place, name, async () => {
        const call = reach.callTo(place);
        const group = await readGroup(groups, place, call, name);
        if (group === undefined) return undefined;
        return groupFacts(group, name, await launchOf(group, name, { groups, ec2, place, call }));
      }),
  };
}

/** What a launch is looked up with. */
interface Asked {
  readonly groups: AwsClients<AutoScalingClient>;
  readonly ec2: AwsClients<EC2Client>;
  readonly place: CloudPlace;
  readonly call: CloudCall;
}

async function readGroup(
  clients: AwsClients<AutoScalingClient>,
  place: CloudPlace,
  call: CloudCall,
  name: string,
): Promise<AutoScalingGroup | undefined> {
  const { DescribeAutoScalingGroupsCommand } = await import("@aws-sdk/client-auto-scaling");
  const operation = "autoscaling:DescribeAutoScalingGroups";
  const all = await everyPage({ place, call, operation, subject: `Auto Scaling group ${name}` }, async (token) => {
    const client = await clients.for(place);
    const command = new DescribeAutoScalingGroupsCommand({
      AutoScalingGroupNames: [name],
      MaxRecords: PAGE_SIZE,
      ...(token === undefined ? {} : { NextToken: token }),
    });
    const answer = await client.send(command, { abortSignal: call.signal });
    return { items: answer.AutoScalingGroups, next: answer.NextToken };
  });
  return all.find(({ AutoScalingGroupName }) => AutoScalingGroupName === name);
}

async function launchOf(group: AutoScalingGroup, name: string, asked: Asked): Promise<Launch> {
  const template = group.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification ?? group.LaunchTemplate;
  if (template !== undefined) return readTemplate(asked, template, name);
  if (group.LaunchConfigurationName !== undefined) return readConfiguration(asked, group.LaunchConfigurationName);
  throw new CloudError("failed", `AWS does not tell what Auto Scaling group ${name} starts its instances from`);
}

async function readTemplate(
  { ec2, place, call }: Asked,
  { LaunchTemplateId, LaunchTemplateName, Version = "$Default" }: LaunchTemplateSpecification,
  group: string,
): Promise<Launch> {
  const { DescribeLaunchTemplateVersionsCommand } = await import("@aws-sdk/client-ec2");
  const operation = "ec2:DescribeLaunchTemplateVersions";
  const subject = `launch template of Auto Scaling group ${group}`;
  return send({ place, call, operation, subject }, async () => {
    const client = await ec2.for(place);
    const which = LaunchTemplateId === undefined ? { LaunchTemplateName } : { LaunchTemplateId };
    const command = new DescribeLaunchTemplateVersionsCommand({ ...which, Versions: [Version] });
    const answer = await client.send(command, { abortSignal: call.signal });
    const data = told(answer.LaunchTemplateVersions?.[0]?.LaunchTemplateData, operation, subject);
    return {
      instanceType: data.InstanceType,
      spot: data.InstanceMarketOptions?.MarketType === "spot",
      userData: decoded(data.UserData),
    };
  });
}

async function readConfiguration({ groups, place, call }: Asked, name: string): Promise<Launch> {
  const { DescribeLaunchConfigurationsCommand } = await import("@aws-sdk/client-auto-scaling");
  const operation = "autoscaling:DescribeLaunchConfigurations";
  const subject = `launch configuration ${name}`;
  return send({ place, call, operation, subject }, async () => {
    const client = await groups.for(place);
    const command = new DescribeLaunchConfigurationsCommand({ LaunchConfigurationNames: [name] });
    const answer = await client.send(command, { abortSignal: call.signal });
    const found = told(answer.LaunchConfigurations?.[0], operation, subject);
    return {
      instanceType: found.InstanceType,
      spot: found.SpotPrice !== undefined && found.SpotPrice !== "",
      userData: decoded(found.UserData),
    };
  });
}

function decoded(base64: string | undefined): string | undefined {
  return base64 === undefined || base64 === "" ? undefined : Buffer.from(base64, "base64").toString("utf8");
}

function groupFacts(group: AutoScalingGroup, name: string, launch: Launch): AutoScalingFacts {
  const policy = group.MixedInstancesPolicy;
  const share = policy?.InstancesDistribution;
  const operation = "autoscaling:DescribeAutoScalingGroups";
  return {
    name,
    min: told(group.MinSize, operation, `sizes of ${name}`),
    max: told(group.MaxSize, operation, `sizes of ${name}`),
    desired: told(group.DesiredCapacity, operation, `sizes of ${name}`),
    zones: told(group.AvailabilityZones, operation, `zones of ${name}`),
    instanceTypes: typesOf(group, launch),
    protectedFromScaleIn: group.NewInstancesProtectedFromScaleIn === true,
    onDemandBase: share?.OnDemandBaseCapacity ?? 0,
    onDemandPercentAboveBase:
      share?.OnDemandPercentageAboveBaseCapacity ?? (policy === undefined && launch.spot ? 0 : 100),
    spotAllocation: share?.SpotAllocationStrategy,
    capacityRebalance: group.CapacityRebalance === true,
    instances: told(group.Instances, operation, `instances of ${name}`).map((one) => ({
      id: one.InstanceId ?? "",
      type: one.InstanceType ?? "",
      zone: one.AvailabilityZone ?? "",
      lifecycle: one.LifecycleState ?? "",
      protectedFromScaleIn: one.ProtectedFromScaleIn === true,
    })),
    userData: launch.userData,
  };
}

/** The policy's types; where it only says what they must have, what it allows (`*`: anything) and what runs. */
function typesOf({ MixedInstancesPolicy, Instances = [] }: AutoScalingGroup, { instanceType }: Launch): string[] {
  const overrides = MixedInstancesPolicy?.LaunchTemplate?.Overrides ?? [];
  const named = overrides.flatMap(({ InstanceType }) => InstanceType ?? []);
  const required = overrides.flatMap(({ InstanceRequirements: wish }) =>
    wish === undefined ? [] : (wish.AllowedInstanceTypes ?? ["*"]),
  );
  const running = required.length === 0 ? [] : Instances.flatMap(({ InstanceType }) => InstanceType ?? []);
  const all = [...new Set([...named, ...required, ...running])];
  return all.length > 0 ? all : [instanceType ?? ""].filter((type) => type !== "");
}
