import { paginateDescribeAlarms, CloudWatchClient, paginateListMetrics } from "@aws-sdk/client-cloudwatch";
import {
  ElasticLoadBalancingV2Client,
  paginateDescribeLoadBalancers,
  paginateDescribeTargetGroups,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { paginateGetResources, ResourceGroupsTaggingAPIClient } from "@aws-sdk/client-resource-groups-tagging-api";
import { GetTopicAttributesCommand, ListSubscriptionsByTopicCommand, SNSClient } from "@aws-sdk/client-sns";

/**
 * What any program has to pay that reads as much with the SDK: its clients, its paginators, the largest pages, and nothing
 * done with what comes.
 */
const client = new CloudWatchClient({});
const balancers = new ElasticLoadBalancingV2Client({});
const TopicArn = process.argv[2] ?? "";
let items = 0;
for await (const page of paginateDescribeLoadBalancers({ client: balancers, pageSize: 400 }, {}))
  items += page.LoadBalancers?.length ?? 0;
for await (const page of paginateDescribeTargetGroups({ client: balancers, pageSize: 400 }, {}))
  items += page.TargetGroups?.length ?? 0;
const all = { AlarmTypes: ["MetricAlarm" as const, "CompositeAlarm" as const] };
for await (const page of paginateDescribeAlarms({ client, pageSize: 100 }, all))
  items += page.MetricAlarms?.length ?? 0;
const ours = { TagFilters: [{ Key: process.argv[3] ?? "", Values: [process.argv[4] ?? ""] }] };
const tagging = new ResourceGroupsTaggingAPIClient({});
for await (const page of paginateGetResources({ client: tagging, pageSize: 100 }, ours))
  items += page.ResourceTagMappingList?.length ?? 0;
const lives = { Namespace: "AWS/ApplicationELB", MetricName: "ConsumedLCUs" };
for await (const page of paginateListMetrics({ client }, lives)) items += page.Metrics?.length ?? 0;
const sns = new SNSClient({});
await sns.send(new GetTopicAttributesCommand({ TopicArn }));
await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
process.stdout.write(`${items}\n`);
process.exit(0);
