import type { MadeItem, ObservedAlarm, ObservedTopic, Tags } from "../src/domain/index.ts";
import type { Site } from "./alarm.ts";

/** A site with what AWS says of it now. */
export interface SiteWorld extends Site {
  /** `false`: a read that everything hangs on failed, so that nothing may be planned here. */
  readonly readable: boolean;
  readonly alarms: readonly ObservedAlarm[];
  /** Tags by ARN of what bears our fleet's tag, or was asked about by itself. */
  readonly tags: ReadonlyMap<string, Tags>;
  /** By ARN; `undefined`: there is surely none. An ARN that is not in it was not read. */
  readonly topics: ReadonlyMap<string, ObservedTopic | undefined>;
  /** ARN suffixes of load balancers that published metrics of late; `undefined`: not read. */
  readonly live: ReadonlySet<string> | undefined;
  /** Deployments whose load balancer AWS does not have: what they own is left alone. */
  readonly unresolved: readonly { readonly deployment: string; readonly loadBalancer: string }[];
}

/** A read that failed. */
export interface Problem {
  /** `123456789012/eu-west-1`, or as much of it as is known. */
  readonly site: string;
  /** The sentence of the CloudError. */
  readonly message: string;
}

/** Everything that a plan is made of, besides the fleet. */
export interface World {
  readonly sites: readonly SiteWorld[];
  readonly problems: readonly Problem[];
  /** `false` when any read failed: then nothing is deleted. */
  readonly complete: boolean;
  /** ARNs whose tags could not be confirmed: nothing is written to them. */
  readonly unconfirmed: ReadonlySet<string>;
  /** {@link madeKey}s of what the store's record says was made. */
  readonly made: ReadonlySet<string>;
  /** When it was read, epoch ms: a mute that ended before is over. */
  readonly now: number;
}

/** `123456789012/eu-west-1` */
export function siteKey({ account, region }: { readonly account: string; readonly region: string }): string {
  return `${account}/${region}`;
}

/** Key of an identity at its site. */
export function madeKey(one: Pick<MadeItem, "account" | "region" | "identity">): string {
  return `${one.account}/${one.region}/${one.identity}`;
}
