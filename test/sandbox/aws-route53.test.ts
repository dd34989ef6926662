import {
  ListHostedZonesByNameCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  type ResourceRecordSet,
} from "@aws-sdk/client-route-53";
import { expect, onTestFinished, test } from "vitest";
import { route53Service } from "../../src/sandbox/aws-route53.ts";
import { endpoint } from "./aws-endpoint.ts";

const hostedZones = [
  { id: "ZPRIVATE", name: "example.com.", private: true, records: [] },
  {
    id: "ZPUBLIC",
    name: "example.com.",
    records: [
      { name: "example.com.", type: "NS", values: ["ns-1.example.net.", "ns-2.example.net."] },
      { name: "b.example.com.", type: "A", aliasTo: "dualstack.acme-1.eu-west-1.elb.amazonaws.com." },
      { name: "*.example.com.", type: "CNAME", ttl: 60, values: ["b.example.com"] },
      { name: "a.b.example.com.", type: "A", values: ["203.0.113.1"], setIdentifier: "one" },
      { name: "a.b.example.com.", type: "A", values: ["203.0.113.2"], setIdentifier: "two" },
    ],
  },
  { id: "ZOTHER", name: "other.org.", records: [] },
];

async function start() {
  const { client, aws } = await endpoint({ hostedZones }, (model) => [route53Service(model, { pageSize: 2 })]);
  const route53 = new Route53Client(client);
  onTestFinished(() => route53.destroy());
  return { route53, aws };
}

test("hosted zones by name, in pages, in the order of their labels from the last", async () => {
  const { route53 } = await start();
  const first = await route53.send(new ListHostedZonesByNameCommand({}));
  expect(first).toMatchObject({ IsTruncated: true, NextDNSName: "other.org.", NextHostedZoneId: "ZOTHER" });
  expect(first.HostedZones?.map(({ Id, Config }) => [Id, Config?.PrivateZone])).toEqual([
    ["/hostedzone/ZPRIVATE", true],
    ["/hostedzone/ZPUBLIC", false],
  ]);
  const rest = await route53.send(
    new ListHostedZonesByNameCommand({ DNSName: first.NextDNSName, HostedZoneId: first.NextHostedZoneId }),
  );
  expect(rest.HostedZones?.map(({ Name }) => Name)).toEqual(["other.org."]);
  expect(rest.IsTruncated).toBe(false);
});

test("every record set over all pages: values, aliases, and sets of one name", async () => {
  const { route53, aws } = await start();
  const read: ResourceRecordSet[] = [];
  let from = {};
  for (let page = 0; page < 3; page++) {
    const answer = await route53.send(new ListResourceRecordSetsCommand({ HostedZoneId: "ZPUBLIC", ...from }));
    read.push(...(answer.ResourceRecordSets ?? []));
    expect(answer.IsTruncated).toBe(page < 2);
    const { NextRecordName: StartRecordName, NextRecordType: StartRecordType } = answer;
    from = { StartRecordName, StartRecordType, StartRecordIdentifier: answer.NextRecordIdentifier };
  }
  expect(read.map(({ Name, Type, SetIdentifier }) => [Name, Type, SetIdentifier].join(" ").trim())).toEqual([
    "example.com. NS",
    String.raw`\052.example.com. CNAME`,
    "b.example.com. A",
    "a.b.example.com. A one",
    "a.b.example.com. A two",
  ]);
  expect(read[2]?.AliasTarget?.DNSName).toBe("dualstack.acme-1.eu-west-1.elb.amazonaws.com.");
  expect(read[0]?.ResourceRecords).toEqual([{ Value: "ns-1.example.net." }, { Value: "ns-2.example.net." }]);
  expect(aws.calls.map(({ action }) => action)).toEqual(Array.from({ length: 3 }, () => "ListResourceRecordSets"));
});

test("a listing can start at a name and type; a zone that is not there is an error", async () => {
  const { route53 } = await start();
  const from = { HostedZoneId: "ZPUBLIC", StartRecordName: "b.example.com", StartRecordType: "A" as const };
  const { ResourceRecordSets: found } = await route53.send(new ListResourceRecordSetsCommand({ ...from, MaxItems: 1 }));
  expect(found?.map(({ Name }) => Name)).toEqual(["b.example.com."]);
  await expect(route53.send(new ListResourceRecordSetsCommand({ HostedZoneId: "ZNONE" }))).rejects.toMatchObject({
    name: "NoSuchHostedZone",
  });
});
