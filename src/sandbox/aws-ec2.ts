import type { Clock } from "../domain/index.ts";
import { instancesAnswer } from "./aws-ec2-instances.ts";
import { settleAccount } from "./aws-ec2-life.ts";
import { emptyEc2, templateVersion, type Ec2Model, type LaunchTemplate } from "./aws-ec2-model.ts";
import { ec2Page, ec2QueryService, passes, tagSet, type Ec2Parameters } from "./aws-ec2-query.ts";
import type { AwsModel } from "./aws-model.ts";
import type { Xml } from "./aws-query.ts";
import { AwsFault, type AwsRequest, type AwsService } from "./aws-server.ts";

const VPC = "vpc-0a1b2c3d4e5f60718";

/** EC2 over the model: what is described of instances, zones, security groups, addresses and launch templates. */
export function ec2Service(model: AwsModel, clock: Clock): AwsService {
  const ec2 = (): Ec2Model => {
    settleAccount(model, clock.now());
    return model.ec2 ?? emptyEc2("", { zones: [] });
  };
  return ec2QueryService({
    DescribeInstances: (parameters, { region }) => instancesAnswer(ec2(), model.account, region, parameters),

    DescribeAvailabilityZones: (parameters, { region }) => {
      const names = parameters.list("ZoneName");
      const zones = ec2().zones.filter((zone) => zone.name.slice(0, -1) === region);
      for (const name of names)
        if (!zones.some((zone) => zone.name === name))
          throw new AwsFault("InvalidParameterValue", `Invalid availability zone: [${name}]`);
      const chosen = zones
        .filter((zone) => names.length === 0 || names.includes(zone.name))
        .filter((zone) =>
          passes(parameters.filters(), {}, (filter) => {
            if (filter === "zone-name") return [zone.name];
            if (filter === "state") return [zone.state];
            if (filter === "region-name") return [region];
            if (filter === "zone-type") return ["availability-zone"];
            return filter === "opt-in-status" ? ["opt-in-not-required"] : undefined;
          }),
        );
      return {
        availabilityZoneInfo: chosen.map(({ name, state }) => ({
          zoneName: name,
          zoneState: state,
          zoneType: "availability-zone",
          regionName: region,
          groupName: region,
          networkBorderGroup: region,
          optInStatus: "opt-in-not-required",
          messageSet: [],
        })),
      };
    },

    DescribeSecurityGroups: (parameters, { region }) => {
      const all = ec2().securityGroups.filter((group) => group.region === region);
      const ids = parameters.list("GroupId");
      const names = parameters.list("GroupName");
      const missing = ids.find((id) => !all.some((group) => group.id === id));
      if (missing !== undefined)
        throw new AwsFault("InvalidGroup.NotFound", `The security group '${missing}' does not exist`);
      const unnamed = names.find((name) => !all.some((group) => group.name === name));
      if (unnamed !== undefined)
        throw new AwsFault(
          "InvalidGroup.NotFound",
          `The security group '${unnamed}' does not exist in default VPC '${VPC}'`,
        );
      const chosen = all
        .filter((group) => ids.length === 0 || ids.includes(group.id))
        .filter((group) => names.length === 0 || names.includes(group.name))
        .filter((group) =>
          passes(parameters.filters(), group.tags, (filter) => {
            if (filter === "group-id") return [group.id];
            if (filter === "group-name") return [group.name];
            return filter === "vpc-id" ? [VPC] : undefined;
          }),
        );
      const { items, next } = ec2Page(chosen, parameters, { least: 5, most: 1_000 });
      return {
        securityGroupInfo: items.map(({ id, name, tags }) => ({
          ownerId: model.account,
          groupId: id,
          groupName: name,
          groupDescription: name,
          vpcId: VPC,
          tagSet: tagSet(tags),
        })),
        nextToken: next,
      };
    },

    DescribeAddresses: (parameters, { region }) => {
      const { addresses } = ec2();
      const all = addresses.filter((address) => address.region === region);
      const [ids, ips] = [parameters.list("AllocationId"), parameters.list("PublicIp")];
      const unknownId = ids.find((id) => !all.some((address) => address.allocationId === id));
      if (unknownId !== undefined)
        throw new AwsFault("InvalidAllocationID.NotFound", `The allocation ID '${unknownId}' does not exist`);
      const unknownIp = ips.find((ip) => !all.some((address) => address.publicIp === ip));
      if (unknownIp !== undefined) throw new AwsFault("InvalidAddress.NotFound", `Address '${unknownIp}' not found.`);
      const chosen = all
        .filter((address) => ids.length === 0 || ids.includes(address.allocationId))
        .filter((address) => ips.length === 0 || ips.includes(address.publicIp))
        .filter((address) =>
          passes(parameters.filters(), {}, (filter) => {
            if (filter === "public-ip") return [address.publicIp];
            if (filter === "allocation-id") return [address.allocationId];
            return filter === "instance-id" ? [address.instance ?? []].flat() : undefined;
          }),
        );
      return {
        addressesSet: chosen.map(({ allocationId, publicIp, instance }) => ({
          publicIp,
          allocationId,
          domain: "vpc",
          instanceId: instance,
          associationId: instance === undefined ? undefined : allocationId.replace("eipalloc", "eipassoc"),
          networkBorderGroup: region,
        })),
      };
    },

    DescribeLaunchTemplateVersions: (parameters, request) => {
      const template = templateOf(ec2(), parameters, request);
      const asked = parameters.list("LaunchTemplateVersion");
      const wanted = asked.length === 0 ? template.versions.map((_, index) => String(index + 1)) : asked;
      const versions = wanted.map((version) => {
        const found = templateVersion(template, version);
        if (found === undefined)
          throw new AwsFault(
            "InvalidLaunchTemplateId.VersionNotFound",
            `Could not find the specified version ${version} for the launch template with ID ${template.id}.`,
          );
        return found;
      });
      const { items, next } = ec2Page(versions, parameters, { least: 1, most: 200 });
      return {
        launchTemplateVersionSet: items.map((version) => versionXml(template, version, model.account)),
        nextToken: next,
      };
    },
  });
}

function templateOf(ec2: Ec2Model, parameters: Ec2Parameters, { region }: AwsRequest): LaunchTemplate {
  const id = parameters.get("LaunchTemplateId");
  const name = parameters.get("LaunchTemplateName");
  const found = ec2.launchTemplates.find(
    (one) => one.region === region && (id === undefined ? one.name === name : one.id === id),
  );
  if (found !== undefined) return found;
  if (id !== undefined)
    throw new AwsFault(
      "InvalidLaunchTemplateId.NotFound",
      `The specified launch template, with template ID ${id}, does not exist.`,
    );
  if (name !== undefined)
    throw new AwsFault(
      "InvalidLaunchTemplateName.NotFoundException",
      `The specified launch template, with template name ${name}, does not exist.`,
    );
  throw new AwsFault("MissingParameter", "Either a launch template ID or a launch template name must be specified.");
}

function versionXml(
  template: LaunchTemplate,
  version: NonNullable<ReturnType<typeof templateVersion>>,
  account: string,
): Xml {
  const { userData, instanceType, securityGroupIds } = version;
  return {
    launchTemplateId: template.id,
    launchTemplateName: template.name,
    versionNumber: version.number,
    createTime: new Date(version.createdAt).toISOString(),
    createdBy: `arn:aws:iam::${account}:root`,
    defaultVersion: version.number === template.defaultVersion,
    launchTemplateData: {
      imageId: "ami-0a1b2c3d4e5f60718",
      instanceType,
      userData: userData === undefined ? undefined : Buffer.from(userData).toString("base64"),
      securityGroupIdSet: securityGroupIds,
    },
  };
}
