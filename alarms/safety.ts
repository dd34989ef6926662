import type { AlarmPlan } from "./plan.ts";

/** From this many owned alarms on, a plan may change or delete only so many of them at once. */
const BRAKE_FROM = 10;
const BRAKE_SHARE = 0.3;

/** Why a plan may be applied, or not without `--force`. */
export type Safety =
  | { readonly reason: "ok" }
  | { readonly reason: "too-many-changes"; readonly touched: number; readonly owned: number; readonly message: string };

/** The brake: a mistake in the inventory shall not take the fleet's alarms away. Tags alone do not count. */
export function judgeSafety(plan: Pick<AlarmPlan, "changes" | "owned">): Safety {
  const touched = plan.changes.filter(
    (one) => (one.kind === "alarm" || one.kind === "composite") && one.verb !== "create" && one.step.does !== "tag",
  ).length;
  if (plan.owned < BRAKE_FROM || touched <= plan.owned * BRAKE_SHARE) return { reason: "ok" };
  const message = `the plan changes or deletes ${touched} of ${plan.owned} owned alarms, more than ${BRAKE_SHARE * 100}%: look at it, then apply it with --force`;
  return { reason: "too-many-changes", touched, owned: plan.owned, message };
}
