import type { Tags } from "./alarms.ts";
import type { CloudPlace } from "./ports.ts";

/**
 * Finding the fleet. A *source* reads what is there now; what it found is merged with what is known, so that a core keeps
 * its id when its address changes; each difference is an *event*.
 */

/** Where the cores of a deployment come from. */
export type DiscoverySettings =
  | {
      readonly from: "target-group";
      /** Name of the one target group that holds the cores; every group of the load balancer unless set. */
      readonly targetGroup?: string;
    }
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
  /** When it started, epoch ms, where the source says so. */
  readonly startedAt?: number | null;
  /** A core that is to leave by a notice: what its source says counts again from then on, epoch ms. */
  readonly leavingUntil?: number;
}

/** An id whose core left: the next core that appears takes it, so that history goes on. */
export interface VacantCore {
  readonly id: string;
  readonly instance: string | null;
  readonly zone: string | null;
  readonly url: string;
  /** Epoch ms. */
  readonly leftAt: number;
}

/** What the inventory remembers of one deployment. JSON. */
export interface KnownCores {
  readonly cores: readonly KnownCore[];
  readonly vacant: readonly VacantCore[];
  /** Epoch ms of the last complete read; `null`: there was none. */
  readonly readAt: number | null;
}

/** What can happen to a found core. */
export const INVENTORY_EVENTS = [
  "core-appeared",
  "core-moved",
  "core-draining",
  "core-gone",
  "instance-replaced",
  "spot-interruption",
  "rebalance-recommendation",
  "core-ready",
] as const;

/** One thing that happened to a found core. JSON. */
export interface InventoryEvent {
  readonly event: (typeof INVENTORY_EVENTS)[number];
  /** `deployment/core` */
  readonly target: string;
  /** Epoch ms. */
  readonly at: number;
  readonly before: CorePlace | null;
  readonly after: CorePlace | null;
  /** For people; empty where the event says it all. */
  readonly why: string;
  /** Of `core-ready`: from its start, as far as it is known, to its first good answer. */
  readonly timeToHealthyMs?: number;
}

/** Where a core is. */
export interface CorePlace {
  readonly url: string;
  readonly instance: string | null;
  readonly zone: string | null;
}

/** `inventory` of fleet.yaml. */
export interface InventorySettings {
  /** Cron with seconds: when sources are read. */
  readonly schedule: string;
  readonly events: {
    /** ARN of an SQS queue with the notices of EventBridge. */
    readonly queue: string | undefined;
    /** Whether the metadata endpoint of the host that corewatch runs on is asked. */
    readonly metadata: boolean;
  };
  /** How long a new core may take until it answers, ms. */
  readonly budgetMs: { readonly development: number; readonly production: number };
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
