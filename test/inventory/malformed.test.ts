import { describe, expect, it } from "vitest";
import { type LoadResult, renderErrors } from "../../src/inventory/index.ts";
import { ENV, GOOD, SECRETS, load } from "./support.ts";

const SEED = Number(process.env["SEED"] ?? 20261121);

/** mulberry32: small, seeded, the same everywhere. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Mutation = (text: string, pick: (below: number) => number) => string;

function onLine(change: (line: string, pick: (below: number) => number) => string): Mutation {
  return (text, pick) => {
    const lines = text.split("\n");
    const at = pick(lines.length);
    lines[at] = change(lines[at] ?? "", pick);
    return lines.join("\n");
  };
}

const SCALARS = [
  "null",
  "[]",
  "{}",
  "-1",
  "1e999",
  ".nan",
  "~",
  '""',
  "true",
  "0x1F",
  "'x y'",
  "*z",
  "&q w",
  "!!binary aGk=",
  "2027-13-45",
  "|",
  "@",
  "%",
  "`",
  "\u2028",
  "${env:}",
  "${env:NOPE}",
  "${file:/dev/null/x}",
  "${",
  "99999999999999999999",
];

const MUTATIONS: Record<string, Mutation> = {
  "delete a line": (text, pick) =>
    text
      .split("\n")
      .toSpliced(pick(text.split("\n").length), 1)
      .join("\n"),
  "duplicate a line": (text, pick) => {
    const lines = text.split("\n");
    const at = pick(lines.length);
    return lines.toSpliced(at, 0, lines[at] ?? "").join("\n");
  },
  "swap two lines": (text, pick) => {
    const lines = text.split("\n");
    const [a, b] = [pick(lines.length), pick(lines.length)];
    return lines
      .with(a, lines[b] ?? "")
      .with(b, lines[a] ?? "")
      .join("\n");
  },
  "cut a line in two": onLine((line, pick) => {
    const at = pick(line.length + 1);
    return `${line.slice(0, at)}\n${line.slice(at)}`;
  }),
  "indent a line": onLine((line, pick) => " ".repeat(1 + pick(5)) + line),
  "outdent a line": onLine((line) => line.replace(/^ {1,3}/, "")),
  "indent with a tab": onLine((line) => `\t${line}`),
  "rename a key": onLine((line) => line.replace(/(\w+):/, "$1x:")),
  "lose a colon": onLine((line) => line.replace(":", "")),
  "lose a quote": onLine((line) => line.replace('"', "")),
  "lose a bracket": onLine((line) => line.replace(/[[\]{}]/, "")),
  "lose a comma": onLine((line) => line.replace(",", "")),
  "replace a value": onLine((line, pick) => line.replace(/: [^,}\]]+/, `: ${SCALARS[pick(SCALARS.length)]}`)),
  "replace a quoted value": onLine((line, pick) => line.replace(/"[^"]*"/, SCALARS[pick(SCALARS.length)] ?? "")),
  "delete a character": (text, pick) => {
    const at = pick(text.length);
    return text.slice(0, at) + text.slice(at + 1);
  },
  "insert a character": (text, pick) => {
    const at = pick(text.length);
    return text.slice(0, at) + ("{}[]:,\"'#&*!|>%@`\t\0\u{1F4A5}-?\r\n\uFEFF\uD800"[pick(29)] ?? "?") + text.slice(at);
  },
  "cut the end off": (text, pick) => text.slice(0, pick(text.length)),
  "put the file twice": (text) => text + text,
  "flip bits": (text, pick) => {
    const bytes = Buffer.from(text);
    for (let flips = 0; flips < 5; flips++) {
      const at = pick(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
    }
    return bytes.toString("utf8");
  },
  "end lines as Windows does, one missing": (text) => text.replaceAll("\n", "\r\n").replace("\r\n", "\r"),
  "bomb with anchors": (text, pick) =>
    `${text}x0: &x0 [1,1,1,1,1,1,1,1,1,1]\n${Array.from({ length: 4 + pick(6) }, (_, at) => `x${at + 1}: &x${at + 1} [${Array(10).fill(`*x${at}`).join()}]`).join("\n")}\n`,
  "make a value giant": onLine((line, pick) => line.replace(/: .*/, `: "${"x".repeat(10_000 * (1 + pick(20)))}"`)),
  "nest deeply": onLine((line, pick) => line.replace(/: .*/, `: ${"[{a: ".repeat(20 + pick(2000))}`)),
  "nest by dashes": onLine((line, pick) => line + "\n" + "- ".repeat(20 + pick(5000))),
};

/** Every place is a real one, every text is for people, and nothing secret is in it. */
function inspect(result: LoadResult, text: string): void {
  const lines = text.split(/\n/).length;
  const all = [...result.warnings, ...(result.ok ? [] : result.errors)];
  expect(result.ok || result.errors.length > 0).toBe(true);
  for (const one of all) {
    expect(one.file).toBe("fleet.yaml");
    expect(one.line).toBeGreaterThanOrEqual(1);
    expect(one.line).toBeLessThanOrEqual(lines + 1);
    expect(one.column).toBeGreaterThanOrEqual(1);
    expect(one.message).not.toMatch(/\n|\bat .*:\d+:\d+|TypeError|RangeError|undefined|\[object/);
    expect(one.message.length + one.hint.length).toBeLessThan(1200);
  }
  const written = renderErrors(all) + JSON.stringify(all) + (result.ok ? JSON.stringify(result.fleet) : "");
  for (const secret of SECRETS) expect(written).not.toContain(secret);
}

/** The good file with its secrets written into it: a mistake beside them must not print them. */
const LITERAL = GOOD.replaceAll(/\$\{env:(\w+)\}/g, (_, name: string) => ENV[name] ?? "").replace(
  "${file:keys/acme}",
  "fileKeySecret-88",
);

describe.each([
  ["with references", GOOD, 14],
  ["with its secrets written into it", LITERAL, 14],
])("a broken fleet.yaml %s", (_, good, variants) => {
  it.each(Object.keys(MUTATIONS))(
    `%s: ${variants} variants give located errors or are valid (seed ${SEED})`,
    (name) => {
      const next = random(SEED + name.length * 7919 + good.length);
      const pick = (below: number): number => Math.floor(next() * Math.max(1, below));
      for (let variant = 0; variant < variants; variant++) {
        const text = MUTATIONS[name]?.(good, pick) ?? "";
        const start = performance.now();
        const result = load(text);
        expect(performance.now() - start).toBeLessThan(5000);
        inspect(result, text);
      }
    },
  );
});

it("two mistakes at once are no worse than one", () => {
  const next = random(SEED);
  const pick = (below: number): number => Math.floor(next() * Math.max(1, below));
  const mutations = Object.values(MUTATIONS);
  for (let variant = 0; variant < 100; variant++) {
    let text = LITERAL;
    for (let times = 0; times < 2; times++) text = mutations[pick(mutations.length)]?.(text, pick) ?? text;
    inspect(load(text), text);
  }
});

it("bytes that are no text are one located error", () => {
  const next = random(SEED);
  const bytes = Uint8Array.from({ length: 4096 }, () => Math.floor(next() * 256));
  const result = load(undefined, { readFile: () => bytes });
  expect(result.ok ? [] : result.errors.map((one) => one.message)).toEqual(["the configuration is not UTF-8 text"]);
});

it.each([
  ["20,000 unknown keys", Array.from({ length: 20_000 }, (_, at) => `key${at}: 1`).join("\n")],
  ["100,000 commas", `a: [${",".repeat(100_000)}`],
  ["100,000 wrong entries", `version: 1\nfleet: a\ndeployments:\n${"- 1\n".repeat(100_000)}`],
  ["20,000 equal ids", `version: 1\nfleet: a\nheartbeats:\n${"- { id: a, every: 5m }\n".repeat(20_000)}`],
])("%s are refused in bounded time and number", (_, text) => {
  const start = performance.now();
  const result = load(text);
  expect(performance.now() - start).toBeLessThan(5000);
  expect(result.ok ? 0 : result.errors.length).toBeGreaterThan(0);
  expect(result.ok ? 0 : result.errors.length).toBeLessThan(1002);
});
