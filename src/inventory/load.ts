import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { CertifyThresholds, CheckKind, CheckSettings, Fleet } from "../domain/index.ts";
import { advise } from "./advice.ts";
import { crossCheck } from "./cross-checks.ts";
import { Finder } from "./finder.ts";
import { Findings, type Located } from "./located.ts";
import { type ReadFile, type Resolved, readText, resolveReferences } from "./references.ts";
import { resolveFleet } from "./resolve.ts";
import { redactable, secretsIn } from "./secrets.ts";
import { checkShape } from "./shape.ts";
import { MAX_FILE_BYTES, readYaml } from "./yaml.ts";

/** What loading a configuration needs from the world. */
export interface LoadOptions {
  /** As the user named it: shown in errors. */
  readonly path: string;
  /** Where it is read; `path` unless given. */
  readonly file?: string;
  /** Folder that `${file:PATH}` is relative to; that of the file unless given. */
  readonly directory?: string;
  /** The configuration itself, where it is read already. */
  readonly text?: string;
  readonly readFile: ReadFile;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly checkDefaults: Readonly<Record<CheckKind, CheckSettings>>;
  /** What a certificate asks where fleet.yaml says nothing. */
  readonly certifyDefaults: CertifyThresholds;
  /** Whether the clock understands the expression. */
  readonly isCron: (expression: string, timezone?: string) => boolean;
  /** Ids of the checklist's rules, which waivers name; absent: they are taken at their word. */
  readonly auditRules?: readonly string[];
  /** Epoch milliseconds: tells which silences and waivers are over. */
  readonly now: number;
}

interface Loaded {
  /** Warnings and informations, in order of place. */
  readonly warnings: readonly Located[];
  /** Every secret value, for the Redactor. */
  readonly redact: readonly string[];
  /** SHA-256 of the configuration's text, in hex. */
  readonly hash: string;
  /** Files behind `${file:PATH}`, to be watched with the configuration. */
  readonly files: readonly string[];
  /** Tells two loads apart by everything they read, secrets included: kept in memory, never shown or stored. */
  readonly fingerprint: string;
}

/** A fleet, or every reason why there is none. */
export type LoadResult =
  | (Loaded & { readonly ok: true; readonly fleet: Fleet })
  | (Loaded & { readonly ok: false; readonly errors: readonly Located[] });

/** Reads fleet.yaml: every error at once, each with its place and what would be right. Never throws for what a file holds. */
export function loadFleet(options: LoadOptions): LoadResult {
  const findings = new Findings();
  const read = readConfig(options);
  if (!read.ok) {
    findings.add({
      severity: "error",
      file: options.path,
      line: 1,
      column: 1,
      path: "",
      message: read.message,
      hint: read.hint,
    });
    const fingerprint = sha256(read.message);
    return { ok: false, errors: findings.errors(), warnings: [], redact: [], hash: sha256(""), files: [], fingerprint };
  }
  const hash = sha256(read.text);
  const source = readYaml(options.path, read.text, findings);
  if (source.value === undefined) {
    const errors = findings.errors();
    return { ok: false, errors, warnings: findings.warnings(), redact: [], hash, files: [], fingerprint: hash };
  }
  const config = source.value;
  const directory = options.directory ?? dirname(options.file ?? options.path);
  const resolved = resolveReferences(config, directory, options.env, options.readFile);
  const find = new Finder(
    source,
    findings,
    (path) => source.broken.has(JSON.stringify(path)) || resolved.unresolved.has(config, path),
  );
  for (const { path, within, message, hint } of resolved.problems) find.errorWithin(path, within, message, hint);

  const shape = checkShape(config, (path) => resolved.outside.has(config, path));
  for (const { path, part, message, hint } of shape.problems) {
    if (!find.isUnresolved(path)) find.error(path, message, hint, part);
  }
  crossCheck(config, find, options);
  advise(config, find, (path) => resolved.outside.has(config, path), options.now);

  const redact = redactList(config, resolved);
  const fingerprint = sha256(JSON.stringify([hash, ...resolved.inputs]));
  const common = { redact, hash, files: resolved.files, fingerprint, warnings: clean(findings.warnings(), redact) };
  if (findings.hasErrors || shape.config === undefined)
    return { ok: false, errors: clean(findings.errors(), redact), ...common };
  return { ok: true, fleet: resolveFleet(shape.config, options), ...common };
}

function readConfig(options: LoadOptions): ReturnType<typeof readText> {
  const { text, readFile } = options;
  const read = readText(text === undefined ? readFile : () => text, options.file ?? options.path, MAX_FILE_BYTES);
  if (read.ok) return { ok: true, text: read.text.replace(/^\uFEFF/, "") };
  const hint =
    read.message === "does not exist" ? 'write one with "corewatch init", or name one with --config FILE' : read.hint;
  return { ok: false, message: `the configuration ${read.message}`, hint };
}

function redactList(config: Record<string, unknown>, resolved: Resolved): string[] {
  const values = secretsIn(config).flatMap(({ path, value }) => {
    if (resolved.unresolved.has(config, path)) return [];
    return redactable(path, value, resolved.outside.has(config, path));
  });
  return [...new Set(values)].filter((value) => value !== "").sort((a, b) => b.length - a.length);
}

/** A secret given at a wrong place too could stand in a message: the last chance to take it out. */
function clean(found: readonly Located[], redact: readonly string[]): Located[] {
  const values = redact.filter((value) => value.length >= 4);
  const without = (text: string): string => values.reduce((rest, value) => rest.replaceAll(value, "[secret]"), text);
  return found.map((one) => ({
    ...one,
    path: without(one.path),
    message: without(one.message),
    hint: without(one.hint),
  }));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
