import { setImmediate as turn } from "node:timers/promises";
import { applyPlan, type ApplyOptions, type ChangeResult } from "../../alarms/apply.ts";
import type { AlarmPlan } from "../../alarms/plan.ts";
import { makePlan, type Planned } from "../../alarms/planning.ts";
import { CloudPacer } from "../../alarms/rate.ts";
import { EMPTY_RECORD, nextRecord } from "../../alarms/record.ts";
import type { AlarmRecord, Clock, Deployment, Fleet, MetricAlarmDefinition, Timer } from "../../src/domain/index.ts";
import { FakeCloud } from "../fakes/cloud.ts";
import { deployment, fleetOf } from "../incidents/support.ts";

export { deployment, fleetOf };

/** A clock that jumps to the next timer as soon as nothing else is to be done: waiting costs no time. */
export class JumpClock implements Clock {
  #now = 0;
  #order = 0;
  #jumping = false;
  readonly #pending = new Set<{ due: number; order: number; fn: () => void }>();

  now(): number {
    return 1_795_000_000_000 + this.#now;
  }
  monotonic(): number {
    return this.#now;
  }
  after(ms: number, fn: () => void): Timer {
    const entry = { due: this.#now + Math.max(0, ms), order: this.#order++, fn };
    this.#pending.add(entry);
    void this.#jump();
    return { clear: () => void this.#pending.delete(entry) };
  }

  async #jump(): Promise<void> {
    if (this.#jumping) return;
    this.#jumping = true;
    while (this.#pending.size > 0) {
      await turn();
      const [next] = [...this.#pending].sort((a, b) => a.due - b.due || a.order - b.order);
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.fn();
    }
    this.#jumping = false;
  }
}

/** A fleet over a cloud, with what a shell keeps between two runs. */
export class Desk {
  readonly cloud = new FakeCloud();
  readonly clock = new JumpClock();
  record: AlarmRecord = EMPTY_RECORD;
  fleet: Fleet;
  signal = new AbortController().signal;

  constructor(fleet: Fleet) {
    this.fleet = fleet;
    for (const one of fleet.deployments) this.addBalancer(one);
  }

  addBalancer({ id, region, roleArn, loadBalancer }: Deployment, groups: readonly string[] = [`${id}-cores`]): void {
    if (loadBalancer === undefined || loadBalancer.startsWith("arn:")) return;
    const at = this.cloud.at(region ?? this.fleet.region, roleArn?.split(":")[4]);
    if (!at.balancers.some((one) => one.name === loadBalancer)) at.addBalancer(loadBalancer, groups);
  }

  ports() {
    return { reader: this.cloud, writer: this.cloud, pacer: new CloudPacer(this.clock), signal: this.signal };
  }

  /** Plans with the record kept so far. */
  planned(): Promise<Planned> {
    return makePlan(this.fleet, this.record, this.ports());
  }

  async plan(): Promise<AlarmPlan> {
    return (await this.planned()).plan;
  }

  /** Plans (unless given one) and applies, and keeps the record as a shell does. */
  async apply(options: ApplyOptions = {}, plan?: AlarmPlan): Promise<readonly ChangeResult[]> {
    const made = plan ?? (await this.plan());
    const told = await applyPlan(made, this.ports(), options);
    if ("refused" in told) throw new Error(told.refused.message);
    this.record = nextRecord(this.record, made, told.results, this.clock.now());
    return told.results;
  }
}

/** `+ alarm acme ELB TargetResponseTime`, sorted. */
export function brief(plan: Pick<AlarmPlan, "changes">): string[] {
  const sign = { create: "+", update: "~", delete: "-" } as const;
  return plan.changes.map((one) => `${sign[one.verb]} ${one.kind} ${one.name}`).sort();
}

/** An alarm as somebody makes it by hand: the runbook to the letter. */
export function handMade(name: string, more: Partial<MetricAlarmDefinition> = {}): MetricAlarmDefinition {
  return {
    kind: "metric",
    name,
    description: "",
    actionsEnabled: true,
    alarmActions: [],
    okActions: [],
    insufficientDataActions: [],
    metric: {
      namespace: "AWS/ApplicationELB",
      metric: "TargetResponseTime",
      dimensions: [{ name: "LoadBalancer", value: "acme" }],
      statistic: "Maximum",
      periodSeconds: 300,
    },
    comparison: "GreaterThanThreshold",
    threshold: 1.5,
    evaluationPeriods: 1,
    ...more,
  };
}

/** A small fleet: one region unless told otherwise. */
export function small(ids: readonly string[] = ["acme"], more: Partial<Fleet> = {}): Fleet {
  return fleetOf({
    name: "prod",
    region: "eu-west-1",
    deployments: ids.map((id) => deployment(id, 2)),
    ...more,
  });
}
