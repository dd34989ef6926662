import type { Incident, SeriesState } from "../domain/index.ts";
import type { Sandbox } from "./fleets-running.ts";
import type { SlackMessage } from "./slack-server.ts";

/** One scripted outage. */
export interface Story {
  readonly name: string;
  /** One sentence: what happens, and what must come of it. */
  readonly tells: string;
  /** The fleet that it plays on. */
  readonly fleet: string;
  readonly cores: number;
  /** CloudWatch alarms stand before it begins: the daemon makes them by itself. */
  readonly alarms?: boolean;
  /** @throws StoryFailed when what came is not what must come. */
  play(stage: Stage): Promise<void>;
}

/** What was expected, and what came instead. */
export class StoryFailed extends Error {
  override readonly name = "StoryFailed";
}

/** What a story can do and look at. */
export interface Stage {
  readonly sandbox: Sandbox;
  /** A line of the timeline. */
  mark(text: string): void;
  /** Waits until corewatch has seen every core well and has nothing open. */
  untilCalm(withinMs: number): Promise<void>;
  /** Waits for what Slack has received. @throws StoryFailed */
  untilSlack(
    what: string,
    holds: (messages: readonly SlackMessage[]) => boolean,
    withinMs: number,
  ): Promise<readonly SlackMessage[]>;
  /** Waits for the incidents that corewatch holds. @throws StoryFailed */
  untilIncident(
    what: string,
    holds: (incidents: readonly Incident[]) => boolean,
    withinMs: number,
  ): Promise<readonly Incident[]>;
  /** Waits for what is settled of the series. @throws StoryFailed */
  untilStates(what: string, holds: (states: readonly SeriesState[]) => boolean, withinMs: number): Promise<void>;
  /** Sees it hold of the incidents all the time, for `forMs`. @throws StoryFailed as soon as it does not */
  steady(what: string, holds: (incidents: readonly Incident[]) => boolean, forMs: number): Promise<void>;
  /** Checks at once. @throws StoryFailed that says what came. */
  expect(what: string, holds: boolean, came: () => string): void;
}

/** How a story looks into the corewatch that watches its sandbox. */
export interface StoryEyes {
  /** All incidents, newest first. */
  incidents(): Promise<readonly Incident[]>;
  /** What is settled of every series. */
  states(): Promise<readonly SeriesState[]>;
  /** Epoch ms. */
  now(): number;
}

/** One line of a timeline: what was done to the fleet, what Slack received, what corewatch concluded. */
export interface StoryLine {
  /** Since the story began. */
  readonly atMs: number;
  readonly who: "fleet" | "slack" | "corewatch" | "story";
  readonly text: string;
}

/** How a story went. */
export interface StoryResult {
  readonly name: string;
  readonly tells: string;
  readonly passed: boolean;
  /** What was expected and what came, when it failed. */
  readonly failure: string | undefined;
  readonly timeline: readonly StoryLine[];
}
