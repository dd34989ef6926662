import { CloudError, type CloudCall, type CloudPlace, type TaggedResource, type Tags } from "../domain/index.ts";
import { everyPage, send, type AlarmClients } from "./alarm-clients.ts";
import { readAlarmTags } from "./cloudwatch.ts";

/** The most that one page of GetResources holds. */
const PAGE_SIZE = 100;
const TYPES = ["cloudwatch:alarm", "sns"];

/** Alarms and topics that bear a tag. @throws CloudError */
export async function readTagged(
  clients: AlarmClients,
  place: CloudPlace,
  key: string,
  value: string,
  call: CloudCall,
): Promise<TaggedResource[]> {
  const { GetResourcesCommand } = await import("@aws-sdk/client-resource-groups-tagging-api");
  const request = { place, call, operation: "tag:GetResources", subject: `resources tagged ${key}` } as const;
  return everyPage(request, async (token) => {
    const client = await clients.tagging.for(place);
    const command = new GetResourcesCommand({
      TagFilters: [{ Key: key, Values: [value] }],
      ResourceTypeFilters: TYPES,
      ResourcesPerPage: PAGE_SIZE,
      ...(token === undefined ? {} : { PaginationToken: token }),
    });
    const answer = await client.send(command, { abortSignal: call.signal });
    return {
      items: answer.ResourceTagMappingList?.map((resource) => {
        if (resource.ResourceARN === undefined)
          throw new CloudError("failed", "AWS listed a tagged resource without its ARN");
        return { arn: resource.ResourceARN, tags: recordOf(resource.Tags) };
      }),
      next: answer.PaginationToken,
    };
  });
}

/** Tags of one alarm or topic, as its own service tells them. @throws CloudError */
export async function readTags(clients: AlarmClients, place: CloudPlace, arn: string, call: CloudCall): Promise<Tags> {
  const tags = isTopic(arn)
    ? await topicTags(clients, place, arn, call)
    : await readAlarmTags(clients, place, arn, call);
  if (tags === undefined) throw new CloudError("failed", `AWS answered without the tags of ${arn}`);
  return recordOf(tags);
}

async function topicTags(clients: AlarmClients, place: CloudPlace, arn: string, call: CloudCall) {
  const { ListTagsForResourceCommand } = await import("@aws-sdk/client-sns");
  const subject = `topic ${arn.split(":").at(-1) ?? arn}`;
  return send({ place, call, operation: "sns:ListTagsForResource", subject }, async () => {
    const client = await clients.sns.for(place);
    const answer = await client.send(new ListTagsForResourceCommand({ ResourceArn: arn }), {
      abortSignal: call.signal,
    });
    return answer.Tags;
  });
}

/** Whether an ARN is of SNS; else it is CloudWatch's. */
export function isTopic(arn: string): boolean {
  return arn.split(":")[2] === "sns";
}

function recordOf(
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
): Tags {
  return Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
}
