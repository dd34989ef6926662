import type {
  CloudPlace,
  CompositeAlarmDefinition,
  MetricAlarmDefinition,
  SubscriptionWish,
  Tags,
} from "../src/domain/index.ts";
import type { FieldChange } from "./normalise.ts";

/** What apply does for a change, with every choice made. */
export type Step =
  | { readonly does: "create-topic"; readonly topicArn: string; readonly tags: Tags }
  | { readonly does: "delete-topic"; readonly topicArn: string }
  | { readonly does: "set-policy"; readonly topicArn: string; readonly policy: string }
  | { readonly does: "subscribe"; readonly topicArn: string; readonly wish: SubscriptionWish }
  | { readonly does: "unsubscribe"; readonly topicArn: string; readonly arn: string }
  | {
      readonly does: "put-alarm";
      readonly arn: string;
      readonly definition: MetricAlarmDefinition | CompositeAlarmDefinition;
      /** All tags it shall bear; given at creation. */
      readonly tags: Tags;
      /** It exists: confirm that it is ours, and mend its tags after, since a put ignores tags then. */
      readonly exists: boolean;
      readonly retag: Retag | undefined;
    }
  | {
      readonly does: "tag";
      readonly arn: string;
      readonly retag: Retag;
      /** Takes over what nobody owns. */ readonly adopts: boolean;
    }
  | { readonly does: "delete-alarm"; readonly arn: string };

/** Tags to set and to take away. */
export interface Retag {
  readonly set: Tags;
  readonly remove: readonly string[];
}

/** One change of a plan. */
export interface Change {
  readonly verb: "create" | "update" | "delete";
  readonly kind: "topic" | "policy" | "subscription" | "alarm" | "composite";
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly place: CloudPlace;
  readonly fields: readonly FieldChange[];
  readonly step: Step;
  /** Identity that the store's record keeps; `null`: it keeps none. */
  readonly identity: string | null;
  /** Names at the same site that have to be in order first: a composite's children, an alarm's topic. */
  readonly needs: readonly string[];
  /** It makes again what somebody deleted by hand: never done without a person who saw it. */
  readonly restores: boolean;
}

/** Something that is not as corewatch left it. */
export interface Drift {
  readonly kind: "alarm" | "topic" | "subscription" | "policy";
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly what: "edited" | "deleted";
  /** As corewatch left it, and as it is now. */
  readonly fields: readonly FieldChange[];
}

/** A name that is wanted and not to be had. */
export interface Conflict {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  /** One sentence: why, and what to do. */
  readonly reason: string;
}
