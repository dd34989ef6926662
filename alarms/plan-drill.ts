import type { Fleet } from "../src/domain/index.ts";
import { estimate } from "./estimate.ts";
import { planFleet, planHash, type AlarmPlan } from "./plan.ts";
import type { World } from "./world.ts";

/** The plan of the drill alarms alone, made even where no drills are scheduled, and of the topics that they need. */
export function planDrillAlarms(fleet: Fleet, world: World): AlarmPlan {
  const drilling: Fleet = {
    ...fleet,
    alarms: { ...fleet.alarms, drillSchedule: fleet.alarms?.drillSchedule ?? "on demand" },
  };
  const plan = planFleet(drilling, world);
  const drills = plan.changes.filter((one) => one.identity?.startsWith("drill:") === true && one.verb !== "delete");
  const needed = new Set(drills.flatMap((one) => one.needs));
  const changes = plan.changes.filter(
    (one) =>
      drills.includes(one) ||
      (one.step.does === "create-topic" && needed.has(one.step.topicArn)) ||
      (one.verb === "create" &&
        one.needs.some((need) => needed.has(need)) &&
        // What a person took off a topic that stands is no drill's to put back.
        (!one.restores ||
          plan.changes.some(({ step }) => step.does === "create-topic" && one.needs.includes(step.topicArn))) &&
        (one.kind === "policy" || one.kind === "subscription")),
  );
  return {
    ...plan,
    changes,
    hash: planHash(fleet.name, changes, plan.complete),
    estimate: { ...plan.estimate, seconds: estimate(changes, []).seconds },
  };
}
