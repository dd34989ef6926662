import type { RunFolder } from "../../loadtests/record.ts";
import type { Frame } from "../../loadtests/shots.ts";
import { encodeEvent, encodeHead, encodeShots } from "../../loadtests/shots.ts";
import type { RunEvent, RunHead, ShotsSink } from "../domain/index.ts";

/** Writes a run down as it goes: into its file, and into the record that is judged. */
export class RunWriter {
  readonly #sink: ShotsSink;
  readonly #folder: RunFolder;
  readonly #onFailure: (error: Error) => void;
  #failure: Error | undefined;

  /** `onFailure` is told once, when the file can no longer be written. */
  constructor(sink: ShotsSink, folder: RunFolder, onFailure: (error: Error) => void) {
    this.#sink = sink;
    this.#folder = folder;
    this.#onFailure = onFailure;
  }

  /** Why the file is not whole; `undefined` while it is. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  begin(head: RunHead): void {
    this.#write({ type: "head", head }, () => encodeHead(head));
  }

  event(event: RunEvent): void {
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
