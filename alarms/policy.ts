import type { Site } from "./alarm.ts";
import { canonical, shortHash } from "./hash.ts";
import type { FieldChange } from "./normalise.ts";

type Statement = Readonly<Record<string, unknown>>;

/** Whoever manages the topic in its own account. */
const OWNER_ACTIONS = [
  "SNS:AddPermission",
  "SNS:DeleteTopic",
  "SNS:GetTopicAttributes",
  "SNS:ListSubscriptionsByTopic",
  "SNS:Publish",
  "SNS:RemovePermission",
  "SNS:SetTopicAttributes",
  "SNS:Subscribe",
];

/** The statements that a topic of ours holds, by Sid: CloudWatch alarms of this account and region may publish to it. */
function statements(site: Pick<Site, "partition" | "account" | "region">, arn: string): Statement[] {
  return [
    {
      Sid: "corewatch-owner",
      Effect: "Allow",
      Principal: { AWS: `arn:${site.partition}:iam::${site.account}:root` },
      Action: OWNER_ACTIONS,
      Resource: arn,
    },
    {
      Sid: "corewatch-alarms",
      Effect: "Allow",
      Principal: { Service: "cloudwatch.amazonaws.com" },
      Action: "SNS:Publish",
      Resource: arn,
      Condition: {
        StringEquals: { "aws:SourceAccount": site.account },
        ArnLike: { "aws:SourceArn": `arn:${site.partition}:cloudwatch:${site.region}:${site.account}:alarm:*` },
      },
    },
  ];
}

/** Identity of the statements that a topic of ours holds: another version of corewatch that wants others has another. */
export function policyIdentity(site: Pick<Site, "partition" | "account" | "region">, arn: string): string {
  return `policy:${arn.slice(arn.lastIndexOf(":") + 1)} ${shortHash(statements(site, arn))}`;
}

/** What has to change in a topic's policy; `undefined` when it holds our statements. Statements of others stay. */
export function policyChange(
  observed: string,
  site: Pick<Site, "partition" | "account" | "region">,
  arn: string,
): { readonly policy: string; readonly fields: FieldChange[] } | undefined {
  const wanted = statements(site, arn);
  const there = statementsOf(observed);
  const bySid = new Map(there.map((one) => [one["Sid"], one]));
  const fields = wanted.flatMap((one) => {
    const before = bySid.get(one["Sid"]);
    if (before !== undefined && canonical(before) === canonical(one)) return [];
    return [{ name: `Policy.${String(one["Sid"])}`, before: before ?? null, after: one }];
  });
  if (fields.length === 0) return undefined;
  const sids = new Set(wanted.map((one) => one["Sid"]));
  const kept = there.filter((one) => !sids.has(one["Sid"]));
  return { policy: JSON.stringify({ Version: "2012-10-17", Statement: [...kept, ...wanted] }), fields };
}

/** @throws SyntaxError for a policy that is no JSON: then nothing may be written over it. */
function statementsOf(policy: string): Statement[] {
  if (policy === "") return [];
  const parsed: unknown = JSON.parse(policy);
  const found = typeof parsed === "object" && parsed !== null ? Reflect.get(parsed, "Statement") : undefined;
  const list: unknown[] = Array.isArray(found) ? found : found === undefined ? [] : [found];
  return list.filter((one): one is Statement => typeof one === "object" && one !== null);
}
