import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ECSClient } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { onTestFinished } from "vitest";
import { addAutoScalingGroup } from "../../src/sandbox/aws-autoscaling-model.ts";
import { launchInstance, settleAccount } from "../../src/sandbox/aws-ec2-life.ts";
import { addLaunchTemplate, emptyEc2 } from "../../src/sandbox/aws-ec2-model.ts";
import { createComputeServices } from "../../src/sandbox/aws-ec2-services.ts";
import {
  addCapacityProvider,
  addCluster,
  addService,
  addTaskDefinition,
  emptyEcs,
} from "../../src/sandbox/aws-ecs-model.ts";
import { modelTargets } from "../../src/sandbox/aws-elbv2-targets.ts";
import { elbv2Service } from "../../src/sandbox/aws-elbv2.ts";
import { awsLoadBalancer, type AwsHappening, type AwsModel } from "../../src/sandbox/aws-model.ts";
import { startAws } from "../../src/sandbox/aws-server.ts";
import { FakeClock } from "../fakes/clock.ts";

export const ACCOUNT = "123456789012";
export const REGION = "eu-west-1";
export const ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];
export const USER_DATA = "#!/bin/bash\necho ECS_CLUSTER=shop >> /etc/ecs/ecs.config\n";
export const DRAINING = "echo ECS_ENABLE_SPOT_INSTANCE_DRAINING=true >> /etc/ecs/ecs.config\n";

/** An account over a server that runs, with the SDK's clients, on a clock that stands still. */
export async function computeAccount(options: { readonly elbPageSize?: number } = {}) {
  const clock = new FakeClock();
  const model: AwsModel = { account: ACCOUNT, loadBalancers: [], ec2: emptyEc2(REGION), ecs: emptyEcs() };
  const happened: AwsHappening[] = [];
  model.onHappening = (happening) => void happened.push(happening);
  const compute = createComputeServices({ clock, model });
  const { elbPageSize } = options;
  const elb = elbv2Service(model, { clock, ...(elbPageSize === undefined ? {} : { pageSize: elbPageSize }) });
  const aws = await startAws({ clock, services: [...compute.services, elb] });
  const config = {
    endpoint: aws.url,
    region: REGION,
    credentials: { accessKeyId: "AKIASANDBOX", secretAccessKey: "secret" },
    maxAttempts: 1,
  };
  const clients = {
    ec2: new EC2Client(config),
    scaling: new AutoScalingClient(config),
    ecs: new ECSClient(config),
    elb: new ElasticLoadBalancingV2Client(config),
  };
  onTestFinished(async () => {
    compute.stop();
    for (const client of Object.values(clients)) client.destroy();
    await aws.stop();
  });
  return { clock, model, aws, compute, config, happened, ...clients };
}

/** The shop: two spot instances in two zones, two tasks of one service behind a load balancer, all of it up. */
export async function shop(options: { readonly userData?: string } = {}) {
  const account = await computeAccount();
  const { model, clock } = account;
  const start = clock.now() - 3_600_000;
  const targets = modelTargets({
    now: () => clock.now(),
    zoneOf: (id) => model.ec2?.instances.find((one) => one.id === id && one.state === "running")?.zone,
    drainMs: 30_000,
  });
  const balancer = awsLoadBalancer({
    region: REGION,
    account: ACCOUNT,
    name: "shop",
    zones: ZONES,
    protocol: "HTTP",
    port: 80,
    targetGroups: [{ name: "shop", port: 80, ...targets }],
  });
  model.loadBalancers.push(balancer);
  const template = addLaunchTemplate(model, {
    region: REGION,
    name: "shop",
    userData: options.userData ?? USER_DATA + DRAINING,
  });
  const group = addAutoScalingGroup(model, {
    region: REGION,
    name: "shop",
    launchTemplate: template,
    zones: ZONES,
    desired: 2,
  });
  addCapacityProvider(model, { region: REGION, name: "shop-spot", autoScalingGroupArn: group.arn });
  addCluster(model, { region: REGION, name: "shop", capacityProviders: ["shop-spot"] });
  const definition = addTaskDefinition(model, {
    region: REGION,
    family: "shop",
    containers: [
      { name: "web", ports: [{ containerPort: 8080, hostPort: 0 }], stopTimeout: 60, logGroup: "/ecs/shop" },
    ],
  });
  const service = addService(model, {
    region: REGION,
    cluster: "shop",
    name: "web",
    desired: 2,
    taskDefinitionArn: definition.arn,
    capacityProviders: ["shop-spot"],
    minimumHealthyPercent: 50,
    targetGroups: [{ arn: balancer.targetGroups[0]?.arn ?? "", container: "web", containerPort: 8080 }],
  });
  const instances = ["a", "b"].map(
    (letter, index) =>
      launchInstance(model, {
        zone: `${REGION}${letter}`,
        type: index === 0 ? "t3.small" : "t3a.small",
        privateIp: `10.0.${index}.7`,
        publicIp: `52.1.2.${index + 3}`,
        spot: true,
        group: "shop",
        at: start,
      }).id,
  );
  settleAccount(model, clock.now());
  account.happened.length = 0;
  const [first = "", second = ""] = instances;
  return { ...account, balancer, targets, service, group, template, first, second };
}
