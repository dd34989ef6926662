import { z } from "zod";
import { type Path, quoteName, showValue } from "./located.ts";
import { nearest } from "./nearest.ts";
import { valueAt } from "./references.ts";
import { configSchemaSource } from "./schema.ts";
import { isSecretPath } from "./secrets.ts";
import type { Config } from "./schema.ts";
import { isRecord } from "./yaml.ts";

/** A shape error before it has a line. */
export interface ShapeProblem {
  readonly path: Path;
  /** Whether the key or the value is wrong. */
  readonly part: "key" | "value";
  readonly message: string;
  readonly hint: string;
}

/**
 * Compares a configuration with the schema: every difference at once, one for each place.
 * `hidden` places are not quoted: their values come from the environment or a file.
 */
export function checkShape(
  config: unknown,
  hidden: (path: Path) => boolean,
): { config: Config | undefined; problems: ShapeProblem[] } {
  const result = configSchemaSource.safeParse(config);
  if (result.success) return { config: result.data, problems: [] };
  const problems: ShapeProblem[] = [];
  const seen = new Set<string>();
  for (const issue of result.error.issues) {
    for (const problem of describe(issue, config, hidden)) {
      const key = `${JSON.stringify(problem.path)}${problem.message.startsWith("lacks ") ? problem.message : ""}`;
      if (!seen.has(key)) problems.push(problem);
      seen.add(key);
    }
  }
  return { config: undefined, problems };
}

/** Unknown keys of one map that are looked at: more than anyone reads. */
const MAX_UNKNOWN = 1000;

type Issue = z.core.$ZodIssue;

function describe(issue: Issue, config: unknown, hidden: (path: Path) => boolean): ShapeProblem[] {
  const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
  if (issue.code === "unrecognized_keys") return issue.keys.slice(0, MAX_UNKNOWN).map((key) => unknownKey(path, key));
  if (issue.code === "invalid_key") {
    const [message, hint] = parts(issue.issues[0] ?? issue);
    return [{ path, part: "key", message: `the key ${message}`, hint }];
  }
  const value = valueAt(config, path);
  const meantBranch = issue.code === "invalid_union" && isRecord(value) ? branchOfMaps(issue.errors) : undefined;
  if (meantBranch !== undefined) {
    return meantBranch.flatMap((one) => describe({ ...one, path: [...issue.path, ...one.path] }, config, hidden));
  }
  const [message, hint] = parts(issue);
  const name = path.at(-1);
  if (value === undefined && typeof name === "string") {
    return [
      {
        path: path.slice(0, -1),
        part: "value",
        message: `lacks ${quoteName(name)}`,
        hint: missingHint(name, message, hint),
      },
    ];
  }
  if (value === null) {
    const optional = schemaAt(path) instanceof z.ZodOptional;
    return [{ path, part: "key", message: "has no value", hint: optional ? `${hint}, or delete the key` : hint }];
  }
  const quote = message.startsWith("must be ") && !isSecretPath(path) && !hidden(path);
  if (!quote) return [{ path, part: "value", message, hint }];
  const near =
    issue.code === "invalid_value" && typeof value === "string" ? nearest(value, issue.values.map(String)) : undefined;
  const meant = near === undefined ? hint : `did you mean "${near}"?`;
  return [{ path, part: "value", message: `${message}, not ${showValue(value)}`, hint: meant }];
}

/** What is wrong with a map where a text would do too, seen as a map. */
function branchOfMaps(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return branches.find((issues) => !issues.some((one) => one.code === "invalid_type" && one.path.length === 0));
}

function missingHint(name: string, message: string, hint: string): string {
  const what = message.startsWith("must be ") ? message.slice("must be ".length) : "a value";
  return `add ${name}: ${what}${hint === "" ? "" : ` (${hint})`}`;
}

/** Message and hint of an issue: the schema's own, or one for the plain types. */
function parts(issue: Issue): readonly [string, string] {
  const [message, hint] = issue.message.split("\n", 2);
  if (hint !== undefined && message !== undefined) return [message, hint];
  return plain(issue);
}

const TYPES: Readonly<Record<string, readonly [string, string]>> = {
  object: ["must be a map of keys", "write the keys indented below it"],
  record: ["must be a map of keys", "write the keys indented below it"],
  array: ["must be a list", "begin each entry with - below it"],
  string: ["must be text", "write it in quotes"],
};

function plain(issue: Issue): readonly [string, string] {
  if (issue.code === "invalid_type")
    return TYPES[issue.expected] ?? ["has the wrong type", "see corewatch config schema"];
  if (issue.code === "too_small" && issue.origin === "array") return ["needs at least one entry", "add one"];
  if (issue.code === "too_big" && issue.origin === "array")
    return [`has more than ${issue.maximum} entries`, "split the fleet"];
  return ["is not valid", "see corewatch config schema"];
}

function unknownKey(parent: Path, key: string): ShapeProblem {
  const path = [...parent, key];
  const message = `unknown key ${quoteName(key)}`;
  if (key === "<<")
    return {
      path,
      part: "key",
      message,
      hint: "merge keys are not part of YAML 1.2: repeat the keys, or use *name for a whole value",
    };
  const known = knownKeys(parent);
  const near = nearest(key, known);
  const list = known.slice(0, 20).join(", ");
  return { path, part: "key", message, hint: near === undefined ? `known here: ${list}` : `did you mean "${near}"?` };
}

/** The keys that the schema has at `path`. */
function knownKeys(path: Path): string[] {
  const schema = mapIn(unwrap(schemaAt(path)));
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** The schema of `path`; `undefined` where there is none. */
function schemaAt(path: Path): unknown {
  let schema: unknown = configSchemaSource;
  for (const step of path) {
    const holder = mapIn(unwrap(schema));
    if (holder instanceof z.ZodObject) schema = Reflect.get(holder.shape, step);
    else if (holder instanceof z.ZodArray) schema = holder.element;
    else if (holder instanceof z.ZodRecord) schema = holder.valueType;
    else return undefined;
  }
  return schema;
}

/** Of what may be a text or a map, the map. */
function mapIn(schema: unknown): unknown {
  return schema instanceof z.ZodUnion ? schema.options.find((one) => one instanceof z.ZodObject) : schema;
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema;
}
