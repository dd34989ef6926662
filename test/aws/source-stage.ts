import { onTestFinished } from "vitest";
import { createInstanceReader } from "../../src/aws/instances.ts";
import { createLoadBalancerReader } from "../../src/aws/load-balancers.ts";
import { ecsSource } from "../../src/aws/source-ecs.ts";
import { tagSource } from "../../src/aws/source-tags.ts";
import { targetGroupSource } from "../../src/aws/source-target-group.ts";
import type { CloudError, CoreSource, DiscoverySettings, FoundCore } from "../../src/domain/index.ts";
import { emptyEc2 } from "../../src/sandbox/aws-ec2-model.ts";
import { createComputeServices } from "../../src/sandbox/aws-ec2-services.ts";
import { emptyEcs } from "../../src/sandbox/aws-ecs-model.ts";
import { elbv2Service } from "../../src/sandbox/aws-elbv2.ts";
import { modelTargets } from "../../src/sandbox/aws-elbv2-targets.ts";
import { awsLoadBalancer, type AwsModel } from "../../src/sandbox/aws-model.ts";
import { startAws } from "../../src/sandbox/aws-server.ts";
import { FakeClock } from "../fakes/clock.ts";
import { systemClock } from "../../src/system/clock.ts";

export const REGION = "eu-west-1";
const ACCOUNT = "123456789012";

/** An account with a load balancer whose targets a test sets, with EC2 and ECS, and the sources over its wire. */
export async function openAccount() {
  const clock = new FakeClock();
  const model: AwsModel = {
    account: ACCOUNT,
    loadBalancers: [],
    ec2: emptyEc2(REGION, { timing: { pendingMs: 0, noticeMs: 2_000, shuttingDownMs: 2_000 } }),
    ecs: emptyEcs({ pendingMs: 0, activatingMs: 0, stoppingMs: 3_000, joinMs: 0 }),
  };
  const zoneOf = (id: string): string | undefined => model.ec2?.instances.find((one) => one.id === id)?.zone;
  const targets = modelTargets({ now: () => clock.now(), zoneOf, drainMs: 5_000 });
  model.loadBalancers.push(
    awsLoadBalancer({
      region: REGION,
      account: ACCOUNT,
      name: "acme",
      zones: [`${REGION}a`, `${REGION}b`],
      protocol: "HTTPS",
      port: 3567,
      targetGroups: [{ name: "cores", port: 3567, targets: () => targets.targets(), changes: targets.changes }],
    }),
  );
  const compute = createComputeServices({ clock, model });
  const aws = await startAws({ clock: systemClock, services: [elbv2Service(model), ...compute.services] });
  onTestFinished(() => aws.stop());
  const own = {
    endpoint: aws.url,
    credentials: { accessKeyId: "AKIASANDBOX", secretAccessKey: "secret" },
    maxAttempts: 1,
    requestTimeoutMs: 500,
  };
  const instances = createInstanceReader(own);
  // Each look anew: what checks share is not the matter here.
  const source = (from: DiscoverySettings["from"]): CoreSource => {
    if (from === "ecs") return ecsSource(instances, own);
    if (from === "tags") return tagSource(instances);
    return targetGroupSource(createLoadBalancerReader({ clock: new FakeClock(), ...own }), instances);
  };
  return {
    clock,
    model,
    aws,
    targets,
    find(discover: DiscoverySettings, address: "private" | "public" = "private"): Promise<readonly FoundCore[]> {
      return source(discover.from)(
        {
          id: "acme",
          app: "acme",
          loadBalancer: "acme",
          place: { region: REGION, roleArn: undefined },
          discover,
          addressing: { protocol: "https", address, basePath: "" },
        },
        new AbortController().signal,
      );
    },
  };
}

/** What a read failed with. @throws Error when it did not */
export async function failing(promise: Promise<unknown>): Promise<CloudError> {
  return promise.then(
    (found) => {
      throw new Error(`it answered ${JSON.stringify(found)}`);
    },
    (error: CloudError) => error,
  );
}
