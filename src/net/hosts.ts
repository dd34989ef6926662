import { readFile, stat } from "node:fs/promises";
import { isIP } from "node:net";
import type { Clock } from "../domain/index.ts";

/** How often the file is looked at for changes, ms. */
const LOOK_EVERY_MS = 5_000;
/** A hosts file longer than this is not read: block lists of that size hold no cores. Bytes. */
const MAX_BYTES = 4 << 20;

/** The names of the system's hosts file, read again when it changes. */
export class HostsFile {
  readonly #path: string;
  readonly #clock: Clock;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #version = "";
  #names: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** Addresses of `name` (lower case), IPv4 first; empty where the file does not name it. */
  async addresses(name: string): Promise<readonly string[]> {
    if (this.#clock.monotonic() - this.#lookedAt >= LOOK_EVERY_MS) await this.#look();
    const found = this.#names.get(name);
    if (found !== undefined) return found;
    // Reserved for the loopback whatever the file says (RFC 6761).
    return name === "localhost" || name.endsWith(".localhost") ? ["127.0.0.1", "::1"] : [];
  }

  async #look(): Promise<void> {
    this.#lookedAt = this.#clock.monotonic();
    try {
      const { mtimeMs, size, ino } = await stat(this.#path);
      const version = `${ino}:${mtimeMs}:${size}`;
      if (version === this.#version || size > MAX_BYTES) return;
      this.#names = parse(await readFile(this.#path, "utf8"));
      this.#version = version;
    } catch (error) {
      // Without a file there are no names in it; where it cannot be read now, what it last said still holds.
      if (error instanceof Error && "code" in error && error.code === "ENOENT") this.#names = new Map();
    }
  }
}

function parse(text: string): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address, ...aliases] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (address === undefined || isIP(address) === 0) continue;
    for (const alias of aliases) {
      const name = alias.toLowerCase();
      names.set(name, [...(names.get(name) ?? []), address]);
    }
  }
  for (const addresses of names.values()) addresses.sort((a, b) => isIP(a) - isIP(b));
  return names;
}
