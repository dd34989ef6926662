import { z } from "zod";
import type { ScenarioRun, ScenarioStep, WireRequest } from "../src/domain/index.ts";

/** What a scenario needs of the thread that it runs in. */
export interface ScenarioWorld {
  /** At least 0, less than 1; the same seed gives the same numbers, and so the same choices. */
  readonly random: () => number;
  /** From 0. */
  readonly thread: number;
  readonly threads: number;
  /** Unique per run: part of every user id and e-mail address that a scenario makes. */
  readonly tag: string;
  /** Monotonic clock, ms. Without it a refresh that got no answer is never tried again, and the age of tokens is not known. */
  readonly now?: () => number;
}

/** One kind of load. Settings are plain data: they cross to worker threads and stand in the certificate. */
export interface Scenario<Settings = Readonly<Record<string, unknown>>> {
  readonly name: string;
  /** What passing it tells, in a sentence. */
  readonly tells: string;
  /** Fills in the defaults. @throws ScenarioError naming the field */
  settings(given: Readonly<Record<string, unknown>>): Settings;
  /** Names of what it sends, in the order of shot indices; at most {@link MAX_ENDPOINTS}. */
  endpoints(settings: Settings): readonly string[];
  /** Sentences for the certificate: the mix with its percentages, what it proves, what it does not prove. */
  describe(settings: Settings): readonly string[];
  start(settings: Settings, world: ScenarioWorld): ScenarioRun;
  /**
   * One request that callers of the closed model may repeat; `call` sends what must be there before it (a session).
   * @throws Error with a sentence
   */
  closed(settings: Settings, world: ScenarioWorld, call: Caller): Promise<WireRequest>;
  /** Text that every good answer to {@link closed}'s request holds: failures of business are answered 200 as well. */
  readonly closedExpects?: string;
  /** Settings as they may be written down; absent: all of them may. */
  shown?(settings: Settings): Settings;
}

/** Sends one request to the target and gives the answer. */
export type Caller = (request: WireRequest) => Promise<{ readonly status: number; readonly body: string }>;

/** What an answer was worth. */
export type Verdict = ReturnType<ScenarioStep["judge"]>;

/** Most endpoints of a scenario: each has its own histogram in every window. */
export const MAX_ENDPOINTS = 16;

/** Settings of a scenario that cannot be used. */
export class ScenarioError extends Error {
  override readonly name = "ScenarioError";
  /** `mix.verify`; empty for the settings as a whole. */
  readonly field: string;

  constructor(scenario: string, field: string, message: string) {
    super(`scenario ${scenario}: ${field === "" ? "" : `${field}: `}${message}`);
    this.field = field;
  }
}

/** A scenario whose settings have this schema; its functions get them checked and with defaults. */
export function defineScenario<Schema extends z.ZodType>(
  schema: Schema,
  scenario: Omit<Scenario<z.output<Schema>>, "settings">,
): Scenario {
  const { name, tells, shown } = scenario;
  const typed = (given: unknown): z.output<Schema> => {
    const result = schema.safeParse(given);
    if (result.success) return result.data;
    const [first] = result.error.issues;
    if (first === undefined) throw new ScenarioError(name, "", "the settings cannot be used");
    const { path, message } = placeOf(first);
    throw new ScenarioError(name, path.map(String).join("."), message);
  };
  return {
    name,
    tells,
    settings: (given) => plain(typed(given)),
    endpoints: (settings) => scenario.endpoints(typed(settings)),
    describe: (settings) => scenario.describe(typed(settings)),
    start: (settings, world) => scenario.start(typed(settings), world),
    closed: async (settings, world, call) => scenario.closed(typed(settings), world, call),
    ...(scenario.closedExpects === undefined ? {} : { closedExpects: scenario.closedExpects }),
    ...(shown === undefined ? {} : { shown: (settings) => plain(shown(typed(settings))) }),
  };
}

/** Where an issue is, down to the key that nobody knows, and its sentence. */
export function placeOf(issue: z.core.$ZodIssue): {
  path: readonly PropertyKey[];
  message: string;
  unknownKey: boolean;
} {
  if (issue.code !== "unrecognized_keys") return { path: issue.path, message: issue.message, unknownKey: false };
  return { path: [...issue.path, ...issue.keys.slice(0, 1)], message: "there is no such setting", unknownKey: true };
}

function plain(settings: unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(Object(settings)));
}
