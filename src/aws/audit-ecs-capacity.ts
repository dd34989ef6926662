import type { CapacityProvider, ECSClient } from "@aws-sdk/client-ecs";
import { CloudError, type CapacityProviderFacts, type CloudPlace } from "../domain/index.ts";
import { send } from "./alarm-clients.ts";
import { groupReader } from "./audit-autoscaling.ts";
import { refuseFailures } from "./audit-ecs-tasks.ts";
import { Memo, told, type AuditReach } from "./audit-reach.ts";
import type { AwsClients } from "./clients.ts";

/** Reads capacity providers with their Auto Scaling groups. */
export interface ProviderReader {
  /** Those of the names, in their order. @throws CloudError */
  read(place: CloudPlace, cluster: string, names: readonly string[]): Promise<CapacityProviderFacts[]>;
}

/** Reads each capacity provider once. */
export function providerReader(reach: AuditReach, clients: AwsClients<ECSClient>): ProviderReader {
  const providers = new Memo<CapacityProviderFacts>();
  const groups = groupReader(reach);

  const readOne = async (place: CloudPlace, cluster: string, name: string): Promise<CapacityProviderFacts> => {
    const found = await describe(reach, clients, place, cluster, name);
    const { autoScalingGroupProvider: own } = found;
    // Fargate's have no group.
    const group = own === undefined ? undefined : await groups.read(place, groupName(own.autoScalingGroupArn ?? ""));
    return {
      name,
      managedScaling: own?.managedScaling?.status === "ENABLED",
      managedTerminationProtection: own?.managedTerminationProtection === "ENABLED",
      group,
    };
  };
  return {
    read: (place, cluster, names) =>
      Promise.all([...new Set(names)].map((name) => providers.ask(place, name, () => readOne(place, cluster, name)))),
  };
}

async function describe(
  reach: AuditReach,
  clients: AwsClients<ECSClient>,
  place: CloudPlace,
  cluster: string,
  name: string,
): Promise<CapacityProvider> {
  const { DescribeCapacityProvidersCommand } = await import("@aws-sdk/client-ecs");
  const operation = "ecs:DescribeCapacityProviders";
  const subject = `capacity provider ${name}`;
  const call = reach.callTo(place);
  return send({ place, call, operation, subject }, async () => {
    const client = await clients.for(place);
    const command = new DescribeCapacityProvidersCommand({ capacityProviders: [name] });
    const answer = await client.send(command, { abortSignal: call.signal });
    refuseFailures(operation, answer.failures);
    const found = told(answer.capacityProviders, operation, subject)[0];
    if (found === undefined)
      throw new CloudError("failed", `cluster ${cluster} places tasks by ${subject}, which AWS does not have`);
    return found;
  });
}

/** An ARN, or the name itself. */
function groupName(arn: string): string {
  return arn.split("autoScalingGroupName/").at(-1) ?? arn;
}
