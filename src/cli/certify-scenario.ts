import { resolve } from "node:path";
import { scenarioNamed, SCENARIOS } from "../../loadtests/index.ts";
import { parseScenarioFile } from "../../loadtests/scenario-file.ts";
import { type Scenario, ScenarioError } from "../../loadtests/scenario.ts";
import type { Deployment, ScenarioSpec } from "../domain/index.ts";
import { renderErrors } from "../inventory/index.ts";
import { BadConfiguration, reasonOf } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, Problem } from "./exit.ts";

/** What is sent unless somebody says otherwise: the mix proves more than any single call. */
const DEFAULT = "session-mix";
const IS_FILE = /\.(?:ya?ml|json)$/i;

/** A scenario with its settings, checked. */
export interface ChosenScenario {
  readonly scenario: Scenario;
  readonly spec: ScenarioSpec;
}

/**
 * The scenario of the command line, else fleet.yaml's, else the session mix.
 * @throws Problem 64 for one that there is not, 78 for settings that cannot be used
 */
export function chooseScenario(wanted: string | undefined, deployment: Deployment, doors: Doors): ChosenScenario {
  if (wanted !== undefined && IS_FILE.test(wanted)) return fromFile(wanted, doors);
  const configured = deployment.certify?.scenario;
  const name = wanted ?? configured?.name ?? DEFAULT;
  if (!Object.hasOwn(SCENARIOS, name) || name === "http") {
    const known = Object.keys(SCENARIOS).filter((one) => one !== "http");
    const where = wanted === undefined ? EXIT.configuration : EXIT.usage;
    throw new Problem(
      where,
      `there is no scenario "${name}": choose ${known.join(", ")}, or name a scenario file (.yaml)`,
    );
  }
  const rounds = deployment.certify?.passwordRounds;
  return checked(name, {
    ...(name === "sign-in" && rounds !== undefined ? { rounds } : {}),
    ...(configured?.name === name ? configured.settings : {}),
  });
}

function fromFile(path: string, doors: Doors): ChosenScenario {
  let text: string;
  try {
    text = doors.readFile(resolve(doors.cwd, path));
  } catch (error) {
    throw new Problem(EXIT.configuration, `${path}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  const file = parseScenarioFile(text, path);
  if (!file.ok) throw new BadConfiguration(renderErrors(file.errors), file.errors, []);
  return checked("http", { ...file.settings, ...secretsOf(file.settings, path, doors) });
}

function checked(name: string, given: Readonly<Record<string, unknown>>): ChosenScenario {
  const scenario = scenarioNamed(name);
  try {
    return { scenario, spec: { name, settings: scenario.settings(given) } };
  } catch (error) {
    if (error instanceof ScenarioError) throw new Problem(EXIT.configuration, error.message, { cause: error });
    throw error;
  }
}

const REFERENCE = /^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$/;

/** A scenario file's secrets come from the environment, and never stand in a report. */
function secretsOf(settings: Readonly<Record<string, unknown>>, path: string, doors: Doors): { secrets?: unknown } {
  const { secrets } = settings;
  if (typeof secrets !== "object" || secrets === null) return {};
  const resolved = Object.entries(secrets).map(([name, reference]) => {
    const variable = REFERENCE.exec(String(reference))?.[1];
    const value = variable === undefined ? undefined : doors.env[variable];
    if (variable === undefined || value === undefined) {
      const what = variable === undefined ? "write ${env:NAME}" : `the environment has no ${variable}`;
      throw new Problem(EXIT.configuration, `${path}: secrets.${name}: ${what}`);
    }
    doors.redactor.add(value);
    return [name, value] as const;
  });
  return { secrets: Object.fromEntries(resolved) };
}
