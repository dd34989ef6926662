import type { Tags } from "./alarms.ts";
import type { CloudPlace } from "./ports.ts";

/**
 * Finding the fleet. A *source* reads what is there now; what it found is merged with what is known, so that a core keeps
 * its id when its address changes; each difference is an *event*.
 */

/** Where the cores of a deployment come from. */
export type DiscoverySettings =
  | { readonly from: "target-group" }
  | {
      readonly from: "ecs";
      readonly cluster: string;
      readonly service: string;
      /** Container whose port it is, and the port within it; the first with a binding unless set. */
      readonly container: string | undefined;
      readonly containerPort: number | undefined;
    }
  | { readonly from: "control-database"; readonly database: string; readonly query: string | undefined }
  | { readonly from: "tags"; readonly tags: Tags; readonly ports: readonly number[] };

/** How a found core's URL is made. */
export interface CoreAddressing {
  readonly protocol: "http" | "https";
  /** `private`: the address within the VPC; `public`: the public one. */
  readonly address: "private" | "public";
  readonly basePath: string;
}

/** What a source says of a core. */
export type FoundState =
  /** Expected to answer. */
  | "serving"
  /** New: not expected to answer yet. */
  | "starting"
  /** On its way out: not expected to answer for long. */
  | "draining";

/** One core as a source found it. */
export interface FoundCore {
  /** What identifies this very process for the source: `i-0a1b:3567`, a task's ARN, a container's id. */
  readonly key: string;
  readonly instance: string | null;
  readonly zone: string | null;
  readonly host: string;
  readonly port: number;
  readonly state: FoundState;
  /** In the source's own words: `Target.DeregistrationInProgress`. */
  readonly detail: string;
  /** When it started, epoch ms, where the source says so. */
  readonly startedAt: number | null;
}

/** Reads one deployment's cores. @throws CloudError, or Error with a sentence: an incomplete read is no read */
export type CoreSource = (
  deployment: {
    readonly id: string;
    readonly app: string;
    readonly loadBalancer: string | undefined;
    readonly place: CloudPlace;
    readonly discover: DiscoverySettings;
    readonly addressing: CoreAddressing;
  },
  signal: AbortSignal,
) => Promise<readonly FoundCore[]>;

/** A core as the inventory remembers it between looks and restarts. JSON. */
export interface KnownCore {
  readonly id: string;
  readonly key: string;
  readonly instance: string | null;
  readonly zone: string | null;
  readonly url: string;
  readonly state: FoundState | "leaving";
  /** Why it is expected to go: `spot-interruption at …`. */
  readonly why: string;
  /** Epoch ms. */
  readonly firstSeen: number;
  /** When it was first seen healthy; `null`: not yet. */
  readonly readyAt: number | null;
}

/** A notice that a host will go. */
export interface HostNotice {
  readonly kind: "spot-interruption" | "rebalance-recommendation" | "instance-state";
  readonly instance: string;
  /** Epoch ms at which it goes, where the notice says so. */
  readonly at: number | null;
  /** Of `instance-state`: shutting-down, terminated … */
  readonly state: string | null;
}
