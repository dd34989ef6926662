import type { Fleet } from "../domain/index.ts";

/** Facts of the store about alarms. The record of what was made has its own, under the turn of whoever applies. */
/** Which alarms are in ALARM, and which were of late. */
export const ALARM_STATES = "alarm-states";
/** What drifted at the last look. */
export const ALARM_DRIFT = "alarm-drift";
/** Whether alarms may be muted now. */
export const ALARM_MUTES = "alarm-mutes";
/** Where the newest drill's message has got to. */
export const DRILL_TRACE = "alarm-drill-trace";
/** How the last drill went. */
export const DRILL_LAST = "alarm-drill";
/** When a drill last arrived, epoch ms. */
export const DRILL_DELIVERED = "alarm-drill-delivered";

/** Whether the fleet has alarms to look after: without them nothing of AWS is asked or loaded for their sake. */
export function alarmsWanted(fleet: Fleet): boolean {
  if (fleet.alarms === undefined) return false;
  const { resources = [] } = fleet.alarms;
  return (
    resources.length > 0 ||
    fleet.deployments.some((one) => one.loadBalancer !== undefined && one.alarms?.enabled !== false)
  );
}

/** Whether alarms may arrive by themselves: at this web server, or in a queue that is read. AWS knows whether they do. */
export function hasIngress(fleet: Fleet): boolean {
  return fleet.web.publicUrl?.startsWith("https:") === true || queuesOf(fleet).length > 0;
}

/** ARNs of the queues that every topic delivers to. */
export function queuesOf(fleet: Fleet): string[] {
  return [
    ...new Set((fleet.alarms?.subscriptions ?? []).flatMap((one) => (one.protocol === "sqs" ? one.endpoint : []))),
  ];
}
