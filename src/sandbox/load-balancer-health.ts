import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Clock, Timer } from "../domain/index.ts";
import type { CheckResult, RegisteredTarget } from "./load-balancer-targets.ts";

/** How targets are checked. A check of `/hello` takes a token of the core's rate limit like any other call. */
export interface HealthCheckSettings {
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly healthyCount: number;
  readonly unhealthyCount: number;
  /** Accepted statuses, both ends included. */
  readonly matcher: readonly [from: number, to: number];
}

/** The seed's settings (30 s interval, 10 s timeout, 5 and 2 in a row, 200), with the times divided by `speed`. */
export function seedHealthCheck(speed: number): HealthCheckSettings {
  return {
    path: "/hello",
    intervalMs: 30_000 / speed,
    timeoutMs: 10_000 / speed,
    healthyCount: 5,
    unhealthyCount: 2,
    matcher: [200, 200],
  };
}

/** Checks one target again and again until stopped. */
export class HealthChecker {
  readonly #clock: Clock;
  readonly #settings: HealthCheckSettings;
  readonly #target: RegisteredTarget;
  /** Whether packets from the load balancer reach the target. */
  readonly #reaches: (target: RegisteredTarget) => boolean;
  readonly #stop = new AbortController();
  #timer: Timer | undefined;

  constructor(
    clock: Clock,
    settings: HealthCheckSettings,
    target: RegisteredTarget,
    reaches: (target: RegisteredTarget) => boolean,
  ) {
    this.#clock = clock;
    this.#settings = settings;
    this.#target = target;
    this.#reaches = reaches;
  }

  start(): void {
    void this.#round();
  }

  stop(): void {
    this.#stop.abort();
    this.#timer?.clear();
  }

  async #round(): Promise<void> {
    const started = this.#clock.monotonic();
    const result = await this.#check();
    if (this.#stop.signal.aborted || !this.#target.checked) return;
    this.#target.record(result);
    const spent = this.#clock.monotonic() - started;
    this.#timer = this.#clock.after(Math.max(0, this.#settings.intervalMs - spent), () => void this.#round());
  }

  /** Every failure is a result: a health check has no errors of its own. */
  #check(): Promise<CheckResult> {
    const { timeoutMs, path, matcher } = this.#settings;
    const url = new URL(path, this.#target.spec.url);
    return new Promise((resolve) => {
      const timedOut = { reason: "Target.Timeout", description: "Request timed out" };
      const cut = new AbortController();
      const timer = this.#clock.after(timeoutMs, () => finish(timedOut));
      const finish = (result: CheckResult): void => {
        timer.clear();
        cut.abort();
        resolve(result);
      };
      this.#stop.signal.addEventListener("abort", () => finish(timedOut), { signal: cut.signal });
      // A blocked path drops packets: nothing comes back until the timeout.
      if (!this.#reaches(this.#target)) return;
      const send = url.protocol === "https:" ? httpsRequest : httpRequest;
      const request = send(url, {
        agent: false,
        signal: cut.signal,
        // Like a real load balancer: targets' certificates are not verified.
        rejectUnauthorized: false,
        headers: { "user-agent": "ELB-HealthChecker/2.0", connection: "close" },
      });
      request.on("response", (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        if (status >= matcher[0] && status <= matcher[1]) finish(undefined);
        else {
          const description = `Health checks failed with these codes: [${status}]`;
          finish({ reason: "Target.ResponseCodeMismatch", description });
        }
      });
      request.on("error", () => finish({ reason: "Target.FailedHealthChecks", description: "Health checks failed" }));
      request.end();
    });
  }
}
