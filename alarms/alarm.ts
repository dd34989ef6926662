import type {
  AlarmFamily,
  AlarmOverrides,
  AlarmProfile,
  CloudPlace,
  Deployment,
  Fleet,
  MetricAlarmDefinition,
  WatchedResource,
} from "../src/domain/index.ts";

/** The part of a topic's name that says whose alarms it carries. */
export type Service = "ELB" | "RDS" | "Lambda";

/** A load balancer of the fleet, with every deployment behind it that wants alarms. */
export interface BalancerSubject {
  readonly name: string;
  /** What the dimension LoadBalancer holds: `app/<name>/<id>`. */
  readonly suffix: string;
  /** `suffix` is what the dimension TargetGroup holds: `targetgroup/<name>/<id>`. */
  readonly targetGroups: readonly { readonly name: string; readonly suffix: string }[];
  readonly deployments: readonly Deployment[];
  /** Of the first deployment in the fleet's order, as are the overrides. */
  readonly profile: AlarmProfile;
  readonly overrides: AlarmOverrides;
}

/** One account and region of the fleet, with what stands there. */
export interface Site {
  readonly account: string;
  readonly region: string;
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  readonly partition: string;
  /** How it is reached. */
  readonly place: CloudPlace;
  readonly balancers: readonly BalancerSubject[];
  readonly resources: readonly WatchedResource[];
  /** The one site that holds the alarm on corewatch itself. */
  readonly home: boolean;
}

/** A metric alarm before its name is settled and its topic is put in. */
export type MetricDraft = Omit<
  MetricAlarmDefinition,
  "name" | "actionsEnabled" | "alarmActions" | "okActions" | "insufficientDataActions" | "others"
>;

/** A composite before its children's names are settled: in ALARM when any of them is. */
export interface CompositeDraft {
  readonly kind: "composite";
  readonly description: string;
  /** Identities of metric alarms of the same site. */
  readonly anyOf: readonly string[];
}

/** One alarm that shall be. */
export interface AlarmSpec {
  readonly family: AlarmFamily;
  /** Family and dimensions: what the alarm is, whatever its name. Kept in a tag. */
  readonly identity: string;
  /** Names in order of preference; an owned alarm of this identity keeps its own. */
  readonly names: readonly string[];
  readonly deployments: readonly string[];
  readonly service: Service;
  readonly draft: MetricDraft | CompositeDraft;
  /** Where the alarm differs from the runbook's letter, and why: shown as lint. */
  readonly corrections: readonly Correction[];
  /** `if-there`: kept in order when it exists, never made by a plan. */
  readonly presence: "wanted" | "if-there";
}

/** Why a definition is not the runbook's to the letter. */
export interface Correction {
  readonly rule: CorrectionRule;
  readonly message: string;
}

/** Names of {@link Correction}s, closed. */
export type CorrectionRule =
  | "dimension-resolved"
  | "one-per-target-group"
  | "missing-data-set"
  | "ok-action-set"
  | "maximum-of-count"
  | "single-slow-request";

/** One family: a pure function from a site to its alarms. */
export interface Family {
  readonly id: AlarmFamily;
  /** Profiles that have it; for families that do not hang on a load balancer both. */
  readonly profiles: readonly AlarmProfile[];
  /** One sentence: what a person learns when it fires. */
  readonly tells: string;
  specs(site: Site, fleet: Fleet): readonly AlarmSpec[];
}
