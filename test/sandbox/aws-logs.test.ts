import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  paginateDescribeLogGroups,
} from "@aws-sdk/client-cloudwatch-logs";
import { expect, onTestFinished, test } from "vitest";
import { logsService } from "../../src/sandbox/aws-logs.ts";
import { endpoint, REGION } from "./aws-endpoint.ts";

test("log groups by prefix, of one region, over all pages, with or without an end", async () => {
  const logGroups = [
    { region: REGION, name: "/ecs/core-2" },
    { region: REGION, name: "/ecs/core", retentionInDays: 30 },
    { region: REGION, name: "/ecs/core-1", retentionInDays: 7 },
    { region: REGION, name: "/lambda/x" },
    { region: "us-east-1", name: "/ecs/core-3" },
  ];
  const { client, aws } = await endpoint({ logGroups }, (model) => [logsService(model, { pageSize: 2 })]);
  const logs = new CloudWatchLogsClient(client);
  onTestFinished(() => logs.destroy());
  const read = [];
  for await (const page of paginateDescribeLogGroups({ client: logs }, { logGroupNamePrefix: "/ecs/core" }))
    read.push(...(page.logGroups ?? []).map(({ logGroupName, retentionInDays }) => [logGroupName, retentionInDays]));
  expect(read).toEqual([
    ["/ecs/core", 30],
    ["/ecs/core-1", 7],
    ["/ecs/core-2", undefined],
  ]);
  expect(aws.calls).toHaveLength(2);
  await expect(logs.send(new DescribeLogGroupsCommand({ nextToken: "eA==" }))).rejects.toMatchObject({
    name: "InvalidParameterException",
  });
});
