import { expect, test } from "vitest";
import type { AwsHostedZone, AwsRecord } from "../../src/sandbox/aws-route53-model.ts";
import { auditAccount, counted, noting, place } from "./audit-account.ts";

const zone = (id: string, name: string, records: AwsRecord[], more: Partial<AwsHostedZone> = {}): AwsHostedZone => ({
  id,
  name,
  records,
  ...more,
});
const alias = (name: string, to: string): AwsRecord => ({ name, type: "A", aliasTo: to });

async function started(hostedZones: AwsHostedZone[]) {
  const { audit } = await auditAccount({ hostedZones }, { pageSize: 2 });
  const pacer = noting();
  return { pacer, cloud: audit(pacer) };
}

test("records of a name: aliases and values, without dots at the end, whatever the case", async () => {
  const { cloud } = await started([
    zone("Z1", "example.com.", [
      alias("acme.example.com.", "dualstack.acme-1.eu-west-1.elb.amazonaws.com."),
      { name: "acme.example.com.", type: "TXT", values: ['"v=1"'] },
      { name: "beta.example.com.", type: "CNAME", values: ["acme.example.com"] },
    ]),
  ]);
  expect(await cloud.records("ACME.example.com", place)).toEqual([
    { name: "acme.example.com", type: "A", aliasTo: "dualstack.acme-1.eu-west-1.elb.amazonaws.com.", values: [] },
    { name: "acme.example.com", type: "TXT", aliasTo: undefined, values: ['"v=1"'] },
  ]);
  expect(await cloud.records("beta.example.com", place)).toMatchObject([{ values: ["acme.example.com"] }]);
  expect(await cloud.records("none.example.com", place)).toEqual([]);
  expect(await cloud.records("acme.example.org", place)).toEqual([]);
});

test("each zone is read once, all its pages, however many names are asked for", async () => {
  const records = Array.from({ length: 30 }, (_, index) => alias(`a${index}.example.com.`, `lb-${index}.`));
  const { cloud, pacer } = await started([
    zone("Z0", "aaa.org.", []),
    zone("Z1", "example.com.", records),
    zone("Z2", "other.com.", records),
  ]);
  const all = await Promise.all(records.map(({ name }) => cloud.records(name.slice(0, -1), place)));
  expect(all.map((found) => found.map(({ aliasTo }) => aliasTo))).toEqual(records.map((_, index) => [`lb-${index}.`]));
  expect(counted(pacer.operations)).toEqual({
    "route53:ListHostedZonesByName": 2,
    "route53:ListResourceRecordSets": 15,
  });
});

test("the closest public zone answers; a private one only where there is no public one", async () => {
  const name = "acme.aws.example.com.";
  const { cloud } = await started([
    zone("Z1", "example.com.", [alias(name, "far.")]),
    zone("Z2", "aws.example.com.", [alias(name, "near.")]),
    zone("Z3", "acme.aws.example.com.", [alias(name, "private.")], { private: true }),
    zone("Z4", "internal.", [alias("acme.internal.", "within.")], { private: true }),
  ]);
  expect(await cloud.records("acme.aws.example.com", place)).toMatchObject([{ aliasTo: "near." }]);
  expect(await cloud.records("acme.internal", place)).toMatchObject([{ aliasTo: "within." }]);
});

test("a wildcard stands for names that are not there, and reaches past none that is", async () => {
  const { cloud } = await started([
    zone("Z1", "example.com.", [
      alias("*.example.com.", "all."),
      alias("acme.example.com.", "own."),
      alias("www.beta.example.com.", "beta."),
    ]),
  ]);
  const to = async (name: string) => (await cloud.records(name, place)).map(({ aliasTo }) => aliasTo);
  expect(await to("acme.example.com")).toEqual(["own."]);
  expect(await to("gamma.example.com")).toEqual(["all."]);
  expect(await to("one.gamma.example.com")).toEqual(["all."]);
  expect(await to("api.beta.example.com")).toEqual([]);
});
