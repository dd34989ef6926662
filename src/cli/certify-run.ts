import type { RunFolder } from "../../loadtests/record.ts";
import type { Frame } from "../../loadtests/shots.ts";
import { encodeEvent, encodeHead, encodeShots } from "../../loadtests/shots.ts";
import type { RunEvent, RunHead, ShotsSink } from "../domain/index.ts";

/** Writes a run down as it goes: into its file, and into the record that is judged. */
export class RunWriter {
  readonly #sink: ShotsSink;
  readonly #folder: RunFolder;
  readonly #onFailure: (error: Error) => void;
  readonly #redact: (text: string) => string;
  #failure: Error | undefined;

  /** `onFailure` is told once, when the file can no longer be written. What comes from outside as prose goes through `redact`. */
  constructor(
    sink: ShotsSink,
    folder: RunFolder,
    { onFailure, redact }: { readonly onFailure: (error: Error) => void; readonly redact: (text: string) => string },
  ) {
    this.#sink = sink;
    this.#folder = folder;
    this.#onFailure = onFailure;
    this.#redact = redact;
  }

  /** Why the file is not whole; `undefined` while it is. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  begin(head: RunHead): void {
    this.#write({ type: "head", head }, () => encodeHead(head));
  }

  event(given: RunEvent): void {
    const event = withoutSecrets(given, this.#redact);
    this.#write({ type: "event", event }, () => encodeEvent(event));
  }

  shots(stage: number, records: Uint8Array): void {
    this.#write({ type: "shots", stage, records }, () => encodeShots(stage, records));
  }

  #write(frame: Frame, encode: () => Uint8Array): void {
    this.#folder.add(frame);
    if (this.#failure !== undefined) return;
    try {
      this.#sink.write(encode());
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#onFailure(this.#failure);
    }
  }
}

/** A record is handed on, with everything that is made of it: a database or a hook may have quoted a secret in what it said. */
function withoutSecrets(event: RunEvent, redact: (text: string) => string): RunEvent {
  switch (event.type) {
    case "note":
      return { ...event, text: redact(event.text) };
    case "stage-ended":
    case "action":
      return { ...event, detail: redact(event.detail) };
    case "observed": {
      const incidents = event.facts.incidents.map((one) => ({
        ...one,
        events: one.events.map((each) => ({ ...each, text: redact(each.text) })),
      }));
      return { ...event, facts: { ...event.facts, incidents, troubles: event.facts.troubles.map(redact) } };
    }
    default:
      return event;
  }
}
