import type { Clock } from "../domain/index.ts";
import { AwsFault, type AwsRequest, type AwsService } from "./aws-server.ts";

/** Requests per second and account, by operation; the bucket holds as many. */
export type Rates = Readonly<Record<string, number>>;

/** CloudWatch's default quotas. */
export const CLOUDWATCH_RATES: Rates = {
  PutMetricAlarm: 3,
  PutCompositeAlarm: 3,
  DeleteAlarms: 3,
  SetAlarmState: 3,
  EnableAlarmActions: 3,
  DisableAlarmActions: 3,
  PutAlarmMuteRule: 3,
  DeleteAlarmMuteRule: 3,
  DescribeAlarms: 9,
  DescribeAlarmHistory: 20,
  ListTagsForResource: 10,
  TagResource: 20,
  UntagResource: 20,
  ListMetrics: 25,
  GetMetricData: 50,
  PutMetricData: 500,
};

/** A service that throttles what comes faster than its rates, per region. `enabled` is asked at each request. */
export function throttled(service: AwsService, rates: Rates, clock: Clock, enabled: () => boolean): AwsService {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const take = ({ region, action }: AwsRequest): void => {
    const rate = rates[action];
    if (rate === undefined || !enabled()) return;
    const now = clock.monotonic();
    const bucket = buckets.get(`${region} ${action}`) ?? { tokens: rate, at: now };
    bucket.tokens = Math.min(rate, bucket.tokens + ((now - bucket.at) / 1000) * rate);
    bucket.at = now;
    buckets.set(`${region} ${action}`, bucket);
    if (bucket.tokens < 1) throw new AwsFault("Throttling", "Rate exceeded");
    bucket.tokens--;
  };
  return {
    ...service,
    handle: (request) => {
      take(request);
      return service.handle(request);
    },
  };
}
