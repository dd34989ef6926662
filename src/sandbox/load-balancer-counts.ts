import type { Clock } from "../domain/index.ts";

/** What CloudWatch's AWS/ApplicationELB namespace holds of one minute. */
export interface MinuteCounts {
  /** Start of the minute, epoch ms. */
  readonly minute: number;
  requests: number;
  /** Answers that the load balancer made itself, by status: 502, 503, 504. */
  elb5xx: Record<number, number>;
  target2xx: number;
  target3xx: number;
  target4xx: number;
  target5xx: number;
  connectionErrors: number;
  /** Seconds from the request's last byte to the answer's headers: sum, count and maximum. */
  responseTimeSum: number;
  responseTimeCount: number;
  responseTimeMax: number;
}

/** What one target was sent since it was registered. */
export interface TargetCounts {
  requests: number;
  errors: number;
}

const MINUTE_MS = 60_000;
/** Three hours, as CloudWatch keeps its finest data. */
const MAX_MINUTES = 180;

/** Counters of one load balancer, bounded to the last three hours. */
export class Counts {
  readonly #clock: Clock;
  readonly #minutes: MinuteCounts[] = [];
  readonly #targets = new Map<string, TargetCounts>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The minute that is running; made when its first request comes. */
  now(): MinuteCounts {
    const minute = Math.floor(this.#clock.now() / MINUTE_MS) * MINUTE_MS;
    const last = this.#minutes.at(-1);
    if (last?.minute === minute) return last;
    const fresh = empty(minute);
    this.#minutes.push(fresh);
    if (this.#minutes.length > MAX_MINUTES) this.#minutes.shift();
    return fresh;
  }

  /** An answer that the load balancer made itself. */
  own(status: number): void {
    const minute = this.now();
    minute.elb5xx[status] = (minute.elb5xx[status] ?? 0) + 1;
  }

  /** An answer of a target. */
  answered(key: string, status: number, seconds: number): void {
    const minute = this.now();
    if (status >= 500) minute.target5xx++;
    else if (status >= 400) minute.target4xx++;
    else if (status >= 300) minute.target3xx++;
    else minute.target2xx++;
    minute.responseTimeSum += seconds;
    minute.responseTimeCount++;
    minute.responseTimeMax = Math.max(minute.responseTimeMax, seconds);
    this.target(key).requests++;
  }

  /** A target that could not be spoken to. */
  failed(key: string): void {
    this.now().connectionErrors++;
    this.target(key).errors++;
  }

  target(key: string): TargetCounts {
    const existing = this.#targets.get(key);
    if (existing !== undefined) return existing;
    const fresh = { requests: 0, errors: 0 };
    this.#targets.set(key, fresh);
    return fresh;
  }

  forget(key: string): void {
    this.#targets.delete(key);
  }

  /** Oldest first; minutes without a request are absent, as in CloudWatch. */
  minutes(): readonly MinuteCounts[] {
    return this.#minutes;
  }
}

function empty(minute: number): MinuteCounts {
  return {
    minute,
    requests: 0,
    elb5xx: {},
    target2xx: 0,
    target3xx: 0,
    target4xx: 0,
    target5xx: 0,
    connectionErrors: 0,
    responseTimeSum: 0,
    responseTimeCount: 0,
    responseTimeMax: 0,
  };
}
