import { createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import { dirname } from "node:path";
import type { ShotsSink } from "../domain/index.ts";

/** How much may wait for the disk before the run says that it cannot keep up. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;

/** A shots file that is written while a run goes on. It never holds up who writes. */
class ShotsFile implements ShotsSink {
  readonly #stream: WriteStream;
  #failure: Error | undefined;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#stream = createWriteStream(path, { mode: 0o600, flags: "wx" });
    this.#stream.on("error", (error) => (this.#failure ??= error));
  }

  /** @throws Error when the disk failed, or is too slow for the load */
  write(bytes: Uint8Array): void {
    if (this.#failure !== undefined) throw new Error(`the shots file cannot be written: ${this.#failure.message}`);
    if (this.#stream.writableLength > MAX_WAITING_BYTES)
      throw new Error("the disk is too slow for the shots file: choose another --out folder");
    this.#stream.write(bytes);
  }

  /** @throws Error when something could not be written */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#stream.once("error", () => resolve());
      this.#stream.end(() => resolve());
      if (this.#failure !== undefined) resolve();
    });
    if (this.#failure !== undefined) throw new Error(`the shots file cannot be written: ${this.#failure.message}`);
  }
}

/** Opens a new shots file for writing, for its owner alone. */
export function createShotsFile(path: string): ShotsSink {
  return new ShotsFile(path);
}
