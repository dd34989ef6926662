import type { AlarmPlan } from "./plan.ts";

/** The part of a plan that tells. */
type Told = Pick<AlarmPlan, "conflicts" | "complete" | "unresolved">;

/** One sentence for a plan without changes: why there are none. */
export function idleSentence(plan: Told): string {
  const { conflicts, unresolved } = plan;
  const alsoBlocked =
    conflicts.length === 0 ? "" : `, and nothing can be done about ${counted(conflicts.length, "conflict")}`;
  if (!plan.complete)
    return `It could not be told whether AWS is as the inventory says: not everything could be read${alsoBlocked}.`;
  if (unresolved.length > 0)
    return `It could not be told whether AWS is as the inventory says: ${counted(unresolved.length, "load balancer")} not found${alsoBlocked}.`;
  if (conflicts.length > 0) return `Nothing can be done: ${counted(conflicts.length, "conflict")}.`;
  return "Nothing to do: AWS is as the inventory says.";
}

/** `1 conflict`, `2 conflicts`: of regular nouns. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
