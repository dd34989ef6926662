import { isAbsolute, join } from "node:path";
import { type Path, quoteName } from "./located.ts";
import { nearest } from "./nearest.ts";
import { isRecord } from "./yaml.ts";

/** Reads a file, at most `maxBytes` + 1 bytes of it; throws an Error with `code` (ENOENT, EACCES …) when it cannot. */
export type ReadFile = (path: string, maxBytes: number) => string | Uint8Array;

/** Largest file behind `${file:PATH}`: a bundle of every public authority is 220 KiB. */
const MAX_REFERENCED_BYTES = 1024 * 1024;
const REFERENCE = /\$\{([^}]*)\}/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Something wrong with one reference. `within`: the reference as it is written, to find its column. */
export interface ReferenceProblem {
  readonly path: Path;
  readonly within: string;
  readonly message: string;
  readonly hint: string;
}

/** Marks places of a configuration by the map or list that holds them: a map that an alias repeats is marked everywhere. */
export class Marks {
  readonly #marked = new Map<unknown, Set<string | number>>();

  add(holder: unknown, key: string | number): void {
    const keys = this.#marked.get(holder);
    if (keys === undefined) this.#marked.set(holder, new Set([key]));
    else keys.add(key);
  }

  has(config: unknown, path: Path): boolean {
    const key = path.at(-1);
    return key !== undefined && this.#marked.get(valueAt(config, path.slice(0, -1)))?.has(key) === true;
  }
}

/** What stands at `path`; `undefined` when nothing does. */
export function valueAt(config: unknown, path: Path): unknown {
  let node = config;
  for (const step of path) {
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, step)) return undefined;
    node = Reflect.get(node, step);
  }
  return node;
}

/** What became of the references of one configuration. */
export interface Resolved {
  /** Places whose value, or part of it, came from the environment or a file. */
  readonly outside: Marks;
  /** Places that could not be resolved: nothing more can be said about them. */
  readonly unresolved: Marks;
  readonly problems: readonly ReferenceProblem[];
  /** Files that were referred to, readable or not. */
  readonly files: readonly string[];
  /** Everything that was read, for comparing two loads. Never shown. */
  readonly inputs: readonly string[];
}

/** Replaces `${env:NAME}` and `${file:PATH}` in every text of `config`, in place. Paths are relative to `directory`. */
export function resolveReferences(
  config: Record<string, unknown>,
  directory: string,
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile,
): Resolved {
  const outside = new Marks();
  const unresolved = new Marks();
  const problems: ReferenceProblem[] = [];
  const reader = new ReferenceReader(directory, env, readFile);
  const done = new Set<unknown>();

  const text = (value: string, holder: unknown, key: string | number, path: Path): string =>
    value.replace(REFERENCE, (within, inner: string) => {
      outside.add(holder, key);
      const found = reader.read(inner);
      if (typeof found === "string") return found;
      unresolved.add(holder, key);
      problems.push({ path: [...path, key], within, ...found });
      return within;
    });
  const visit = (node: Record<string, unknown> | unknown[], path: Path): void => {
    if (done.has(node)) return;
    done.add(node);
    const entries: Iterable<[string | number, unknown]> = Array.isArray(node) ? node.entries() : Object.entries(node);
    for (const [key, value] of entries) {
      if (typeof value === "string" && value.includes("${")) Reflect.set(node, key, text(value, node, key, path));
      else if (Array.isArray(value) || isRecord(value)) visit(value, [...path, key]);
    }
  };
  visit(config, []);
  return { outside, unresolved, problems, files: reader.files(), inputs: reader.inputs() };
}

type Failure = { readonly message: string; readonly hint: string };

class ReferenceReader {
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #readFile: ReadFile;
  readonly #known = new Map<string, string | Failure>();
  readonly #files = new Set<string>();

  constructor(folder: string, env: Readonly<Record<string, string | undefined>>, readFile: ReadFile) {
    this.#folder = folder;
    this.#env = env;
    this.#readFile = readFile;
  }

  files(): string[] {
    return [...this.#files].sort();
  }

  inputs(): string[] {
    return [...this.#known].map(([inner, value]) => JSON.stringify([inner, value])).sort();
  }

  /** What stands for `${inner}`, or why nothing does. */
  read(inner: string): string | Failure {
    const known = this.#known.get(inner);
    if (known !== undefined) return known;
    const colon = inner.indexOf(":");
    const [kind, name] = [inner.slice(0, colon), inner.slice(colon + 1)];
    let value: string | Failure;
    if (kind === "env" && NAME.test(name)) value = this.#variable(name);
    else if (kind === "file" && name.trim() !== "" && !name.includes("\0")) value = this.#file(name.trim());
    else {
      const hint = "write ${env:NAME} for an environment variable or ${file:PATH} for a file";
      value = { message: "this is not a reference that corewatch knows", hint };
    }
    this.#known.set(inner, value);
    return value;
  }

  #variable(name: string): string | Failure {
    const value = Object.hasOwn(this.#env, name) ? this.#env[name] : undefined;
    if (value !== undefined && value !== "") return value;
    if (value === "") {
      return { message: `environment variable ${name} is empty`, hint: `give ${name} a value` };
    }
    const near = nearest(name, Object.keys(this.#env));
    const meant = near === undefined ? "" : `; did you mean ${quoteName(near)}?`;
    return {
      message: `environment variable ${name} is not set`,
      hint: `set ${name}, or name a file that sets it with --env-file${meant}`,
    };
  }

  #file(name: string): string | Failure {
    const path = isAbsolute(name) ? name : join(this.#folder, name);
    this.#files.add(path);
    const read = readText(this.#readFile, path, MAX_REFERENCED_BYTES);
    if (!read.ok) return { message: `the file ${path} ${read.message}`, hint: read.hint };
    const text = read.text.replace(/(\r?\n)+$/, "");
    return text === "" ? { message: `the file ${path} is empty`, hint: "put the value into it" } : text;
  }
}

const READ_ERRORS: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  ENOENT: ["does not exist", "check the path; it is relative to the folder of the configuration"],
  ENOTDIR: ["does not exist", "check the path; a part of it is a file, not a folder"],
  EACCES: ["may not be read by this user", "give this user the right to read it"],
  EPERM: ["may not be read by this user", "give this user the right to read it"],
  EISDIR: ["is a folder", "name a file"],
  ELOOP: ["is a loop of links", "mend the links"],
};

/** Reads a file as UTF-8 text of at most `maxBytes`, with a sentence where that is not possible. */
export function readText(
  readFile: ReadFile,
  path: string,
  maxBytes: number,
): { ok: true; text: string } | { ok: false; message: string; hint: string } {
  let read: string | Uint8Array;
  try {
    read = readFile(path, maxBytes);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const [message, hint] = READ_ERRORS[code] ?? [
      `cannot be read${code === "" ? "" : ` (${code})`}`,
      "make it a readable file",
    ];
    return { ok: false, message, hint };
  }
  const size = typeof read === "string" ? read.length : read.byteLength;
  if (size > maxBytes)
    return { ok: false, message: `is larger than ${maxBytes / 1024} KiB`, hint: "name a smaller file" };
  if (typeof read === "string") return { ok: true, text: read };
  try {
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(read) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { ok: false, message: "is not UTF-8 text", hint: "save it as UTF-8" };
  }
}
