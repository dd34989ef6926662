import {
  Composer,
  type Document,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  visit,
} from "yaml";
import { httpSchema } from "./http-schema.ts";
import { placeOf } from "./scenario.ts";

/** Largest scenario file. */
export const MAX_SCENARIO_CHARS = 131_072;
/** Open collections; a request's body may be nested too. */
const MAX_DEPTH = 32;
const MAX_ERRORS = 50;

/** What is wrong with a scenario file, and where. */
export interface ScenarioFileError {
  readonly severity: "error";
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** `endpoints[0].path`; empty for the file itself. */
  readonly path: string;
  readonly message: string;
  /** What would be right; may be empty. */
  readonly hint: string;
}

/** Settings of the `http` scenario, or every reason why there are none. */
export type ScenarioFile =
  | { readonly ok: true; readonly settings: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly errors: readonly ScenarioFileError[] };

/**
 * Reads a scenario file, YAML or JSON. References such as `${env:NAME}` in it are left as they are: whoever reads the file
 * resolves those under `secrets`. Never throws for what the file holds, and never quotes its values, which may be secrets.
 */
export function parseScenarioFile(text: string, path: string): ScenarioFile {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const error = (offset: number, at: readonly PropertyKey[], message: string, hint = ""): ScenarioFileError => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    const place = { line: Math.max(1, line), column: Math.max(1, col) };
    return { severity: "error", file: path, ...place, path: pathText(at), message, hint };
  };
  const refuse = (...errors: ScenarioFileError[]): ScenarioFile => ({ ok: false, errors: inOrder(errors) });

  if (text.length > MAX_SCENARIO_CHARS) {
    return refuse(error(0, [], `the file is over ${MAX_SCENARIO_CHARS} characters`, "split it"));
  }
  const document = compose(text, lines);
  if ("problem" in document) return refuse(error(document.offset, [], ...document.problem));
  const slips = [...document.errors, ...document.warnings];
  if (slips.length > 0) {
    const hint = "look for a missing quote, colon, bracket or space here or just before";
    return refuse(...slips.map(({ pos, code }) => error(pos[0], [], `not valid YAML (${words(code)})`, hint)));
  }
  const alias = firstAlias(document);
  if (alias !== undefined)
    return refuse(error(offsetOf(alias), [], "aliases are not supported", "write the value out"));
  const value: unknown = document.toJS();
  const result = httpSchema.safeParse(value);
  if (result.success) return { ok: true, settings: result.data };
  return refuse(
    ...result.error.issues.map((issue) => {
      const { path: at, message, unknownKey } = placeOf(issue);
      const said = issue.message.startsWith("Invalid") && !unknownKey ? plainer(value, at) : message;
      return error(locate(document, at, unknownKey || issue.code === "invalid_key"), at, said);
    }),
  );
}

/** Drives the parser itself, to stop as soon as nesting goes too deep; gives the one document, or why there is none. */
function compose(
  text: string,
  lines: LineCounter,
): Document.Parsed | { readonly problem: readonly [message: string, hint: string]; readonly offset: number } {
  const parser = new Parser(lines.addNewLine);
  const tokens = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > MAX_DEPTH) {
      return { problem: [`this is nested deeper than ${MAX_DEPTH} levels`, "make it flatter"], offset: parser.offset };
    }
  }
  for (const token of parser.end()) tokens.push(token);
  const options = { version: "1.2", schema: "core", merge: false, resolveKnownTags: false, stringKeys: true } as const;
  const [first, second] = [...new Composer({ ...options, logLevel: "error" }).compose(tokens, true, text.length)];
  if (second !== undefined) {
    return { problem: ["a second document begins here", "one file holds one scenario"], offset: second.range[0] };
  }
  if (first === undefined || (first.contents === null && first.errors.length === 0)) {
    return { problem: ["the file is empty", "begin with name: and endpoints:"], offset: 0 };
  }
  return first;
}

function firstAlias(document: Document.Parsed): Node | undefined {
  let found: Node | undefined;
  visit(document, {
    Alias: (_, node) => {
      found = node;
      return visit.BREAK;
    },
  });
  return found;
}

/** Where `path` stands, or the nearest thing around it: the key of what is not known, the value of what is wrong. */
function locate(document: Document.Parsed, path: readonly PropertyKey[], key: boolean): number {
  let node: unknown = document.contents;
  let offset = offsetOf(node);
  for (const [index, step] of path.entries()) {
    if (isSeq(node) && typeof step === "number") node = node.items[step];
    else if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (pair === undefined) break;
      node = pair.value === null || (key && index === path.length - 1) || isEmpty(pair.value) ? pair.key : pair.value;
    } else break;
    offset = offsetOf(node) || offset;
  }
  return offset;
}

function isEmpty(node: unknown): boolean {
  return isScalar(node) && node.value === null && node.range?.[0] === node.range?.[1];
}

function offsetOf(node: unknown): number {
  return isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;
}

/** For what no sentence was written: a missing key, or a value of another kind. */
function plainer(value: unknown, path: readonly PropertyKey[]): string {
  let at: unknown = value;
  for (const step of path) at = Object(at)[step];
  return at === undefined ? "is missing" : "is not what is expected here";
}

function words(code: string): string {
  return code.toLowerCase().replaceAll("_", " ");
}

function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else {
      const name = /^[\w-]{1,63}$/.test(String(part)) ? String(part) : "…";
      text += text === "" ? name : `.${name}`;
    }
  }
  return text;
}

function inOrder(errors: readonly ScenarioFileError[]): ScenarioFileError[] {
  return errors.toSorted((a, b) => a.line - b.line || a.column - b.column).slice(0, MAX_ERRORS);
}
