import { CloudFrontClient, GetDistributionConfigCommand, paginateListDistributions } from "@aws-sdk/client-cloudfront";
import { expect, onTestFinished, test } from "vitest";
import { cloudFrontService } from "../../src/sandbox/aws-cloudfront.ts";
import { endpoint } from "./aws-endpoint.ts";

const distributions = ["E3", "E1", "E2"].map((id) => ({
  id,
  domainName: `${id.toLowerCase()}.cloudfront.net`,
  enabled: id !== "E2",
  aliases: id === "E1" ? ["render.example.com"] : [],
  origins: [{ id: "api", domainName: "ec2-203-0-113-1.eu-west-1.compute.amazonaws.com" }],
}));

async function start(all = distributions) {
  const { client, aws } = await endpoint({ distributions: all }, (model) => [
    cloudFrontService(model, { pageSize: 2 }),
  ]);
  const cloudFront = new CloudFrontClient(client);
  onTestFinished(() => cloudFront.destroy());
  return { cloudFront, aws };
}

test("distributions over all pages, with their origins and aliases", async () => {
  const { cloudFront, aws } = await start();
  const read = [];
  for await (const { DistributionList } of paginateListDistributions({ client: cloudFront }, {}))
    read.push(...(DistributionList?.Items ?? []));
  expect(read.map(({ Id, Enabled, Aliases }) => [Id, Enabled, Aliases?.Items])).toEqual([
    ["E1", true, ["render.example.com"]],
    ["E2", false, undefined],
    ["E3", true, undefined],
  ]);
  expect(read[0]?.Origins?.Items?.[0]?.DomainName).toBe("ec2-203-0-113-1.eu-west-1.compute.amazonaws.com");
  expect(aws.calls).toHaveLength(2);
});

test("an account without distributions has an empty list", async () => {
  const { cloudFront } = await start([]);
  const pages = [];
  for await (const { DistributionList } of paginateListDistributions({ client: cloudFront }, {}))
    pages.push([DistributionList?.Quantity, DistributionList?.Items]);
  expect(pages).toEqual([[0, undefined]]);
});

test("one distribution's configuration; one that is not there is an error", async () => {
  const { cloudFront } = await start();
  const { DistributionConfig } = await cloudFront.send(new GetDistributionConfigCommand({ Id: "E1" }));
  expect(DistributionConfig).toMatchObject({ Enabled: true, Aliases: { Quantity: 1 }, Origins: { Quantity: 1 } });
  await expect(cloudFront.send(new GetDistributionConfigCommand({ Id: "E9" }))).rejects.toMatchObject({
    name: "NoSuchDistribution",
  });
});
