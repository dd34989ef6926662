import { isOnEcs, judge, named, type Rule } from "./rule.ts";

/** Log groups keep everything for ever unless told otherwise. */
export const logRetention: Rule = {
  id: "log-retention",
  title: "retention of the container logs",
  seed: "Logs are stored by default forever: I would recommend changing the Retention period from Never Expire to the exact period",
  scanner: "cloudwatch_log_group_retention_policy_specific_days_enabled",
  applies: isOnEcs,
  async check({ ecs, cloud, place, expect }) {
    const least = expect.logRetention ?? 1;
    const { taskDefinition } = await ecs();
    const groups = [...new Set(taskDefinition.containers.flatMap(({ logGroup }) => logGroup ?? []))];
    const kept = await Promise.all(
      groups.map(async (group) => ({ group, days: await cloud.logRetention(group, place) })),
    );
    const wrong = kept.filter(({ days }) => days === undefined || days < least);
    return judge(
      groups.length > 0 && wrong.length === 0,
      `an end, after ${least === 1 ? "some" : `at least ${least}`} days`,
      groups.length === 0
        ? "the containers log to no group"
        : named(kept.map(({ group, days }) => `${group}: ${days === undefined ? "for ever" : `${days} days`}`)),
      groups.length === 0
        ? "give the containers the awslogs driver with a log group"
        : wrong
            .map(
              ({ group }) =>
                `aws logs put-retention-policy --log-group-name ${group} --retention-in-days ${Math.max(30, least)}`,
            )
            .join("\n"),
    );
  },
};
