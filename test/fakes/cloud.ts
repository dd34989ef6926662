import {
  CloudError,
  type AlarmDefinition,
  type AlarmReader,
  type AlarmState,
  type AlarmWriter,
  type BalancerSummary,
  type CloudCall,
  type CloudOperation,
  type CloudPlace,
  type ObservedAlarm,
  type SubscriptionWish,
  type TaggedResource,
  type Tags,
} from "../../src/domain/index.ts";

interface HeldAlarm {
  definition: AlarmDefinition;
  tags: Record<string, string>;
  state: AlarmState;
  stateAt: number;
}
interface HeldTopic {
  policy: string;
  tags: Record<string, string>;
  subscriptions: { arn: string | undefined; protocol: string; endpoint: string; confirmed: boolean }[];
}

/** One account and region. */
export class FakeRegion {
  readonly alarms = new Map<string, HeldAlarm>();
  readonly topics = new Map<string, HeldTopic>();
  readonly rules = new Set<string>();
  balancers: BalancerSummary[] = [];
  readonly account: string;
  readonly region: string;

  constructor(account: string, region: string) {
    this.account = account;
    this.region = region;
  }

  arnOf(name: string): string {
    return `arn:aws:cloudwatch:${this.region}:${this.account}:alarm:${name}`;
  }
  topicArn(name: string): string {
    return `arn:aws:sns:${this.region}:${this.account}:${name}`;
  }

  /** An alarm that somebody else made. */
  add(definition: AlarmDefinition, tags: Tags = {}, state: AlarmState = "OK"): void {
    this.alarms.set(definition.name, { definition: structuredClone(definition), tags: { ...tags }, state, stateAt: 1 });
  }

  /** Changes an alarm the way a person does in the console: everything else stays. */
  edit(name: string, change: object): void {
    const held = this.held(name);
    held.definition = Object.assign(structuredClone(held.definition), change);
  }

  held(name: string): HeldAlarm {
    const held = this.alarms.get(name);
    if (held === undefined) throw new Error(`no alarm ${name}: ${[...this.alarms.keys()].join(", ")}`);
    return held;
  }

  addBalancer(name: string, groups: readonly string[]): void {
    const base = `arn:aws:elasticloadbalancing:${this.region}:${this.account}`;
    this.balancers.push({
      name,
      arn: `${base}:loadbalancer/app/${name}/${idOf(name)}`,
      targetGroups: groups.map((group) => ({ name: group, arn: `${base}:targetgroup/${group}/${idOf(group)}` })),
    });
  }
}

/** What a request runs into: an error before the work is done, or after it (the answer is lost). */
export interface Fault {
  readonly failure: CloudError["failure"];
  readonly done?: boolean;
}

/** CloudWatch, SNS, tags and load balancers in memory, with the semantics that plans depend on. */
export class FakeCloud implements AlarmReader, AlarmWriter {
  readonly regions = new Map<string, FakeRegion>();
  /** Every request, as `operation name`. */
  readonly log: string[] = [];
  /** Asked before each request, with its number from 0 on. */
  fault: (index: number, operation: CloudOperation) => Fault | undefined = () => undefined;
  /** While set, GetResources answers from this time's tags: it is only eventually consistent. */
  #listed: TaggedResource[] | undefined;
  now = 0;
  /** https endpoints confirm as soon as they are asked, as the platform's own does while its daemon runs. */
  endpointsAnswer = false;

  at(region = "eu-west-1", account = "111111111111"): FakeRegion {
    const key = `${account}/${region}`;
    const known = this.regions.get(key) ?? new FakeRegion(account, region);
    this.regions.set(key, known);
    return known;
  }

  /** From now on GetResources does not see changes. */
  freezeTags(): void {
    this.#listed = this.#tagList();
  }
  thawTags(): void {
    this.#listed = undefined;
  }

  /** How often an operation was asked for. */
  count(operation: CloudOperation): number {
    return this.log.filter((one) => one.split(" ")[0] === operation).length;
  }

  #of(place: CloudPlace): FakeRegion {
    const account = place.roleArn?.split(":")[4] ?? "111111111111";
    return this.at(place.region ?? "eu-west-1", account);
  }

  async #do<T>(call: CloudCall, operation: CloudOperation, subject: string, work: () => T): Promise<T> {
    return call.send(operation, async () => {
      const fault = this.fault(this.log.length, operation);
      this.log.push(`${operation} ${subject}`);
      await Promise.resolve();
      if (fault !== undefined && fault.done !== true)
        throw new CloudError(fault.failure, `${operation} ${fault.failure}`);
      const answer = work();
      if (fault !== undefined) throw new CloudError(fault.failure, `${operation}: the answer was lost`);
      return answer;
    });
  }

  /** Pages as the API does: one request for each, and one even when there is nothing. */
  async #pages<T>(call: CloudCall, operation: CloudOperation, size: number, list: () => T[]): Promise<T[]> {
    const found: T[] = [];
    for (let from = 0; ; from += size) {
      const page = await this.#do(call, operation, `page ${from / size}`, () => list());
      found.push(...page.slice(from, from + size));
      if (from + size >= page.length) return found;
    }
  }

  region(place: CloudPlace): Promise<string> {
    return Promise.resolve(place.region ?? "eu-west-1");
  }

  #observed(region: FakeRegion): ObservedAlarm[] {
    return [...region.alarms.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { definition, state, stateAt }]) => ({
        arn: region.arnOf(name),
        definition: structuredClone(definition),
        state,
        stateReason: "",
        stateAt,
      }));
  }

  alarms(place: CloudPlace, call: CloudCall): Promise<ObservedAlarm[]> {
    return this.#pages(call, "cloudwatch:DescribeAlarms", 100, () => this.#observed(this.#of(place)));
  }

  alarmsNamed(place: CloudPlace, names: readonly string[], call: CloudCall): Promise<ObservedAlarm[]> {
    if (names.length > 100) throw new RangeError("at most 100 names");
    return this.#do(call, "cloudwatch:DescribeAlarms", "by name", () =>
      this.#observed(this.#of(place)).filter((one) => names.includes(one.definition.name)),
    );
  }

  #tagList(): TaggedResource[] {
    return [...this.regions.values()].flatMap((region) => [
      ...[...region.alarms].map(([name, { tags }]) => ({ arn: region.arnOf(name), tags: { ...tags } })),
      ...[...region.topics].map(([arn, { tags }]) => ({ arn, tags: { ...tags } })),
    ]);
  }

  tagged(place: CloudPlace, key: string, value: string, call: CloudCall): Promise<TaggedResource[]> {
    const { region, account } = this.#of(place);
    return this.#pages(call, "tag:GetResources", 100, () =>
      (this.#listed ?? this.#tagList()).filter(
        ({ arn, tags }) => tags[key] === value && arn.split(":")[3] === region && arn.split(":")[4] === account,
      ),
    );
  }

  #tagsOf(place: CloudPlace, arn: string): Record<string, string> {
    const region = this.#of(place);
    const found = region.topics.get(arn)?.tags ?? region.alarms.get(arn.split(":alarm:")[1] ?? "")?.tags;
    if (found === undefined) throw new CloudError("not-found", `there is no ${arn}`);
    return found;
  }

  tags(place: CloudPlace, arn: string, call: CloudCall): Promise<Tags> {
    const operation = arn.includes(":sns:") ? "sns:ListTagsForResource" : "cloudwatch:ListTagsForResource";
    return this.#do(call, operation, arn, () => ({ ...this.#tagsOf(place, arn) }));
  }

  topic(place: CloudPlace, arn: string, call: CloudCall) {
    return this.#do(call, "sns:GetTopicAttributes", arn, () => {
      const held = this.#of(place).topics.get(arn);
      return held === undefined
        ? undefined
        : { arn, policy: held.policy, subscriptions: structuredClone(held.subscriptions) };
    });
  }

  series(place: CloudPlace, _namespace: string, _metric: string, call: CloudCall) {
    return this.#pages(call, "cloudwatch:ListMetrics", 500, () =>
      this.#of(place).balancers.map((one) => [
        { name: "LoadBalancer", value: one.arn.split(":loadbalancer/")[1] ?? "" },
      ]),
    );
  }

  async balancers(place: CloudPlace, call: CloudCall): Promise<BalancerSummary[]> {
    const { balancers } = this.#of(place);
    const found = await this.#pages(call, "elasticloadbalancing:DescribeLoadBalancers", 400, () => balancers);
    await this.#pages(call, "elasticloadbalancing:DescribeTargetGroups", 400, () =>
      balancers.flatMap((one) => one.targetGroups),
    );
    return structuredClone(found);
  }

  muteRules(place: CloudPlace, prefix: string, call: CloudCall): Promise<string[]> {
    return this.#do(call, "cloudwatch:ListAlarmMuteRules", prefix, () =>
      [...this.#of(place).rules].filter((one) => one.startsWith(prefix)),
    );
  }

  /** A new alarm has no data yet and takes the tags; a known one keeps its state and its tags, and the rest is overwritten. */
  #put(place: CloudPlace, definition: AlarmDefinition, tags: Tags): void {
    const { alarms } = this.#of(place);
    const known = alarms.get(definition.name);
    if (known !== undefined && known.definition.kind !== definition.kind)
      throw new CloudError("failed", `${definition.name} is an alarm of another kind`);
    if (known === undefined)
      alarms.set(definition.name, {
        definition: structuredClone(definition),
        tags: { ...tags },
        state: "INSUFFICIENT_DATA",
        stateAt: this.now,
      });
    else known.definition = structuredClone(definition);
  }

  putMetricAlarm(...[place, definition, tags, call]: Parameters<AlarmWriter["putMetricAlarm"]>): Promise<void> {
    return this.#do(call, "cloudwatch:PutMetricAlarm", definition.name, () => this.#put(place, definition, tags));
  }

  putCompositeAlarm(...[place, definition, tags, call]: Parameters<AlarmWriter["putCompositeAlarm"]>): Promise<void> {
    return this.#do(call, "cloudwatch:PutCompositeAlarm", definition.name, () => {
      for (const child of children(definition.rule))
        if (!this.#of(place).alarms.has(child))
          throw new CloudError("failed", `the rule names ${child}: there is none`);
      this.#put(place, definition, tags);
    });
  }

  tag(place: CloudPlace, arn: string, tags: Tags, call: CloudCall): Promise<void> {
    const operation = arn.includes(":sns:") ? "sns:TagResource" : "cloudwatch:TagResource";
    return this.#do(call, operation, arn, () => void Object.assign(this.#tagsOf(place, arn), tags));
  }

  untag(place: CloudPlace, arn: string, keys: readonly string[], call: CloudCall): Promise<void> {
    return this.#do(call, "cloudwatch:UntagResource", arn, () => {
      const held = this.#tagsOf(place, arn);
      for (const key of keys) delete held[key];
    });
  }

  deleteAlarms(place: CloudPlace, names: readonly string[], call: CloudCall): Promise<void> {
    return this.#do(call, "cloudwatch:DeleteAlarms", names.join(","), () => {
      const { alarms } = this.#of(place);
      for (const [name, { definition }] of alarms)
        if (definition.kind === "composite" && !names.includes(name))
          for (const child of children(definition.rule))
            if (names.includes(child)) throw new CloudError("failed", `${child} is a child of ${name}`);
      for (const name of names) alarms.delete(name);
    });
  }

  createTopic(place: CloudPlace, name: string, tags: Tags, call: CloudCall): Promise<string> {
    const region = this.#of(place);
    const arn = region.topicArn(name);
    return this.#do(call, "sns:CreateTopic", name, () => {
      const known = region.topics.get(arn);
      if (known === undefined) region.topics.set(arn, { policy: "", tags: { ...tags }, subscriptions: [] });
      else if (Object.entries(tags).some(([key, value]) => known.tags[key] !== value))
        throw new CloudError("failed", `${name} exists with other tags`);
      return arn;
    });
  }

  #topicOf(place: CloudPlace, arn: string): HeldTopic {
    const held = this.#of(place).topics.get(arn);
    if (held === undefined) throw new CloudError("not-found", `there is no topic ${arn}`);
    return held;
  }

  deleteTopic(place: CloudPlace, arn: string, call: CloudCall): Promise<void> {
    return this.#do(call, "sns:DeleteTopic", arn, () => void this.#of(place).topics.delete(arn));
  }

  setTopicPolicy(place: CloudPlace, arn: string, policy: string, call: CloudCall): Promise<void> {
    return this.#do(call, "sns:SetTopicAttributes", arn, () => void (this.#topicOf(place, arn).policy = policy));
  }

  subscribe(place: CloudPlace, arn: string, { protocol, endpoint }: SubscriptionWish, call: CloudCall) {
    return this.#do(call, "sns:Subscribe", endpoint, () => {
      const { subscriptions } = this.#topicOf(place, arn);
      const confirmed = protocol === "sqs" || (protocol === "https" && this.endpointsAnswer);
      if (!subscriptions.some((one) => one.protocol === protocol && one.endpoint === endpoint))
        subscriptions.push(
          confirmed
            ? { arn: `${arn}:${idOf(endpoint)}`, protocol, endpoint, confirmed }
            : { arn: undefined, protocol, endpoint, confirmed },
        );
      return { confirmed };
    });
  }

  unsubscribe(place: CloudPlace, arn: string, call: CloudCall): Promise<void> {
    return this.#do(call, "sns:Unsubscribe", arn, () => {
      for (const topic of this.#of(place).topics.values())
        topic.subscriptions = topic.subscriptions.filter((one) => one.arn !== arn);
    });
  }

  /** An endpoint answers SNS's question. */
  confirm(endpoint: string): void {
    for (const { topics } of this.regions.values())
      for (const [topicArn, { subscriptions }] of topics)
        for (const one of subscriptions)
          if (one.endpoint === endpoint) Object.assign(one, { confirmed: true, arn: `${topicArn}:${idOf(endpoint)}` });
  }

  setAlarmState(...[place, name, state, , , call]: Parameters<AlarmWriter["setAlarmState"]>): Promise<void> {
    return this.#do(call, "cloudwatch:SetAlarmState", name, () => void (this.#of(place).held(name).state = state));
  }

  setActionsEnabled(place: CloudPlace, names: readonly string[], enabled: boolean, call: CloudCall): Promise<void> {
    const operation = enabled ? "cloudwatch:EnableAlarmActions" : "cloudwatch:DisableAlarmActions";
    return this.#do(call, operation, names.join(","), () => {
      for (const name of names) this.#of(place).edit(name, { actionsEnabled: enabled });
    });
  }

  putMetricData(...[, datum, call]: Parameters<AlarmWriter["putMetricData"]>): Promise<void> {
    return this.#do(call, "cloudwatch:PutMetricData", datum.metric, () => undefined);
  }

  putMuteRule(...[place, rule, call]: Parameters<AlarmWriter["putMuteRule"]>): Promise<void> {
    return this.#do(call, "cloudwatch:PutAlarmMuteRule", rule.name, () => void this.#of(place).rules.add(rule.name));
  }

  deleteMuteRule(place: CloudPlace, name: string, call: CloudCall): Promise<void> {
    return this.#do(call, "cloudwatch:DeleteAlarmMuteRule", name, () => void this.#of(place).rules.delete(name));
  }
}

function children(rule: string): string[] {
  return [...rule.matchAll(/ALARM\("([^"]*)"\)/g)].map(([, name = ""]) => name);
}

/** A stable 16 digit id, as ARNs have. */
function idOf(name: string): string {
  let hash = 7n;
  for (const letter of name) hash = (hash * 31n + BigInt(letter.codePointAt(0) ?? 0)) % 0xffff_ffff_ffff_ffffn;
  return hash.toString(16).padStart(16, "0");
}
