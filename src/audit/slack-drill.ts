import { dayText, isBalanced, judge, type Rule } from "./rule.ts";

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;

/** The way from an alarm to Slack was walked of late. */
export const slackDrill: Rule = {
  id: "slack-drill",
  title: "the way from alarm to Slack is proved",
  seed: "Add load balancer error monitoring and send notif to slack",
  applies: isBalanced,
  async check({ own, now, expect }) {
    const days = expect.drillWithin ?? DEFAULT_DAYS;
    const last = await own.lastDrill();
    const age = last === undefined ? undefined : Math.floor((now - last) / DAY_MS);
    return judge(
      age !== undefined && age < days,
      `a drill that arrived, within ${days} days`,
      age === undefined ? "no drill arrived yet" : `the last one that arrived is ${dayText(age)} old`,
      "corewatch alarms drill, and alarms.drillSchedule in fleet.yaml to have it done regularly",
    );
  },
};
