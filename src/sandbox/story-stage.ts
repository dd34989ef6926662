import type { Incident, SeriesState } from "../domain/index.ts";
import type { Sandbox } from "./fleets-running.ts";
import type { SlackMessage } from "./slack-server.ts";
import { StoryFailed } from "./story.ts";
import type { Stage, StoryEyes, StoryLine } from "./story.ts";

const LOOK_MS = 50;
const LONGEST_LINE = 300;

/** The stage of one story: it keeps the timeline, and waits with a bound. */
export class StoryStage implements Stage {
  readonly sandbox: Sandbox;
  readonly #eyes: StoryEyes;
  readonly #began: number;
  readonly #lines: { at: number; who: StoryLine["who"]; text: string }[] = [];
  /** Edits that were seen of each message, by channel and ts. */
  readonly #seen = new Map<string, number>();
  /** What was last seen of each incident. */
  readonly #incidents = new Map<string, string>();
  readonly #eventsBefore: number;
  readonly #watch: NodeJS.Timeout;

  constructor(sandbox: Sandbox, eyes: StoryEyes) {
    this.sandbox = sandbox;
    this.#eyes = eyes;
    this.#began = eyes.now();
    this.#eventsBefore = sandbox.events.length;
    this.#watch = setInterval(() => this.#lookAtSlack(), LOOK_MS);
  }

  mark(text: string): void {
    this.#add(this.#eyes.now(), "story", text);
  }

  async untilCalm(withinMs: number): Promise<void> {
    const ids = this.sandbox.cores().map((core) => core.id);
    await this.#until(
      "corewatch has seen every core well, and nothing is open",
      async () => {
        const [states, incidents] = await Promise.all([this.#eyes.states(), this.#eyes.incidents()]);
        const up = new Set(states.filter((state) => state.health === "up").map((state) => state.key));
        const missing = ids.filter((id) => !up.has(`core:${id}:hello`));
        const open = incidents.filter((incident) => incident.state !== "resolved");
        return missing.length === 0 && open.length === 0
          ? { held: true, value: undefined }
          : { held: false, came: `not seen well: ${some(missing)}; open: ${some(open.map(short))}` };
      },
      withinMs,
    );
    this.mark(`${ids.length} cores are up, nothing is open`);
  }

  untilSlack(
    what: string,
    holds: (messages: readonly SlackMessage[]) => boolean,
    withinMs: number,
  ): Promise<readonly SlackMessage[]> {
    return this.#until(
      `Slack: ${what}`,
      () => {
        this.#lookAtSlack();
        const messages = this.sandbox.slack.messages();
        if (holds(messages)) return Promise.resolve({ held: true, value: messages });
        const last = messages.slice(-3).map((message) => line(message.text));
        return Promise.resolve({ held: false, came: `${messages.length} messages, the last: ${some(last)}` });
      },
      withinMs,
    );
  }

  untilIncident(
    what: string,
    holds: (incidents: readonly Incident[]) => boolean,
    withinMs: number,
  ): Promise<readonly Incident[]> {
    return this.#until(
      `incidents: ${what}`,
      async () => {
        const incidents = await this.#eyes.incidents();
        this.#noteIncidents(incidents);
        if (holds(incidents)) return { held: true, value: incidents };
        return { held: false, came: some(incidents.map(short)) };
      },
      withinMs,
    );
  }

  async untilStates(what: string, holds: (states: readonly SeriesState[]) => boolean, withinMs: number): Promise<void> {
    await this.#until(
      `states: ${what}`,
      async () => {
        const states = await this.#eyes.states();
        if (holds(states)) return { held: true, value: undefined };
        const bad = states.filter(({ health }) => health === "down" || health === "degraded").map(({ key }) => key);
        return { held: false, came: `${bad.length} series are settled bad: ${some(bad)}` };
      },
      withinMs,
    );
    this.mark(what);
  }

  async steady(what: string, holds: (incidents: readonly Incident[]) => boolean, forMs: number): Promise<void> {
    const end = performance.now() + forMs;
    do {
      const incidents = await this.#eyes.incidents();
      this.#noteIncidents(incidents);
      this.expect(`${what} for ${Math.round(forMs / 1000)} s`, holds(incidents), () => some(incidents.map(short)));
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    } while (performance.now() < end);
    this.mark(`${what} for ${Math.round(forMs / 1000)} s`);
  }

  expect(what: string, holds: boolean, came: () => string): void {
    if (!holds) throw new StoryFailed(`expected ${what}; came: ${came()}`);
  }

  /** Looks a last time, and stops looking. */
  async close(): Promise<void> {
    clearInterval(this.#watch);
    this.#lookAtSlack();
    this.#noteIncidents(await this.#eyes.incidents());
  }

  /** In the order in which things happened. */
  timeline(): StoryLine[] {
    const done = this.sandbox.events
      .slice(this.#eventsBefore)
      .map(({ at, text }) => ({ at, who: "fleet" as const, text }));
    return [...this.#lines, ...done]
      .sort((a, b) => a.at - b.at)
      .map(({ at, who, text }) => ({ atMs: Math.max(0, Math.round(at - this.#began)), who, text }));
  }

  async #until<T>(
    what: string,
    look: () => Promise<{ held: true; value: T } | { held: false; came: string }>,
    withinMs: number,
  ): Promise<T> {
    const end = performance.now() + withinMs;
    for (;;) {
      const seen = await look();
      if (seen.held) return seen.value;
      if (performance.now() > end) {
        throw new StoryFailed(`expected within ${Math.round(withinMs / 1000)} s: ${what}; came: ${seen.came}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  #lookAtSlack(): void {
    for (const message of this.sandbox.slack.messages()) {
      const key = `${message.channelId} ${message.ts}`;
      const before = this.#seen.get(key);
      if (before === message.edits) continue;
      this.#seen.set(key, message.edits);
      const kind =
        message.threadTs === null ? "message" : message.broadcast ? "thread, shown in the channel" : "thread";
      const at = before === undefined ? message.receivedAt : (message.editedAt ?? message.receivedAt);
      const verb = before === undefined ? kind : "message edited";
      this.#add(at, "slack", `${message.channel} ${verb}: ${line(message.text)}`);
    }
  }

  #noteIncidents(incidents: readonly Incident[]): void {
    for (const incident of incidents) {
      const now = `${incident.state} ${incident.cause} ${incident.severity}`;
      const before = this.#incidents.get(incident.id);
      if (before === now) continue;
      this.#incidents.set(incident.id, now);
      const at = before === undefined ? incident.openedAt : this.#eyes.now();
      this.#add(incident.resolvedAt ?? at, "corewatch", short(incident));
    }
  }

  #add(at: number, who: StoryLine["who"], text: string): void {
    this.#lines.push({ at, who, text });
  }
}

/** `INC-1 open: core-down of deployment sandbox-production (major), 2 affected` */
function short(incident: Incident): string {
  const { id, state, cause, scope, severity, affected } = incident;
  return `${id} ${state}: ${cause} of ${scope.kind} ${scope.id} (${severity}), ${affected.length} affected`;
}

function line(text: string): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length > LONGEST_LINE ? `${flat.slice(0, LONGEST_LINE)}…` : flat;
}

function some(texts: readonly string[]): string {
  if (texts.length === 0) return "nothing";
  return texts.slice(0, 4).join(" | ") + (texts.length > 4 ? ` and ${texts.length - 4} more` : "");
}
