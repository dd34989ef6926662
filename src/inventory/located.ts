/** Where something stands in the configuration: keys and list indexes from the top. */
export type Path = readonly (string | number)[];

/** Something to say about one place of a file. `path` is `deployments[0].cores[1].url`; empty for the file itself. */
export interface Located {
  /** `error`: the file is refused; `warning`: it works and is probably not meant so; `info`: worth knowing. */
  readonly severity: "error" | "warning" | "info";
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  readonly path: string;
  readonly message: string;
  /** What would be right. */
  readonly hint: string;
}

/** Any place beyond this many is only counted: a file of nothing but mistakes must not fill the memory. */
const MAX_KEPT = 1000;

/** `deployments[0].cores[1].url`. Keys that could carry more than a name are shown as `["…"]`. */
export function pathText(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (isPlainName(part)) text += text === "" ? part : `.${part}`;
    else text += '["…"]';
  }
  return text;
}

/** `"name"`, or `"…"` where the text may be more than a name: a slip of a quote can put a secret where a key was meant. */
export function quoteName(text: string): string {
  return isPlainName(text) ? `"${text}"` : '"…"';
}

function isPlainName(text: string): boolean {
  if (!/^[A-Za-z0-9<_$][A-Za-z0-9<_.-]{0,62}$/.test(text)) return false;
  return !looksGenerated(text);
}

/** Long runs of letters mixed with digits are what tokens look like, and names hardly ever. */
function looksGenerated(text: string): boolean {
  return text.split(/[-_.:/ ]/).some((run) => run.length >= 14 && /\d/.test(run) && /[a-z]/i.test(run));
}

/** How a wrong value is named in a message: short and plain values as they are, anything else by its type. */
export function showValue(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value !== "string") return "that";
  const plain = /^[A-Za-z0-9 _.:/*,+%#@-]{1,40}$/.test(value) && !/: |:\/\//.test(value) && !looksGenerated(value);
  return plain ? `"${value}"` : "that text";
}

/** Collects what is found, in any order, and gives it sorted by place, once each. */
export class Findings {
  readonly #errors = new Bounded();
  readonly #others = new Bounded();

  add(located: Located): void {
    (located.severity === "error" ? this.#errors : this.#others).add(located);
  }

  get hasErrors(): boolean {
    return this.#errors.size > 0;
  }

  errors(): Located[] {
    return this.#errors.sorted();
  }

  /** Warnings and informations. */
  warnings(): Located[] {
    return this.#others.sorted();
  }
}

/** The first of what is added; the rest is counted. Errors and warnings have one each, so that neither crowds out the other. */
class Bounded {
  readonly #kept = new Map<string, Located>();
  #dropped = 0;

  get size(): number {
    return this.#kept.size;
  }

  add(located: Located): void {
    const key = `${located.line}:${located.column}:${located.severity}:${located.path}:${located.message}`;
    if (this.#kept.has(key)) return;
    if (this.#kept.size >= MAX_KEPT) this.#dropped++;
    else this.#kept.set(key, located);
  }

  sorted(): Located[] {
    const sorted = [...this.#kept.values()].sort(inOrderOfPlace);
    const last = sorted.at(-1);
    if (this.#dropped === 0 || last === undefined) return sorted;
    const message = `${this.#dropped} more are not listed`;
    return [...sorted, { ...last, path: "", message, hint: "mend these first" }];
  }
}

/** By file, line, column, then text: the same findings always come in the same order. */
export function inOrderOfPlace(a: Located, b: Located): number {
  return (
    compare(a.file, b.file) ||
    a.line - b.line ||
    a.column - b.column ||
    compare(a.path, b.path) ||
    compare(a.message, b.message)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
