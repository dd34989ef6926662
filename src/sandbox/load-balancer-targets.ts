import type { Clock, Timer } from "../domain/index.ts";

/** A target as it is registered. */
export interface TargetSpec {
  /** Instance id or IP address, as AWS names it. */
  readonly id: string;
  readonly port: number;
  readonly zone: string;
  /** Where it really listens: `http://127.0.0.1:41001`. */
  readonly url: string;
}

/** The states of DescribeTargetHealth. */
export type TargetState = "initial" | "healthy" | "unhealthy" | "draining" | "unused";

/** A target and what the load balancer holds of it, in the words of DescribeTargetHealth. */
export interface TargetView extends TargetSpec {
  readonly state: TargetState;
  readonly reason: string;
  readonly description: string;
}

/** Settings of the health check; the counts are consecutive. */
export interface HealthThresholds {
  readonly healthyCount: number;
  readonly unhealthyCount: number;
}

/** What one health check found: `undefined` is success, else AWS's reason code and sentence. */
export type CheckResult = { readonly reason: string; readonly description: string } | undefined;

/** One registered target: the state machine between registration and the end of draining. */
export class RegisteredTarget {
  readonly spec: TargetSpec;
  /** `id:port` */
  readonly key: string;
  /** Where it really listens, taken apart once: every request needs it. */
  readonly address: { readonly host: string; readonly port: string; readonly secure: boolean };
  readonly #thresholds: HealthThresholds;
  #state: TargetState = "initial";
  #reason = "Elb.RegistrationInProgress";
  #description = "Target registration is in progress";
  #successes = 0;
  #failures = 0;
  #draining: Timer | undefined;

  constructor(spec: TargetSpec, thresholds: HealthThresholds, zoneEnabled: boolean) {
    this.spec = spec;
    this.key = `${spec.id}:${spec.port}`;
    const { hostname, port, protocol } = new URL(spec.url);
    this.address = { host: hostname, port, secure: protocol === "https:" };
    this.#thresholds = thresholds;
    if (!zoneEnabled) {
      const description = "Target is in an Availability Zone that is not enabled for the load balancer";
      this.#become("unused", "Target.NotInUse", description);
    }
  }

  get state(): TargetState {
    return this.#state;
  }

  get view(): TargetView {
    return { ...this.spec, state: this.#state, reason: this.#reason, description: this.#description };
  }

  /** Whether health checks are sent to it. */
  get checked(): boolean {
    return this.#state === "initial" || this.#state === "healthy" || this.#state === "unhealthy";
  }

  /** Takes one health check's result. A new target needs one success; an unhealthy one as many as are configured. */
  record(result: CheckResult): void {
    if (!this.checked) return;
    if (result === undefined) {
      this.#failures = 0;
      this.#successes++;
      const needed = this.#state === "initial" ? 1 : this.#thresholds.healthyCount;
      if (this.#successes >= needed) this.#become("healthy", "", "");
      return;
    }
    this.#successes = 0;
    this.#failures++;
    if (this.#state === "unhealthy" || this.#failures >= this.#thresholds.unhealthyCount)
      this.#become("unhealthy", result.reason, result.description);
    else if (this.#state === "initial")
      this.#become("initial", "Elb.InitialHealthChecking", "Initial health checks in progress");
  }

  /** Stops taking new requests; `gone` is called when the deregistration delay is over. */
  drain(clock: Clock, delayMs: number, gone: () => void): void {
    if (this.#state === "draining") return;
    this.#become("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress");
    this.#draining = clock.after(delayMs, gone);
  }

  stop(): void {
    this.#draining?.clear();
  }

  #become(state: TargetState, reason: string, description: string): void {
    this.#state = state;
    this.#reason = reason;
    this.#description = description;
  }
}
