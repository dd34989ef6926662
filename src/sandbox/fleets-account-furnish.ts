import type { Clock } from "../domain/index.ts";
import type { AwsModel } from "./aws-model.ts";
import { accessLogObjects } from "./aws-s3-logs.ts";
import { awsBucket } from "./aws-s3-model.ts";
import type { PlannedAccount } from "./fleets-account-plan.ts";
import { REGION } from "./fleets-network.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** For how long load balancers have written logs, ms. */
const LOGGED_MS = 6 * 3_600_000;

/** Enters what does not live: certificates, buckets with the logs that arrive in them, the distribution, log groups. */
export function furnishAccount(account: PlannedAccount, model: AwsModel, clock: Clock): void {
  const now = clock.now();
  for (const balancer of model.loadBalancers) {
    const certificate = account.balancers[balancer.name]?.certificate;
    const arn = balancer.listeners.find(({ protocol }) => protocol === "HTTPS")?.certificateArn;
    if (certificate === undefined || arn === undefined) continue;
    const { names, daysLeft } = certificate;
    model.certificates?.push({
      arn,
      domainName: names[0] ?? "",
      alternativeNames: names,
      status: daysLeft > 0 ? "ISSUED" : "EXPIRED",
      notBefore: now - 300 * DAY_MS,
      notAfter: now + daysLeft * DAY_MS,
    });
  }
  for (const { writes, lastMinutesAgo, ...bucket } of account.buckets) {
    const writers = model.loadBalancers.filter(({ name }) => writes.includes(name));
    model.buckets?.push(
      awsBucket({
        region: REGION,
        ...bucket,
        objects: () =>
          writers.flatMap(({ arn, attributes }) => {
            const until = clock.now() - lastMinutesAgo * MINUTE_MS;
            const prefix = attributes["access_logs.s3.prefix"] ?? "";
            return accessLogObjects({ balancerArn: arn, prefix, from: until - LOGGED_MS, until });
          }),
      }),
    );
  }
  if (account.distribution !== undefined) {
    const { origin, aliases, ...distribution } = account.distribution;
    model.distributions?.push({
      ...distribution,
      enabled: true,
      aliases: [...aliases],
      origins: [{ id: "backend", domainName: origin }],
    });
  }
  for (const { logGroup, retention } of account.ecs?.services ?? [])
    model.logGroups?.push({
      region: REGION,
      name: logGroup,
      ...(retention === undefined ? {} : { retentionInDays: retention }),
    });
}
