import type { CertifyThresholds } from "../src/domain/index.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** What must be met unless fleet.yaml says otherwise. "List" is the runbook's "To make sure you cover", "alarms" are those it has made. */
export const DEFAULT_THRESHOLDS: CertifyThresholds = {
  // List: "Should be able to handle 1k requests per second".
  rate: 1_000,
  // Two of the five-minute periods over which the alarms look.
  heldMs: 10 * MINUTE,
  // An even pacer measured 999–1007 arrivals in each second of 1,000: on average half a percent is ample.
  arrivalError: 0.005,
  // One in a thousand: the alarm HTTPCode_ELB_5XX_Count tells each one; a certificate needs a budget.
  errors: 0.001,
  // A third of the alarm TargetResponseTime, at the percentile that people notice.
  p99Ms: 500,
  // Alarm TargetResponseTime: greater than 1.5 s …
  slowOverMs: 1_500,
  // … and no more of them than errors.
  slowShare: 0.001,
  // A twentieth of p99Ms: more lateness, and the latency that is certified would be the generator's.
  latenessP99Ms: 25,
  // Independent arrivals show 1, even ones 0: half as much again is a generator that sends in bursts.
  dispersion: 1.5,
  // List: "Should be able to hold 1 million sessions / users in the db".
  sessions: 1_000_000,
  users: 1_000_000,
  // An index of a full table is one level deeper than that of an empty one: half as much again is ample.
  fullToEmpty: 1.5,
  // What a target group sends to dead cores until it notices is lost; spread over the stage it is a few percent at most.
  survivalErrors: 0.02,
  // The runbook's target group: two failures, one each 30 s, with a time limit of 10 s.
  survivalSettleMs: 2 * 30 * SECOND + 10 * SECOND,
  // Six looks of the check hello, which looks every 10 s.
  detectionMs: MINUTE,
  // Slack's limit is a message a second and channel: half a minute leaves room for a queue.
  toSlackMs: 30 * SECOND,
  // The runbook's target group takes a core back after five good checks, 30 s apart; as much again for corewatch's own checks.
  recoveryMs: 5 * MINUTE,
  // Round robin gives an even share; least outstanding requests gives a cold core less.
  shareOfEven: 0.5,
  // Runbook: call the scale request, "wait 5 mins".
  firstShareMs: 5 * MINUTE,
  // List: "Should span across multiple ec2 instances".
  instances: 2,
  // The runbook's load balancer: "Availability Zones: select all"; two survive the loss of one.
  zones: 2,
  // The rest of max_connections is for people, backups, and one core more while cores are replaced.
  connectionShare: 0.8,
  // When half of everything fails, more load teaches nothing and hurts.
  breakerErrors: 0.5,
  breakerMs: 10 * SECOND,
  // The alarms' period is 5 minutes; metrics come up to 3 minutes late.
  alarmMs: 8 * MINUTE,
  // A leak shows itself over hours; less is the noise of a shared host.
  drift: 1.25,
  windows: [],
};
