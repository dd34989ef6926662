import { CloudError, type AuditCloud } from "../domain/index.ts";
import { everyPage } from "./alarm-clients.ts";
import { Memo, type AuditReach } from "./audit-reach.ts";

/** The most that one page of DescribeLogGroups holds. */
const PAGE_SIZE = 50;

/** Reads how long log groups keep what they get, each group once. */
export function logGroupReader(reach: AuditReach): Pick<AuditCloud, "logRetention"> {
  const clients = reach.clients(async (config) => {
    const { CloudWatchLogsClient } = await import("@aws-sdk/client-cloudwatch-logs");
    return new CloudWatchLogsClient(config);
  });
  const groups = new Memo<number | undefined>();
  return {
    logRetention: (group, place) =>
      groups.ask(place, group, async () => {
        const { DescribeLogGroupsCommand } = await import("@aws-sdk/client-cloudwatch-logs");
        const subject = `log group ${group}`;
        const call = reach.callTo(place);
        const beginning = await everyPage(
          { place, call, operation: "logs:DescribeLogGroups", subject },
          async (token) => {
            const client = await clients.for(place);
            const command = new DescribeLogGroupsCommand({
              logGroupNamePrefix: group,
              limit: PAGE_SIZE,
              ...(token === undefined ? {} : { nextToken: token }),
            });
            const answer = await client.send(command, { abortSignal: call.signal });
            return { items: answer.logGroups, next: answer.nextToken };
          },
        );
        const found = beginning.find(({ logGroupName }) => logGroupName === group);
        if (found === undefined)
          throw new CloudError(
            "not-found",
            `${place.region === undefined ? "AWS" : `AWS in ${place.region}`} has no ${subject}: the task definition names one that is not there`,
          );
        return found.retentionInDays;
      }),
  };
}
