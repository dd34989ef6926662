import { paginateGetResources, ResourceGroupsTaggingAPIClient } from "@aws-sdk/client-resource-groups-tagging-api";
import { expect, onTestFinished, test } from "vitest";
import { ACCOUNT, account, balancer, REGION } from "../aws/alarm-account.ts";

test("resources are found by type and tags, in pages, each region its own; those without tags are not listed", async () => {
  const { made } = balancer("acme");
  made.tags["owner"] = "corewatch";
  const { client: config, sns } = await account({ model: { account: ACCOUNT, loadBalancers: [made] } });
  const client = new ResourceGroupsTaggingAPIClient(config);
  onTestFinished(() => client.destroy());
  const tags = (index: number): Map<string, string> =>
    new Map([["owner", "corewatch"], ...(index % 2 === 0 ? [["even", "yes"] as const] : [])]);
  for (let index = 0; index < 120; index++) sns.topics.create(REGION, `t${index}`, new Map(), tags(index));
  sns.topics.create(REGION, "bare", new Map(), new Map());
  sns.topics.create("us-east-1", "far", new Map(), tags(0));
  const find = async (filters: { Key: string; Values?: string[] }[], ResourceTypeFilters?: string[]) => {
    const sizes: number[] = [];
    const input = { TagFilters: filters, ResourcesPerPage: 100, ...(ResourceTypeFilters && { ResourceTypeFilters }) };
    for await (const page of paginateGetResources({ client }, input))
      sizes.push(page.ResourceTagMappingList?.length ?? 0);
    return sizes;
  };
  expect(await find([])).toEqual([100, 21]);
  expect(await find([{ Key: "owner", Values: ["corewatch", "x"] }], ["sns"])).toEqual([100, 20]);
  expect(await find([{ Key: "owner" }, { Key: "even" }])).toEqual([60]);
  expect(await find([{ Key: "owner", Values: ["x"] }])).toEqual([0]);
  expect(await find([], ["elasticloadbalancing:loadbalancer"])).toEqual([1]);
  expect(await find([], ["cloudwatch:alarm"])).toEqual([0]);
});
