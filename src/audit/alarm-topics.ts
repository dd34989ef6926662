import { alarmsOn, RUNBOOK_METRICS } from "./load-balancer-alarms.ts";
import { fail, isBalanced, judge, named, type Rule } from "./rule.ts";

/** An alarm without a topic, or a topic that nobody confirmed to listen to, fires into the void. */
export const alarmTopics: Rule = {
  id: "alarm-topics",
  title: "topics of the alarms, and who listens",
  seed: "Add CloudWatch Alarms: SNS: select the topic CloudWatchAlarms{{Region}}_ELB",
  scanner: "cloudwatch_alarm_actions_enabled",
  applies: isBalanced,
  async check({ loadBalancer, cloud, place }) {
    const expected = "each with a topic that has a confirmed subscription, actions enabled";
    const [balancer, all] = await Promise.all([loadBalancer(), cloud.alarms(place)]);
    const alarms = RUNBOOK_METRICS.flatMap((metric) => alarmsOn(metric, balancer, all));
    const fix =
      "corewatch alarms apply, and confirm the subscription (aws sns list-subscriptions-by-topic shows who did not)";
    if (alarms.length === 0) return fail(expected, "there is no alarm", fix);
    const topics = new Set(
      alarms.flatMap(({ definition }) => definition.alarmActions).filter((arn) => arn.includes(":sns:")),
    );
    const deaf = new Set<string>();
    for (const arn of topics) {
      const topic = await cloud.topic(arn, place);
      if (topic?.subscriptions.some((one) => one.confirmed) !== true) deaf.add(arn);
    }
    const troubles = alarms.flatMap(({ definition: { name, actionsEnabled, alarmActions } }) => {
      const own = alarmActions.filter((arn) => topics.has(arn));
      if (!actionsEnabled) return [`${name}: actions disabled`];
      if (own.length === 0) return [`${name}: no topic`];
      return own.every((arn) => deaf.has(arn)) ? [`${name}: ${own[0]} has no confirmed subscription`] : [];
    });
    return judge(troubles.length === 0, expected, troubles.length === 0 ? named([...topics]) : named(troubles), fix);
  },
};
