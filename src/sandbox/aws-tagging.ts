import { jsonPage, jsonService, type Input } from "./aws-json.ts";
import { AwsFault, type AwsService } from "./aws-server.ts";

/** A resource that can bear tags. `type`: `cloudwatch:alarm`, `sns`. */
export interface Tagged {
  readonly type: string;
  readonly arn: string;
  readonly tags: ReadonlyMap<string, string>;
}

const PAGE = 100;
const DEFAULT_PAGE = 50;

/**
 * Resource Groups Tagging API: GetResources over what `resources` tells of a region. As in AWS, resources that bear no tag
 * are not listed. AWS lists changes with a delay; here `resources` decides how late it is.
 */
export function taggingService(resources: (region: string) => readonly Tagged[]): AwsService {
  return jsonService({
    scope: "tagging",
    target: "ResourceGroupsTaggingAPI_20170126",
    version: "1.1",
    namespace: "com.amazonaws.resourcegroupstaggingapi",
    queryCompatible: false,
    operations: {
      GetResources: (input, request) => {
        const size = input.number("ResourcesPerPage") ?? DEFAULT_PAGE;
        if (!(size >= 1 && size <= PAGE))
          throw new AwsFault("InvalidParameterException", "ResourcesPerPage must be 1 to 100");
        const found = resources(request.region).filter((resource) => fits(resource, input));
        const token = input.text("PaginationToken");
        const { items, next } = jsonPage(found, token, size, "PaginationTokenExpiredException");
        return {
          PaginationToken: next ?? "",
          ResourceTagMappingList: items.map(({ arn, tags }) => ({
            ResourceARN: arn,
            Tags: [...tags].map(([Key, Value]) => ({ Key, Value })),
          })),
        };
      },
    },
  });
}

function fits({ type, arn, tags }: Tagged, input: Input): boolean {
  if (tags.size === 0) return false;
  const types = input.texts("ResourceTypeFilters");
  if (types !== undefined && !types.some((wanted) => wanted === type || type.startsWith(`${wanted}:`))) return false;
  const arns = input.texts("ResourceARNList");
  if (arns !== undefined && !arns.includes(arn)) return false;
  return (input.structures("TagFilters") ?? []).every((filter) => {
    const value = tags.get(filter.required("Key"));
    const wanted = filter.texts("Values") ?? [];
    return value !== undefined && (wanted.length === 0 || wanted.includes(value));
  });
}
