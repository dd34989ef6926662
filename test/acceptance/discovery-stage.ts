import type { TestContext } from "vitest";
import { launchInstance } from "../../src/sandbox/aws-ec2-life.ts";
import { emptyEc2 } from "../../src/sandbox/aws-ec2-model.ts";
import { eventQueuePolicy, sendNotice, spotInterruptionNotice } from "../../src/sandbox/aws-ec2-notices.ts";
import { createComputeServices } from "../../src/sandbox/aws-ec2-services.ts";
import { joinCluster } from "../../src/sandbox/aws-ecs-life.ts";
import {
  addCluster,
  addService,
  addTaskDefinition,
  emptyEcs,
  type EcsTaskRecord,
} from "../../src/sandbox/aws-ecs-model.ts";
import { startTask } from "../../src/sandbox/aws-ecs-tasks.ts";
import type { AwsModel } from "../../src/sandbox/aws-model.ts";
import { startAws, type SandboxAws } from "../../src/sandbox/aws-server.ts";
import { createQueues } from "../../src/sandbox/aws-sqs.ts";
import { systemClock } from "../../src/system/clock.ts";
import { openStage, type FleetFile, type Stage } from "./stage.ts";

const region = "eu-west-1";
const account = "123456789012";

/** A fleet on ECS: its instances are this host, its tasks the stage's cores. */
export interface DiscoveryStage extends Stage {
  readonly model: AwsModel;
  readonly aws: SandboxAws;
  /** Launches a spot instance that joins the cluster; gives its id. */
  host(): string;
  /** Starts a task on an instance, whose core listens on this port. */
  task(instance: string, port: number): EcsTaskRecord;
  /** Sends EventBridge's notice that an instance will be taken. */
  warn(instance: string): void;
  /** Writes fleet.yaml: no core is listed, all are found. */
  find(more?: FleetFile): Promise<void>;
}

/** Sets it up; everything is gone with its test. */
export async function openDiscoveryStage(context: TestContext, coreCount: number): Promise<DiscoveryStage> {
  const stage = await openStage(context, coreCount);
  const clock = systemClock;
  const model: AwsModel = {
    account,
    loadBalancers: [],
    ec2: emptyEc2(region, { timing: { pendingMs: 0, noticeMs: 3_000, shuttingDownMs: 500 } }),
    ecs: emptyEcs({ pendingMs: 0, activatingMs: 0, stoppingMs: 1_500, joinMs: 0 }),
  };
  addCluster(model, { region, name: "prod" });
  const { arn: taskDefinitionArn } = addTaskDefinition(model, {
    region,
    family: "acme",
    containers: [{ name: "core", ports: [{ containerPort: 3_567, hostPort: 0 }] }],
  });
  // Tasks are placed by the test: each of them stands for a core that listens here.
  const service = addService(model, {
    region,
    cluster: "prod",
    name: "acme",
    desired: 0,
    taskDefinitionArn,
    placing: false,
  });
  const queues = createQueues({ clock, account });
  const compute = createComputeServices({ clock, model, everyMs: 50 });
  const aws = await startAws({ clock, services: [...compute.services, queues.service] });
  compute.start();
  stage.later(async () => {
    compute.stop();
    queues.stop();
    await aws.stop();
  });
  const arn = `arn:aws:sqs:${region}:${account}:host-notices`;
  queues.create(region, "host-notices", { Policy: eventQueuePolicy(arn) });
  Object.assign(stage.env, {
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: "AKIDACCEPTANCE",
    AWS_SECRET_ACCESS_KEY: "secret-of-acceptance",
    AWS_EC2_METADATA_DISABLED: "true",
  });
  const holders = new Map<string, string>();
  let hosts = 0;

  return {
    ...stage,
    model,
    aws,
    host() {
      const at = clock.now() - 1;
      const id = `i-0a${++hosts}`;
      const zone = `${region}${hosts % 2 === 0 ? "b" : "a"}`;
      launchInstance(model, { id, zone, type: "t4g.small", privateIp: "127.0.0.1", spot: true, at });
      holders.set(id, joinCluster(model, { region, cluster: "prod", instance: id, at }).arn);
      return id;
    },
    task(instance, port) {
      service.desired++;
      const containerInstance = holders.get(instance) ?? "";
      return startTask(model, { service: service.arn, containerInstance, at: clock.now(), hostPorts: { 3567: port } });
    },
    warn(instance) {
      if (!sendNotice(queues, arn, spotInterruptionNotice(model, instance, clock.now())))
        throw new Error("the queue did not take the notice");
    },
    find: (more = {}) => {
      const { cores: _cores, ...deployment } = stage.deployment();
      return stage.write({
        region,
        inventory: { schedule: "* * * * * *", events: { queue: arn }, budget: { production: "4s" } },
        deployments: [
          {
            ...deployment,
            discover: "ecs",
            ecs: { cluster: "prod", service: "acme" },
            discovery: { protocol: "http", container: "core" },
          },
        ],
        ...more,
      });
    },
  };
}
