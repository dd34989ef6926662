import type { Clock, Ticker, Timer } from "../domain/index.ts";
import { wait } from "../domain/index.ts";
import { cloudWatchAlarmOperations } from "./aws-cloudwatch-operations.ts";
import { cloudWatchMetricOperations } from "./aws-cloudwatch-data.ts";
import { CLOUDWATCH_RATES, throttled, type Rates } from "./aws-cloudwatch-rates.ts";
import { CloudWatchRegion } from "./aws-cloudwatch-region.ts";
import { Traffic } from "./aws-cloudwatch-traffic.ts";
import { jsonService } from "./aws-json.ts";
import type { AwsModel } from "./aws-model.ts";
import type { AwsService } from "./aws-server.ts";

/** Settings of {@link createCloudWatch}. */
export interface CloudWatchOptions {
  readonly clock: Clock;
  readonly ticker: Ticker;
  readonly model: AwsModel;
  /**
   * By how much the periods of alarms on AWS's own metrics, and the minute between evaluations, are shorter than told; 1
   * unless set.
   */
  readonly speed?: number;
  /** Requests per second by operation; AWS's defaults unless set. */
  readonly rates?: Rates;
  /** How long a put takes; another put of that name meanwhile is refused. 0 unless set. */
  readonly putMs?: number;
  /** Sends to a topic; a sentence when it could not. */
  readonly publish: (topicArn: string, subject: string, message: string) => string | undefined;
}

/** The simulated CloudWatch. */
export interface SandboxCloudWatch {
  readonly service: AwsService;
  /** Series, alarms, history and mute rules of a region; made when first asked for. */
  region(name: string): CloudWatchRegion;
  /** Whether rates are kept; they are at first. */
  setThrottling(on: boolean): void;
  /** Collects and evaluates now, out of turn. */
  evaluate(): void;
  start(): void;
  stop(): void;
}

/** CloudWatch evaluates alarms once a minute. */
const EVALUATION_MS = 60_000;
/** Load balancers are looked at so often between two evaluations. */
const SAMPLES = 6;

/** Makes a CloudWatch over the model's load balancers. It evaluates from `start()` on. */
export function createCloudWatch(options: CloudWatchOptions): SandboxCloudWatch {
  const { clock, model, ticker, speed = 1, putMs = 0 } = options;
  const regions = new Map<string, { readonly watch: CloudWatchRegion; readonly traffic: Traffic }>();
  const busy = new Set<string>();
  let throttling = true;
  let timer: Timer | undefined;
  let turn = 0;

  const open = (name: string) => {
    const existing = regions.get(name);
    if (existing !== undefined) return existing;
    const { account } = model;
    const watch = new CloudWatchRegion({ region: name, account, ticker, speed, publish: options.publish });
    const made = { watch, traffic: new Traffic(watch.series) };
    regions.set(name, made);
    return made;
  };
  const collect = (): void => {
    for (const { region } of model.loadBalancers) open(region);
    for (const [name, { traffic }] of regions) traffic.collect(model, name, clock.now());
  };
  const evaluate = (): void => {
    collect();
    for (const { watch } of regions.values()) watch.evaluate(clock.now());
  };
  const arm = (): void => {
    timer = clock.after(Math.max(1, Math.floor(EVALUATION_MS / speed / SAMPLES)), () => {
      arm();
      if (++turn % SAMPLES === 0) evaluate();
      else collect();
    });
  };

  const context = {
    clock,
    ticker,
    account: model.account,
    regionOf: (name: string) => open(name).watch,
    busy,
    settle: (): Promise<void> => (putMs === 0 ? Promise.resolve() : wait(clock, putMs)),
  };
  const service = jsonService({
    scope: "monitoring",
    target: "GraniteServiceVersion20100801",
    version: "1.0",
    namespace: "com.amazonaws.cloudwatch",
    queryCompatible: true,
    operations: { ...cloudWatchAlarmOperations(context), ...cloudWatchMetricOperations(context) },
  });
  return {
    service: throttled(service, options.rates ?? CLOUDWATCH_RATES, clock, () => throttling),
    region: (name) => open(name).watch,
    setThrottling: (on) => {
      throttling = on;
    },
    evaluate,
    start: () => {
      if (timer === undefined) arm();
    },
    stop: () => {
      timer?.clear();
      timer = undefined;
    },
  };
}
