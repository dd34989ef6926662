import { jsonPage, jsonService } from "./aws-json.ts";
import type { AwsModel } from "./aws-model.ts";
import { AwsFault, type AwsService } from "./aws-server.ts";

/** The service's own limit of one page. */
const PAGE_SIZE = 50;

/** A log group. */
export interface AwsLogGroup {
  readonly region: string;
  readonly name: string;
  /** Absent: it keeps everything for ever. */
  retentionInDays?: number;
}

/** CloudWatch Logs over the model's log groups, read alone. `pageSize` makes pages smaller than AWS's 50. */
export function logsService(model: AwsModel, options: { readonly pageSize?: number } = {}): AwsService {
  const { pageSize = PAGE_SIZE } = options;
  return jsonService({
    scope: "logs",
    target: "Logs_20140328",
    version: "1.1",
    namespace: "com.amazonaws.logs",
    queryCompatible: false,
    operations: {
      DescribeLogGroups: (input, { region }) => {
        const prefix = input.text("logGroupNamePrefix");
        const pattern = input.text("logGroupNamePattern");
        if (prefix !== undefined && pattern !== undefined)
          throw new AwsFault("InvalidParameterException", "LogGroup name prefix and pattern are mutually exclusive.");
        const limit = input.number("limit") ?? PAGE_SIZE;
        if (!(limit >= 1 && limit <= PAGE_SIZE))
          throw new AwsFault("InvalidParameterException", "The limit must be between 1 and 50");
        const found = (model.logGroups ?? [])
          .filter((group) => group.region === region && group.name.startsWith(prefix ?? ""))
          .filter((group) => group.name.includes(pattern ?? ""))
          .sort((a, b) => (a.name < b.name ? -1 : 1));
        const token = input.text("nextToken");
        const { items, next } = jsonPage(found, token, Math.min(limit, pageSize), "InvalidParameterException");
        return {
          nextToken: next,
          logGroups: items.map(({ name, retentionInDays }) => ({
            logGroupName: name,
            arn: `arn:aws:logs:${region}:${model.account}:log-group:${name}:*`,
            logGroupArn: `arn:aws:logs:${region}:${model.account}:log-group:${name}`,
            creationTime: 1_767_225_600_000,
            metricFilterCount: 0,
            storedBytes: 1_024,
            logGroupClass: "STANDARD",
            retentionInDays,
          })),
        };
      },
    },
  });
}
