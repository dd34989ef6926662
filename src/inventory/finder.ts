import { ID } from "./leaves.ts";
import { type Findings, type Located, type Path, pathText } from "./located.ts";
import { type Source, isRecord } from "./yaml.ts";

/** Says things about places of one configuration: turns paths into lines and columns. */
export class Finder {
  readonly #source: Source;
  readonly #findings: Findings;
  readonly #unresolved: (path: Path) => boolean;
  readonly #base: Path;

  constructor(source: Source, findings: Findings, unresolved: (path: Path) => boolean, base: Path = []) {
    this.#source = source;
    this.#findings = findings;
    this.#unresolved = unresolved;
    this.#base = base;
  }

  /** A finder whose paths begin at `path`. */
  below(path: Path): Finder {
    return new Finder(this.#source, this.#findings, this.#unresolved, [...this.#base, ...path]);
  }

  error(path: Path, message: string, hint: string, part: "key" | "value" = "value"): void {
    this.say("error", path, message, hint, part);
  }

  say(severity: Located["severity"], path: Path, message: string, hint: string, part: "key" | "value" = "value"): void {
    const whole = [...this.#base, ...path];
    const place = this.#source.place(this.#source.span(whole, part)[0]);
    this.#findings.add({ severity, file: this.#source.file, ...place, path: pathText(whole), message, hint });
  }

  /** An error inside a text, at the first `within` of it. */
  errorWithin(path: Path, within: string, message: string, hint: string): void {
    const [start, end] = this.#source.span(path, "value");
    const offset = this.#source.text.slice(start, end).indexOf(within);
    const place = this.#source.place(start + Math.max(0, offset));
    this.#findings.add({ severity: "error", file: this.#source.file, ...place, path: pathText(path), message, hint });
  }

  /** `fleet.yaml:12:9` */
  where(path: Path): string {
    const { line, column } = this.#source.place(this.#source.span([...this.#base, ...path], "value")[0]);
    return `${this.#source.file}:${line}:${column}`;
  }

  /** `true` where a reference could not be resolved: that is said already, and nothing else can be. */
  isUnresolved(path: Path): boolean {
    return this.#unresolved([...this.#base, ...path]);
  }
}

/** The map below `key`; `undefined` when there is none. */
export function mapAt(config: unknown, key: string): Record<string, unknown> | undefined {
  const value = isRecord(config) ? config[key] : undefined;
  return isRecord(value) ? value : undefined;
}

/** The text below `key`; `undefined` when there is none. */
export function textAt(config: Record<string, unknown>, key: string): string | undefined {
  const value = config[key];
  return typeof value === "string" ? value : undefined;
}

/** The maps of the list at `path`, each with its own path; entries that are no maps are passed over. */
export function mapsAt(config: unknown, path: readonly (string | number)[]): [Path, Record<string, unknown>][] {
  let list: unknown = config;
  for (const step of path) list = isRecord(list) ? list[step] : undefined;
  if (!Array.isArray(list)) return [];
  const maps: [Path, Record<string, unknown>][] = [];
  for (const [index, entry] of list.entries()) if (isRecord(entry)) maps.push([[...path, index], entry]);
  return maps;
}

/** The id of an entry when it is one. */
export function idOf(entry: Record<string, unknown>): string | undefined {
  const id = textAt(entry, "id");
  return id !== undefined && ID.test(id) ? id : undefined;
}
