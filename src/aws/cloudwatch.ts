import type { DescribeAlarmsCommandInput, DescribeAlarmsCommandOutput } from "@aws-sdk/client-cloudwatch";
import type { CloudCall, CloudPlace, Dimension, ObservedAlarm } from "../domain/index.ts";
import { everyPage, send, type AlarmClients, type Page } from "./alarm-clients.ts";
import {
  dimensionsOf,
  observedCompositeAlarm,
  observedLogAlarm,
  observedMetricAlarm,
} from "./cloudwatch-definitions.ts";
import { nameOf } from "./errors.ts";

/** The most that one page of DescribeAlarms and ListAlarmMuteRules holds, and names that one request may give. */
const PAGE_SIZE = 100;
/** Without all of these DescribeAlarms is silent about the others. */
const ALL_TYPES = ["MetricAlarm", "CompositeAlarm", "LogAlarm"] as const;

/** Every alarm of a place. @throws CloudError */
export async function readAlarms(clients: AlarmClients, place: CloudPlace, call: CloudCall): Promise<ObservedAlarm[]> {
  const request = { place, call, operation: "cloudwatch:DescribeAlarms", subject: "alarms" } as const;
  return everyPage(request, (token) => describe(clients, place, call, token === undefined ? {} : { NextToken: token }));
}

/** Those of at most 100 names that exist. @throws CloudError; RangeError for more names */
export async function readAlarmsNamed(
  clients: AlarmClients,
  place: CloudPlace,
  names: readonly string[],
  call: CloudCall,
): Promise<ObservedAlarm[]> {
  if (names.length > PAGE_SIZE) throw new RangeError(`at most ${PAGE_SIZE} alarms can be asked for by name at once`);
  if (names.length === 0) return [];
  const request = { place, call, operation: "cloudwatch:DescribeAlarms", subject: `alarm ${named(names)}` } as const;
  return everyPage(request, (token) =>
    describe(clients, place, call, {
      AlarmNames: [...names],
      ...(token === undefined ? {} : { NextToken: token }),
    }),
  );
}

async function describe(
  clients: AlarmClients,
  place: CloudPlace,
  { signal }: CloudCall,
  input: DescribeAlarmsCommandInput,
): Promise<Page<ObservedAlarm>> {
  const { DescribeAlarmsCommand } = await import("@aws-sdk/client-cloudwatch");
  const client = await clients.cloudwatch.for(place);
  const command = new DescribeAlarmsCommand({ ...input, AlarmTypes: [...ALL_TYPES], MaxRecords: PAGE_SIZE });
  const answer: DescribeAlarmsCommandOutput = await client.send(command, { abortSignal: signal });
  const { MetricAlarms: metric, CompositeAlarms: composite, LogAlarms: log } = answer;
  const none = metric === undefined && composite === undefined && log === undefined;
  return {
    items: none
      ? undefined
      : [
          ...(metric ?? []).map(observedMetricAlarm),
          ...(composite ?? []).map(observedCompositeAlarm),
          ...(log ?? []).map(observedLogAlarm),
        ],
    next: answer.NextToken,
  };
}

/** The dimension sets of a metric. @throws CloudError */
export async function readSeries(
  clients: AlarmClients,
  place: CloudPlace,
  namespace: string,
  metric: string,
  call: CloudCall,
): Promise<(readonly Dimension[])[]> {
  const { ListMetricsCommand } = await import("@aws-sdk/client-cloudwatch");
  const request = {
    place,
    call,
    operation: "cloudwatch:ListMetrics",
    subject: `metric ${namespace} ${metric}`,
  } as const;
  return everyPage(request, async (token) => {
    const client = await clients.cloudwatch.for(place);
    const command = new ListMetricsCommand({
      Namespace: namespace,
      MetricName: metric,
      ...(token === undefined ? {} : { NextToken: token }),
    });
    const answer = await client.send(command, { abortSignal: call.signal });
    return { items: answer.Metrics?.map((one) => dimensionsOf(one.Dimensions)), next: answer.NextToken };
  });
}

/** Names of mute rules that begin with `prefix`; `undefined` where there are no mute rules to be had. @throws CloudError */
export async function readMuteRules(
  clients: AlarmClients,
  place: CloudPlace,
  prefix: string,
  call: CloudCall,
): Promise<string[] | undefined> {
  const { ListAlarmMuteRulesCommand } = await import("@aws-sdk/client-cloudwatch");
  const request = { place, call, operation: "cloudwatch:ListAlarmMuteRules", subject: "alarm mute rules" } as const;
  let known = true;
  const names = await everyPage(request, async (token): Promise<Page<string>> => {
    const client = await clients.cloudwatch.for(place);
    const command = new ListAlarmMuteRulesCommand({
      MaxRecords: PAGE_SIZE,
      ...(token === undefined ? {} : { NextToken: token }),
    });
    try {
      const answer = await client.send(command, { abortSignal: call.signal });
      const arns = answer.AlarmMuteRuleSummaries?.flatMap((rule) => rule.AlarmMuteRuleArn ?? []);
      return { items: arns?.map((arn) => arn.split(":alarm-mute-rule:")[1] ?? ""), next: answer.NextToken };
    } catch (error) {
      if (!/^(UnknownOperation|InvalidAction|UnsupportedOperation)/.test(nameOf(error))) throw error;
      known = false;
      return { items: [], next: undefined };
    }
  });
  return known ? names.filter((name) => name.startsWith(prefix) && name !== "") : undefined;
}

/** What an alarm's own ListTagsForResource says. @throws CloudError */
export async function readAlarmTags(
  clients: AlarmClients,
  place: CloudPlace,
  arn: string,
  call: CloudCall,
): Promise<{ readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined> {
  const { ListTagsForResourceCommand } = await import("@aws-sdk/client-cloudwatch");
  const subject = `alarm ${arn.split(":").slice(6).join(":")}`;
  return send({ place, call, operation: "cloudwatch:ListTagsForResource", subject }, async () => {
    const client = await clients.cloudwatch.for(place);
    const answer = await client.send(new ListTagsForResourceCommand({ ResourceARN: arn }), {
      abortSignal: call.signal,
    });
    return answer.Tags;
  });
}

/** One name, or the first of several. */
export function named(names: readonly string[]): string {
  return names.length === 1 ? (names[0] ?? "") : `${names[0] ?? ""} and ${names.length - 1} more`;
}
