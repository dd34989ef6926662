import type { Clock, Ticker } from "../domain/index.ts";
import { alarmJson, checkTags, compositeAlarmOf, metricAlarmOf, type AlarmConfig } from "./aws-cloudwatch-alarm.ts";
import { muteRuleJson, muteRuleOf, statusOf } from "./aws-cloudwatch-mute.ts";
import type { CloudWatchRegion, HistoryItem } from "./aws-cloudwatch-region.ts";
import type { StateValue } from "./aws-cloudwatch-rule.ts";
import { jsonPage, tagsOf, type Input, type Json, type JsonOperations } from "./aws-json.ts";
import { AwsFault, type AwsRequest } from "./aws-server.ts";

/** What operations work on. */
export interface CloudWatchContext {
  readonly clock: Clock;
  readonly ticker: Ticker;
  readonly account: string;
  /** Names that are being put, with their region in front. */
  readonly busy: Set<string>;
  regionOf(name: string): CloudWatchRegion;
  /** Resolves when a put has settled. */
  settle(): Promise<void>;
}

const PAGE = 100;
const MAX_NAMES = 100;
const STATES: readonly string[] = ["OK", "ALARM", "INSUFFICIENT_DATA"];

/** Alarms, their state, history, tags and mute rules. */
export function cloudWatchAlarmOperations(context: CloudWatchContext): JsonOperations {
  const { clock, ticker } = context;
  const region = (request: AwsRequest): CloudWatchRegion => context.regionOf(request.region);

  const put = async (
    request: AwsRequest,
    input: Input,
    { name, config }: { readonly name: string; readonly config: AlarmConfig },
  ): Promise<Json> => {
    const tags = tagsOf(input);
    checkTags(tags);
    const key = `${request.region} ${name}`;
    if (context.busy.has(key))
      throw new AwsFault("ValidationError", "A separate request to update this alarm is in progress.");
    context.busy.add(key);
    try {
      await context.settle();
      region(request).put(name, config, tags, clock.now());
    } finally {
      context.busy.delete(key);
    }
    return {};
  };

  const setEnabled = (request: AwsRequest, names: readonly string[], actionsEnabled: boolean): Json => {
    for (const name of limited(names)) {
      const alarm = region(request).alarms.get(name);
      if (alarm !== undefined) alarm.config = { ...alarm.config, actionsEnabled };
    }
    return {};
  };

  const tagged = (request: AwsRequest, arn: string): Map<string, string> => {
    const { alarms, mutes } = region(request);
    const found =
      [...alarms.values()].find((alarm) => alarm.arn === arn) ?? [...mutes.values()].find((rule) => rule.arn === arn);
    if (found === undefined) throw new AwsFault("ResourceNotFoundException", `${arn} does not exist`, 404);
    return found.tags;
  };

  return {
    PutMetricAlarm: (input, request) => put(request, input, metricAlarmOf(input)),
    PutCompositeAlarm: (input, request) => put(request, input, compositeAlarmOf(input)),
    DescribeAlarms: (input, request) => describe(input, region(request)),
    DescribeAlarmHistory: (input, request) => history(input, region(request)),

    DeleteAlarms: (input, request) => {
      region(request).delete(limited(input.texts("AlarmNames") ?? []), clock.now());
      return {};
    },
    SetAlarmState: (input, request) => {
      const state = input.required("StateValue");
      if (!isState(state)) throw new AwsFault("ValidationError", `StateValue ${state} is not valid`);
      const data = input.text("StateReasonData");
      if (data !== undefined && !isJson(data))
        throw new AwsFault("InvalidFormat", "StateReasonData was not valid JSON");
      region(request).set(input.required("AlarmName"), state, input.required("StateReason"), data, clock.now());
      return {};
    },
    EnableAlarmActions: (input, request) => setEnabled(request, input.texts("AlarmNames") ?? [], true),
    DisableAlarmActions: (input, request) => setEnabled(request, input.texts("AlarmNames") ?? [], false),

    ListTagsForResource: (input, request) => ({
      Tags: [...tagged(request, input.required("ResourceARN"))].map(([Key, Value]) => ({ Key, Value })),
    }),
    TagResource: (input, request) => {
      const tags = tagged(request, input.required("ResourceARN"));
      const more = tagsOf(input);
      checkTags(new Map([...tags, ...more]));
      for (const [key, value] of more) tags.set(key, value);
      return {};
    },
    UntagResource: (input, request) => {
      const tags = tagged(request, input.required("ResourceARN"));
      for (const key of input.texts("TagKeys") ?? []) tags.delete(key);
      return {};
    },

    PutAlarmMuteRule: (input, request) => {
      const { mutes } = region(request);
      const arnOf = (name: string): string =>
        `arn:aws:cloudwatch:${request.region}:${context.account}:alarm-mute-rule:${name}`;
      const tags = mutes.get(input.required("Name"))?.tags ?? new Map(tagsOf(input));
      const rule = muteRuleOf(input, arnOf, clock.now(), tags, ticker);
      mutes.set(rule.name, rule);
      return {};
    },
    GetAlarmMuteRule: (input, request) => {
      const rule = region(request).mutes.get(input.required("AlarmMuteRuleName"));
      if (rule === undefined) throw new AwsFault("ResourceNotFoundException", "The mute rule does not exist", 404);
      return muteRuleJson(rule, clock.now(), ticker, true);
    },
    ListAlarmMuteRules: (input, request) => {
      const [alarm, statuses] = [input.text("AlarmName"), input.texts("Statuses")];
      const rules = [...region(request).mutes.values()]
        .filter((rule) => alarm === undefined || rule.alarms.includes(alarm))
        .filter((rule) => statuses === undefined || statuses.includes(statusOf(rule, clock.now(), ticker)));
      const { items, next } = jsonPage(rules, input.text("NextToken"), sizeOf(input));
      const summaries = items.map((rule) => muteRuleJson(rule, clock.now(), ticker, false));
      return { AlarmMuteRuleSummaries: summaries, NextToken: next };
    },
    DeleteAlarmMuteRule: (input, request) => {
      region(request).mutes.delete(input.required("AlarmMuteRuleName"));
      return {};
    },
  };
}

function describe(input: Input, { alarms }: CloudWatchRegion): Json {
  const [names, prefix] = [input.texts("AlarmNames"), input.text("AlarmNamePrefix")];
  if (names !== undefined && prefix !== undefined)
    throw new AwsFault("ValidationError", "AlarmNamePrefix and AlarmNames are mutually exclusive");
  if (names !== undefined) limited(names);
  // Without this parameter composite alarms are not told, even where they are asked for by name.
  const types = input.texts("AlarmTypes") ?? ["MetricAlarm"];
  const [state, action] = [input.text("StateValue"), input.text("ActionPrefix")];
  const wanted = names === undefined ? undefined : new Set(names);
  const found = [...alarms.values()]
    .filter(({ name, config, state: current }) => {
      if (!types.includes(config.rule === undefined ? "MetricAlarm" : "CompositeAlarm")) return false;
      if (wanted !== undefined && !wanted.has(name)) return false;
      if (prefix !== undefined && !name.startsWith(prefix)) return false;
      const actions = [...config.okActions, ...config.alarmActions, ...config.insufficientDataActions];
      if (action !== undefined && !actions.some((arn) => arn.startsWith(action))) return false;
      return state === undefined || current === state;
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const { items, next } = jsonPage(found, input.text("NextToken"), sizeOf(input));
  return {
    MetricAlarms: items.filter((alarm) => alarm.config.rule === undefined).map(alarmJson),
    CompositeAlarms: items.filter((alarm) => alarm.config.rule !== undefined).map(alarmJson),
    NextToken: next,
  };
}

function history(input: Input, { history: all }: CloudWatchRegion): Json {
  const types = input.texts("AlarmTypes") ?? ["MetricAlarm"];
  const [name, type] = [input.text("AlarmName"), input.text("HistoryItemType")];
  const [from = 0, to = Infinity] = [input.time("StartDate"), input.time("EndDate")];
  const fits = (item: HistoryItem): boolean =>
    (name === undefined || item.alarm === name) &&
    (type === undefined || item.type === type) &&
    (name !== undefined || types.includes(item.composite ? "CompositeAlarm" : "MetricAlarm")) &&
    item.at >= from &&
    item.at <= to;
  const found = all.filter(fits);
  if (input.text("ScanBy") !== "TimestampAscending") found.reverse();
  const { items, next } = jsonPage(found, input.text("NextToken"), sizeOf(input));
  return {
    AlarmHistoryItems: items.map((item) => ({
      AlarmName: item.alarm,
      AlarmType: item.composite ? "CompositeAlarm" : "MetricAlarm",
      Timestamp: item.at / 1000,
      HistoryItemType: item.type,
      HistorySummary: item.summary,
      HistoryData: item.data,
    })),
    NextToken: next,
  };
}

function sizeOf(input: Input): number {
  const asked = input.number("MaxRecords") ?? PAGE;
  if (!Number.isInteger(asked) || asked < 1 || asked > PAGE)
    throw new AwsFault("ValidationError", `MaxRecords must be between 1 and ${PAGE}`);
  return asked;
}

function limited(names: readonly string[]): readonly string[] {
  if (names.length > MAX_NAMES)
    throw new AwsFault("ValidationError", `AlarmNames must have at most ${MAX_NAMES} members`);
  return names;
}

function isState(text: string): text is StateValue {
  return STATES.includes(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
