import { dirname, resolve } from "node:path";
import type { CertifyThresholds, CheckKind, CheckSettings, Fleet, Log } from "../domain/index.ts";
import { CHECK_KINDS } from "../domain/index.ts";
import type { LoadOptions, LoadResult, Located } from "../inventory/index.ts";
import type { Doors } from "./doors.ts";
import { EXIT, Problem } from "./exit.ts";

/** Options that every command takes. */
export interface CommonOptions {
  readonly config?: string;
  readonly envFile?: string;
  readonly format: string;
  readonly color: boolean;
  readonly logLevel: string;
}

/** A loaded configuration, ready for a command. */
export interface Loaded {
  readonly fleet: Fleet;
  readonly path: string;
  readonly hash: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly result: LoadResult & { readonly ok: true };
  /** How it was loaded, to load it again. */
  readonly source: Omit<LoadOptions, "text" | "now" | "file"> & { readonly file: string; readonly envFile?: string };
}

/** A configuration that is refused, with every reason at its place. */
export class BadConfiguration extends Problem {
  readonly errors: readonly Located[];
  readonly warnings: readonly Located[];
  constructor(rendered: string, errors: readonly Located[], warnings: readonly Located[]) {
    super(EXIT.configuration, rendered.trimEnd());
    this.errors = errors;
    this.warnings = warnings;
  }
}

/** The configuration that somebody named: `--config`, else COREWATCH_CONFIG (empty counts as unset), else `undefined`. */
export function namedConfig(options: Pick<CommonOptions, "config">, doors: Pick<Doors, "env">): string | undefined {
  return options.config ?? (doors.env["COREWATCH_CONFIG"] || undefined);
}

/** Where the configuration is: as it was named, else `fleet.yaml` here. */
export function configPath(options: Pick<CommonOptions, "config">, doors: Pick<Doors, "cwd" | "env">): string {
  return resolve(doors.cwd, namedConfig(options, doors) ?? "fleet.yaml");
}

/** Folder of the embedded store and the sandbox: `.corewatch` beside the configuration. */
export function stateDirectory(path: string): string {
  return resolve(dirname(path), ".corewatch");
}

/** Default settings of every kind of check, from the checks themselves. */
export async function checkDefaults(): Promise<Record<CheckKind, CheckSettings>> {
  const { CHECKS } = await import("../../checks/index.ts");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries forgets its keys, and CHECK_KINDS has all
  return Object.fromEntries(CHECK_KINDS.map((kind) => [kind, CHECKS[kind].defaults])) as Record<
    CheckKind,
    CheckSettings
  >;
}

/** What a certificate asks where fleet.yaml says nothing, from certification itself. */
async function certifyDefaults(): Promise<CertifyThresholds> {
  const { DEFAULT_THRESHOLDS } = await import("../../loadtests/thresholds.ts");
  return DEFAULT_THRESHOLDS;
}

/**
 * The environment that a command sees: the process's, over which `--env-file` is laid.
 * @throws Problem 78 when the file cannot be read or has a bad line.
 */
export async function environment(
  options: Pick<CommonOptions, "envFile">,
  doors: Doors,
): Promise<Record<string, string | undefined>> {
  if (options.envFile === undefined) return { ...doors.env };
  const path = resolve(doors.cwd, options.envFile);
  const { parseEnvFile, renderErrors } = await import("../inventory/index.ts");
  let text: string;
  try {
    text = doors.readFile(path);
  } catch (error) {
    throw new Problem(EXIT.configuration, `${options.envFile}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  const parsed = parseEnvFile(text, options.envFile);
  if (!parsed.ok) throw new BadConfiguration(renderErrors(parsed.errors), parsed.errors, []);
  doors.adoptEnv(parsed.values);
  return { ...doors.env, ...parsed.values };
}

/**
 * Reads fleet.yaml. Warnings go to stderr, secrets to the redactor.
 * @throws Problem 78 with every error at once.
 */
export async function load(options: CommonOptions, doors: Doors): Promise<Loaded> {
  const path = configPath(options, doors);
  const env = await environment(options, doors);
  const log = doors.log(options.logLevel);
  if (!doors.exists(path)) {
    throw new Problem(
      EXIT.configuration,
      `no configuration at ${path}: write one with "corewatch init", or name one with --config FILE or COREWATCH_CONFIG`,
    );
  }
  const { loadFleet, renderErrors } = await import("../inventory/index.ts");
  const ticker = await doors.ticker();
  const text = readText(path, doors);
  const source = {
    path: namedConfig(options, doors) ?? "fleet.yaml",
    file: path,
    directory: dirname(path),
    readFile: (file: string) => doors.readFile(file),
    env,
    checkDefaults: await checkDefaults(),
    certifyDefaults: await certifyDefaults(),
    isCron: (expression: string, timezone?: string) => isCron(ticker, expression, timezone),
    ...(await auditRules(text)),
  };
  const result = loadFleet({ ...source, text, now: doors.clock.now() });
  doors.redactor.add(...result.redact);
  if (!result.ok) throw new BadConfiguration(renderErrors(result.errors), result.errors, result.warnings);
  for (const one of result.warnings) {
    const what = `${one.path === "" ? "" : `${one.path}: `}${one.message}${one.hint === "" ? "" : ` (${one.hint})`}`;
    const line = `${one.file}:${one.line}:${one.column}: ${what}`;
    if (one.severity === "info") log.info(line);
    else log.warn(line);
  }
  const envFile = options.envFile === undefined ? {} : { envFile: resolve(doors.cwd, options.envFile) };
  return { fleet: result.fleet, path, hash: result.hash, env, log, result, source: { ...source, ...envFile } };
}

/** Ids of the checklist's rules, loaded only for a file that may waive one. */
async function auditRules(text: string): Promise<{ readonly auditRules?: readonly string[] }> {
  if (!/\bwaive\b/.test(text)) return {};
  const { RULES } = await import("../audit/index.ts");
  return { auditRules: RULES.map(({ id }) => id) };
}

function readText(path: string, doors: Doors): string {
  try {
    return doors.readFile(path);
  } catch (error) {
    throw new Problem(EXIT.configuration, `${path}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

function isCron(
  ticker: { next(e: string, z: string | undefined, after: number, n: number): number[] },
  expression: string,
  timezone: string | undefined,
): boolean {
  try {
    ticker.next(expression, timezone, 0, 1);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** What went wrong, in a few words, without a stack. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "EISDIR") return "it is a folder";
  return error instanceof Error ? error.message : String(error);
}

/** The code that Node gives what went wrong (`ENOENT`), or `undefined`. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** Checks `--format` against what the command can write. @throws Problem 64 */
export function wantFormat<F extends string>(format: string, allowed: readonly F[]): F {
  const known = allowed.find((one) => one === format);
  if (known !== undefined) return known;
  throw new Problem(EXIT.usage, `--format ${format} is not available here: choose ${allowed.join(", ")}`);
}
