import type { AlarmFamily, WatchedResource } from "../src/domain/index.ts";
import type { AlarmSpec, Correction, Family } from "./alarm.ts";
import { metricDraft, overridden, type Thresholds } from "./draft.ts";

/** What sets one family on an RDS instance or a Lambda function apart from the next. */
interface ResourceAlarm {
  readonly id: AlarmFamily;
  readonly kind: WatchedResource["kind"];
  readonly tells: string;
  readonly metric: string;
  readonly numbers: Thresholds;
  readonly corrections?: readonly Correction[];
}

const OF_KIND = {
  rds: { service: "RDS", namespace: "AWS/RDS", dimension: "DBInstanceIdentifier" },
  lambda: { service: "Lambda", namespace: "AWS/Lambda", dimension: "FunctionName" },
} as const;

/** A family that stands once for each resource of its kind; the runbook's numbers in both profiles. */
export function resourceFamily(alarm: ResourceAlarm): Family {
  const { id, kind, tells, metric, numbers } = alarm;
  const { service, namespace, dimension } = OF_KIND[kind];
  const spec = (resource: WatchedResource): AlarmSpec => ({
    family: id,
    identity: `${id}:${resource.name}`,
    names: [`${resource.name} ${service} ${metric}`],
    deployments: resource.deployments,
    service,
    draft: metricDraft(
      { namespace, metric, dimensions: [{ name: dimension, value: resource.name }] },
      overridden(numbers, resource.overrides?.[id]),
      tells,
    ),
    corrections: alarm.corrections ?? [],
    presence: "wanted",
  });
  return {
    id,
    profiles: ["seed", "recommended"],
    tells,
    specs: (site) =>
      site.resources.filter((one) => one.kind === kind && one.overrides?.[id]?.enabled !== false).map(spec),
  };
}
