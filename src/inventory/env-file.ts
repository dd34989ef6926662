import { Findings, type Located } from "./located.ts";

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_BYTES = 1024 * 1024;

/** The variables of a file, or what is wrong with it. */
type EnvFile =
  | { readonly ok: true; readonly values: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly errors: readonly Located[] };

/**
 * Reads `KEY=VALUE` lines: blank lines and `#` comments, `export` in front, values bare, in 'single quotes' (as they are)
 * or in "double quotes" (with \n \r \t \" \\ and \$). A value may run over several lines inside quotes. The last of
 * two equal names wins, as in a shell. Values are never shown in errors.
 */
export function parseEnvFile(text: string, file: string): EnvFile {
  const findings = new Findings();
  const values: [string, string][] = [];
  const say = (line: number, column: number, message: string, hint: string): void =>
    findings.add({ severity: "error", file, line, column, path: "", message, hint });
  if (text.length > MAX_BYTES) {
    say(1, 1, "larger than 1 MiB", "keep only variables in it");
    return { ok: false, errors: findings.errors() };
  }
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (/^\s*(#|$)/.test(line)) continue;
    const start = /^\s*(?:export\s+)?/.exec(line)?.[0].length ?? 0;
    const equals = line.indexOf("=");
    const name = (equals === -1 ? line.slice(start) : line.slice(start, equals)).trim();
    if (equals === -1) say(at + 1, start + 1, "no = in this line", "write NAME=value");
    else if (!NAME.test(name)) {
      say(
        at + 1,
        start + 1,
        "this is not the name of a variable",
        "letters, digits and underscores, not beginning with a digit",
      );
    } else {
      const read = readValue(lines, at, equals + 1);
      if (read.ok) values.push([name, read.value]);
      else say(read.line + 1, read.column + 1, `${name}: ${read.message}`, read.hint);
      at = read.line;
    }
  }
  return findings.hasErrors
    ? { ok: false, errors: findings.errors() }
    : { ok: true, values: Object.fromEntries(values) };
}

type ReadValue =
  | { ok: true; value: string; line: number }
  | { ok: false; line: number; column: number; message: string; hint: string };

function readValue(lines: readonly string[], line: number, from: number): ReadValue {
  const rest = lines[line] ?? "";
  const column = from + (/^\s*/.exec(rest.slice(from))?.[0].length ?? 0);
  const quote = rest[column];
  if (quote !== '"' && quote !== "'") {
    const bare = rest
      .slice(column)
      .replace(/(^|\s+)#.*$/, "")
      .trimEnd();
    return { ok: true, value: bare, line };
  }
  let value = "";
  let at = line;
  let next = column + 1;
  for (;;) {
    const current = lines[at];
    if (current === undefined) {
      const hint = `end the value with ${quote}`;
      return { ok: false, line, column, message: "the quote is not closed", hint };
    }
    const end = endOfQuoted(current, next, quote);
    value += current.slice(next, end);
    if (end < current.length) {
      const after = current.slice(end + 1);
      if (!/^\s*(#.*)?$/.test(after)) {
        return {
          ok: false,
          line: at,
          column: end + 1,
          message: "something follows the closing quote",
          hint: "remove it, or escape the quote",
        };
      }
      return { ok: true, value: quote === '"' ? unescape(value) : value, line: at };
    }
    value += "\n";
    at++;
    next = 0;
  }
}

/** Index of the closing quote, or the length of the line when it goes on. */
function endOfQuoted(line: string, from: number, quote: string): number {
  for (let at = from; at < line.length; at++) {
    if (quote === '"' && line[at] === "\\") at++;
    else if (line[at] === quote) return at;
  }
  return line.length;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

function unescape(value: string): string {
  return value.replace(/\\([nrt"\\$])/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}
