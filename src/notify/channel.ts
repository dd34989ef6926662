import type { Clock, Log, Messenger, Notice } from "../domain/index.ts";
import type { Attempt } from "./courier.ts";
import type { Bucket } from "./pace.ts";

/** How long a dead channel rests between attempts: a mended one has the newest cards after that. */
export const DEAD_PAUSE_MS = 5 * 60_000;
/** How a channel fares; told whenever it changes. */
export interface ChannelState {
  readonly channel: string;
  /** Nothing will arrive until a person mends it. */
  readonly dead: boolean;
  /** Epoch ms of the first failure of the failures in a row; `null` when the last attempt arrived. */
  readonly failingSince: number | null;
  readonly error: string | null;
}

/** What a lane needs of the delivery around it. */
export interface LaneWorld {
  readonly clock: Clock;
  readonly log: Log;
  /** Epoch ms that never goes back while the process runs. */
  readonly wall: () => number;
  readonly random: () => number;
  /** Bucket of the edits, shared by all channels. */
  readonly edits: Bucket;
  readonly messenger: () => Messenger | undefined;
  readonly isEdit: (notice: Notice) => Promise<boolean>;
  readonly deliver: (notice: Notice, messenger: Messenger) => Promise<Attempt>;
  /** Writes what came of a notice; waits for the store. */
  readonly arrived: (notice: Notice, attempt: Attempt & { kind: "sent" }) => Promise<void>;
  readonly drop: (notice: Notice, error: string) => Promise<void>;
  /** Not now: the notice leaves the lane and comes back when it is due again. */
  readonly postpone: (notice: Notice, delayMs: number, error: string) => Promise<void>;
  /** Epoch ms from which the second route is to tell `notice`, given that its channel fails since `failingSince`. */
  readonly fallbackFrom: (notice: Notice, state: ChannelState) => number;
  /** Takes the second route and writes what came of it: `settled`, or `postponed` for the channel or the route to be tried again. */
  readonly fallBack: (notice: Notice, state: ChannelState) => Promise<"settled" | "postponed">;
  readonly onState: (state: ChannelState) => void;
  /** The line is empty, or the store was out of reach: the outbox is to be looked at again. */
  readonly onPause: () => void;
}
