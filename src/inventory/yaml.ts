import {
  type Document,
  type ParsedNode,
  type YAMLError,
  type YAMLMap,
  Composer,
  LineCounter,
  Parser,
  isAlias,
  isMap,
  isScalar,
  isSeq,
} from "yaml";
import { Lexer } from "yaml";
import { type Findings, type Path, pathText, quoteName } from "./located.ts";
import { YAML_SENTENCES } from "./yaml-sentences.ts";

/** Largest fleet.yaml: 10,000 cores with every field take about 1.6 MiB. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** Open collections of the parser: the contract's deepest key has 10. Beyond this the parser itself could run out of stack. */
const MAX_DEPTH = 64;
/** Values after aliases are expanded: 20,000 cores with every field are 300,000. */
const MAX_VALUES = 600_000;
const MAX_SYNTAX_ERRORS = 100;
const RESERVED = new Set(["__proto__", "constructor", "prototype"]);

/** A parsed file: its plain value, and where each part of it stands. */
export class Source {
  readonly file: string;
  readonly text: string;
  /** Plain maps, lists and scalars; `undefined` when the file could not be read as one map. */
  value: Record<string, unknown> | undefined;
  /** Places whose alias could not be followed, as JSON: what stands there instead means nothing. */
  readonly broken: ReadonlySet<string>;
  readonly #lines: LineCounter;
  readonly #root: ParsedNode | null;
  readonly #index = new Map<unknown, Pairs>();
  readonly #aliases: ReadonlyMap<unknown, ParsedNode>;

  constructor(file: string, text: string, lines: LineCounter, root: ParsedNode | null, walk?: Walk) {
    this.file = file;
    this.text = text;
    this.#lines = lines;
    this.#root = root;
    this.#aliases = walk?.aliases ?? new Map();
    this.broken = walk?.broken ?? new Set();
  }

  /** Line and column, from 1, of an offset into the text. */
  place(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(Math.min(offset, this.text.length));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** The first pair of each key; kept, since a map of thousands of mistakes is asked as often. */
  #pairs(map: YAMLMap<ParsedNode, ParsedNode | null>): Pairs {
    const known = this.#index.get(map);
    if (known !== undefined) return known;
    const pairs: Pairs = new Map();
    for (const pair of map.items) {
      const name = isScalar(pair.key) ? pair.key.source : undefined;
      if (!pairs.has(name)) pairs.set(name, pair);
    }
    this.#index.set(map, pairs);
    return pairs;
  }

  /** Where `path` stands: its key or its value; the nearest thing around it when it does not exist. */
  span(path: Path, part: "key" | "value"): readonly [start: number, end: number] {
    let node = this.#root;
    let span = spanOf(node) ?? ([0, 0] as const);
    for (const [index, step] of path.entries()) {
      const wanted = index === path.length - 1 ? part : "value";
      const next = this.#step(node, step);
      if (next === undefined) break;
      const value = spanOf(next.value);
      span = (wanted === "key" || value === undefined ? (next.key ?? value) : value) ?? span;
      node = next.value;
    }
    return span;
  }

  #step(
    node: ParsedNode | null,
    step: string | number,
  ): { key: Span | undefined; value: ParsedNode | null } | undefined {
    const at = isAlias(node) ? (this.#aliases.get(node) ?? null) : node;
    if (isSeq<ParsedNode>(at) && typeof step === "number") {
      const value = at.items[step];
      return value === undefined ? undefined : { key: undefined, value };
    }
    if (!isMap<ParsedNode, ParsedNode | null>(at)) return undefined;
    const pair = this.#pairs(at).get(step);
    return pair === undefined ? undefined : { key: spanOf(pair.key), value: pair.value };
  }
}

type Pairs = Map<unknown, { readonly key: ParsedNode; readonly value: ParsedNode | null }>;
type Span = readonly [start: number, end: number];

/** `undefined` for nothing, and for an empty value, whose offset is of no use to a reader. */
function spanOf(node: ParsedNode | null): Span | undefined {
  if (node === null || (isScalar(node) && node.value === null && node.range[0] === node.range[1])) return undefined;
  return [node.range[0], node.range[1]];
}

/** Reads `text` as one YAML 1.2 map. What is wrong with it goes into `findings`; nothing is thrown. */
export function readYaml(file: string, text: string, findings: Findings): Source {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const report = (offset: number, message: string, hint: string, path: Path = []): void => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    const place = { line: Math.max(1, line), column: Math.max(1, col) };
    findings.add({ severity: "error", file, ...place, path: pathText(path), message, hint });
  };
  const unread = new Source(file, text, lines, null);
  const odd = /(?![\t\r\n])[\p{Cc}\ufeff\ufffe\uffff]/u.exec(text);
  if (odd !== null) {
    for (let at = text.indexOf("\n"); at !== -1 && at < odd.index; at = text.indexOf("\n", at + 1))
      lines.addNewLine(at + 1);
    const code = odd[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    report(odd.index, `control character U+${code}`, "the file must be plain text in UTF-8");
    return unread;
  }
  const document = parse(text, lines, report);
  if (document === undefined) return unread;
  const problems: readonly YAMLError[] = [...document.errors, ...document.warnings];
  const told = new Set<number>();
  for (const problem of problems.slice(0, MAX_SYNTAX_ERRORS)) {
    // Several words for one slip confuse: the first is the nearest to it.
    if (!told.has(problem.pos[0])) report(problem.pos[0], ...YAML_SENTENCES[problem.code]);
    told.add(problem.pos[0]);
  }
  // What was rescued from a broken file says more about the break than about the fleet.
  if (document.errors.length > 0) return unread;
  const walk = new Walk(report);
  const value = walk.value(document.contents, []);
  const source = new Source(file, text, lines, document.contents, walk);
  if (document.contents === null || value === null) {
    report(0, "the file is empty", 'begin with "version: 1", or let "corewatch init" write a starter');
  } else if (walk.stopped) return source;
  else if (isRecord(value)) source.value = value;
  else report(document.contents.range[0], "the file must be a map of keys", 'begin with "version: 1"');
  return source;
}

type Report = (offset: number, message: string, hint: string, path?: Path) => void;

/** Drives the parser itself, to stop as soon as nesting goes too deep: composing such a tree can end the process. */
function parse(text: string, lines: LineCounter, report: Report): Document.Parsed | undefined {
  const parser = new Parser(lines.addNewLine);
  const tokens = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > MAX_DEPTH) {
      report(parser.offset, ...YAML_SENTENCES.RESOURCE_EXHAUSTION);
      return undefined;
    }
  }
  for (const token of parser.end()) tokens.push(token);
  const composer = new Composer({
    version: "1.2",
    schema: "core",
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    // Compared in `Walk`: the parser's own comparison takes quadratic time.
    uniqueKeys: false,
    logLevel: "error",
  });
  const traced = Error.stackTraceLimit;
  let documents: Document.Parsed[];
  try {
    // The parser makes an Error of each slip and there may be a million: without their stacks, which nobody reads, it takes a quarter of the time.
    Error.stackTraceLimit = 0;
    documents = [...composer.compose(tokens, true, text.length)];
  } finally {
    Error.stackTraceLimit = traced;
  }
  const [document, second] = documents;
  if (second !== undefined) {
    report(second.range[0], ...YAML_SENTENCES.MULTIPLE_DOCS);
    return undefined;
  }
  return document;
}

/** Turns nodes into plain values, each anchor once, counting what aliases would expand to. */
class Walk {
  readonly aliases = new Map<unknown, ParsedNode>();
  readonly broken = new Set<string>();
  readonly #report: Report;
  readonly #anchors = new Map<string, { node: ParsedNode; value: unknown; weight: number; open: boolean }>();
  #count = 0;
  stopped = false;

  constructor(report: Report) {
    this.#report = report;
  }

  value(node: ParsedNode | null, path: Path): unknown {
    if (this.stopped || node === null) return null;
    if (isAlias(node)) return this.#alias(node, path);
    const before = this.#count;
    this.#add(1, node, path);
    const anchor = node.anchor === undefined ? undefined : { node, value: null as unknown, weight: 1, open: true };
    if (node.anchor !== undefined && anchor !== undefined) this.#anchors.set(node.anchor, anchor);
    const value = isMap<ParsedNode, ParsedNode | null>(node)
      ? this.#map(node.items, path)
      : this.#listOrScalar(node, path);
    if (anchor !== undefined) Object.assign(anchor, { value, weight: this.#count - before, open: false });
    return value;
  }

  #listOrScalar(node: ParsedNode, path: Path): unknown {
    if (isSeq<ParsedNode>(node)) return node.items.map((item, index) => this.value(item, [...path, index]));
    return isScalar(node) ? node.value : null;
  }

  #map(items: readonly { key: ParsedNode; value: ParsedNode | null }[], path: Path): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    const seen = new Map<string, number>();
    for (const { key, value } of items) {
      if (this.stopped) break;
      const name = isScalar(key) ? (key.source ?? "") : "";
      const here = [...path, name];
      const offset = key.range[0];
      if (RESERVED.has(name)) this.#report(offset, `the key "${name}" is reserved`, "choose another name", here);
      else if (seen.has(name)) {
        const [, hint] = YAML_SENTENCES.DUPLICATE_KEY;
        this.#report(
          seen.get(name) ?? offset,
          `the key ${quoteName(name)} is given twice, this is the first`,
          hint,
          here,
        );
        this.#report(offset, `the key ${quoteName(name)} is given twice`, hint, here);
        this.value(value, here);
      } else {
        seen.set(name, offset);
        map[name] = this.value(value, here);
      }
    }
    return map;
  }

  #alias(node: ParsedNode & { source: string }, path: Path): unknown {
    const anchor = this.#anchors.get(node.source);
    if (anchor === undefined || anchor.open) {
      const what = anchor === undefined ? "names no anchor above it" : "contains itself";
      this.#report(node.range[0], `this alias ${what}`, "define &name before *name", path);
      this.broken.add(JSON.stringify(path));
      return null;
    }
    this.aliases.set(node, anchor.node);
    this.#add(anchor.weight, node, path);
    return anchor.value;
  }

  #add(weight: number, node: ParsedNode, path: Path): void {
    this.#count += weight;
    if (this.#count <= MAX_VALUES || this.stopped) return;
    this.stopped = true;
    this.#report(
      node.range[0],
      `more than ${MAX_VALUES} values, aliases counted`,
      "split the fleet, or use fewer aliases",
      path,
    );
  }
}

/** `true` for a plain map. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
