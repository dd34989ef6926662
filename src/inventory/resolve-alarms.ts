import type {
  AlarmOverride,
  AlarmOverrides,
  AlarmSettings,
  DeploymentAlarms,
  SubscriptionWish,
  WatchedResource,
} from "../domain/index.ts";
import { parseDuration } from "./duration.ts";
import type { Config } from "./schema.ts";

type WrittenAlarms = NonNullable<Config["alarms"]>;
type WrittenDeploymentAlarms = NonNullable<NonNullable<Config["deployments"]>[number]["alarms"]>;
type WrittenOverrides = NonNullable<WrittenDeploymentAlarms["overrides"]>;
type WrittenOverride = NonNullable<WrittenOverrides[string]>;

/** `alarms`, as the alarm manager has it: what is not written stays absent, since the profile fills it in. */
export function alarmsOf({ resources, subscriptions, ...rest }: WrittenAlarms): AlarmSettings {
  return given<AlarmSettings>({
    ...rest,
    subscriptions: subscriptions?.map((one): SubscriptionWish => one),
    resources: resources?.map(({ overrides, deployments, ...one }): WatchedResource =>
      given<WatchedResource>({ ...one, deployments: deployments ?? [], overrides: overridesOf(overrides) }),
    ),
  });
}

/** `deployments[].alarms` */
export function deploymentAlarmsOf({ overrides, ...rest }: WrittenDeploymentAlarms): DeploymentAlarms {
  return given<DeploymentAlarms>({ ...rest, overrides: overridesOf(overrides) });
}

function overridesOf(written: WrittenOverrides | undefined): AlarmOverrides | undefined {
  if (written === undefined) return undefined;
  const families = Object.entries(written).flatMap(([family, one]) =>
    one === undefined ? [] : [[family, overrideOf(one)] as const],
  );
  return Object.fromEntries(families);
}

function overrideOf({ period, ...rest }: WrittenOverride): AlarmOverride {
  const ms = period === undefined ? undefined : parseDuration(period);
  return given<AlarmOverride>({ ...rest, periodSeconds: ms === undefined ? undefined : ms / 1000 });
}

/** Without the fields that are `undefined`: a plan's hash must not tell "absent" from "not set". */
function given<T extends object>(value: T): T {
  for (const key of Object.keys(value)) if (Reflect.get(value, key) === undefined) Reflect.deleteProperty(value, key);
  return value;
}
