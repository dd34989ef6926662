import type { ScenarioRun, ScenarioStep, WireRequest } from "../src/domain/index.ts";
import { judgeOf, requestOf, varsThere } from "./http-step.ts";
import { type HttpEndpoint, type HttpSettings, type HttpStep, httpSchema, varsOf } from "./http-schema.ts";
import type { Values } from "./http-template.ts";
import { MAX_ENDPOINTS, type ScenarioWorld, defineScenario } from "./scenario.ts";
import { percent } from "./setting.ts";
import { weighted } from "./weights.ts";

const HIDDEN = "***";
/** Of a step that prepares. */
const MAX_TRIES = 3;

/** Any HTTP service, by a scenario file: see `parseScenarioFile`. */
export const http = defineScenario(httpSchema, {
  name: "http",
  tells: "Whether a service answers the requests of a scenario file as the file says.",
  endpoints: (settings) => settings.endpoints.map(({ name }) => name).slice(0, MAX_ENDPOINTS),
  describe,
  start: (settings, world) => new HttpRun(settings, world),

  async closed(settings, world, call) {
    const able = settings.endpoints.filter(({ weight }) => weight > 0);
    const [first] = able.filter(isRepeatable).sort((a, b) => b.weight - a.weight);
    if (first === undefined) {
      throw new Error(
        `scenario ${settings.name}: callers of the closed model repeat one request, and none may be repeated: say "repeatable: true" at one`,
      );
    }
    const vars = new Map<string, string>();
    const values: Values = { ...world, secrets: settings.secrets, vars };
    for (const step of settings.prepare) {
      const { status, body } = await call(requestOf(step, values));
      const verdict = judgeOf(step, vars)(status, body);
      if (verdict !== "ok") {
        throw new Error(`scenario ${settings.name}: prepare step ${step.name} failed: ${verdict} (HTTP ${status})`);
      }
    }
    const missing = varsOf(first).find((name) => !vars.has(name));
    if (missing === undefined) return requestOf(first, values);
    throw new Error(
      `scenario ${settings.name}: ${first.name} cannot be repeated by itself: {{${missing}}} comes from no prepare step`,
    );
  },

  shown: (settings) => ({
    ...settings,
    secrets: Object.fromEntries(Object.keys(settings.secrets).map((name) => [name, HIDDEN])),
  }),
});

function isRepeatable({ repeatable, method }: HttpEndpoint): boolean {
  return repeatable ?? (method === "GET" || method === "HEAD");
}

function describe({ name, endpoints, prepare }: HttpSettings): string[] {
  const total = endpoints.reduce((sum, { weight }) => sum + weight, 0);
  const parts = endpoints
    .filter(({ weight }) => weight > 0)
    .map(({ name, method, path, weight }) => `${percent(weight / total)} ${name} (${method} ${path})`);
  const unread = endpoints.filter(({ weight, expect }) => weight > 0 && !readsBody(expect)).map(({ name }) => name);
  const waiting = endpoints.filter((endpoint) => endpoint.weight > 0 && varsOf(endpoint).length > 0);
  return [
    `Scenario ${name}: ${parts.join(", ")}.`,
    ...(prepare.length === 0
      ? []
      : [`Each thread first sends, in this order: ${prepare.map(({ name }) => name).join(", ")}.`]),
    ...(waiting.length === 0
      ? []
      : [
          "A request whose values are not there yet is replaced by the first one that can be sent, and counted as that.",
        ]),
    unread.length === 0
      ? "Every answer's body is compared with what the file expects."
      : `Of ${unread.join(", ")} only the status is looked at: a wrong page with a right status would pass.`,
    "It proves that the service carries these requests at this rate, and nothing about what they do not touch. What they create stays.",
  ];
}

function readsBody({ contains, json }: HttpStep["expect"]): boolean {
  return contains !== undefined || json !== undefined;
}

/** The requests of a scenario file at work in one thread. */
class HttpRun implements ScenarioRun {
  readonly #settings: HttpSettings;
  readonly #vars = new Map<string, string>();
  readonly #values: Values;
  readonly #choose: () => number;
  readonly #needs: readonly (readonly string[])[];
  #step = 0;
  #inFlight = false;
  #failures: string[] = [];

  constructor(settings: HttpSettings, world: ScenarioWorld) {
    this.#settings = settings;
    this.#values = { ...world, secrets: settings.secrets, vars: this.#vars };
    const pick = weighted(settings.endpoints.map(({ weight }, index) => [index, weight] as const));
    this.#choose = () => pick(world.random);
    this.#needs = settings.endpoints.map(varsOf);
  }

  /** One at a time: a step may need what the step before it got. @throws Error when a step failed three times */
  prepare(): ScenarioStep | undefined {
    const step = this.#settings.prepare[this.#step];
    if (step === undefined || this.#inFlight) return undefined;
    if (this.#failures.length >= MAX_TRIES) {
      throw new Error(
        `scenario ${this.#settings.name}: prepare step ${step.name} failed ${MAX_TRIES} times: ${this.#failures.join("; ")}`,
      );
    }
    this.#inFlight = true;
    const judge = judgeOf(step, this.#vars);
    const failed = (why: string): void => {
      this.#inFlight = false;
      this.#failures.push(why);
    };
    return {
      endpoint: 0,
      label: step.name,
      request: requestOf(step, this.#values),
      judge: (status, body) => {
        const verdict = judge(status, body);
        if (verdict === "ok") {
          this.#inFlight = false;
          this.#failures = [];
          this.#step++;
        } else failed(`${verdict}, HTTP ${status}`);
        return verdict;
      },
      abandon: () => failed("no answer"),
    };
  }

  next(): ScenarioStep {
    const endpoint = this.#possible(this.#choose());
    const chosen = this.#settings.endpoints[endpoint];
    if (chosen === undefined) throw new Error("a scenario has at least one endpoint");
    const request: WireRequest = requestOf(chosen, this.#values);
    return { endpoint, request, judge: judgeOf(chosen, this.#vars), abandon: () => undefined };
  }

  /** The drawn one, or else the first whose values are there; when there is none the drawn one fails for all to see. */
  #possible(drawn: number): number {
    if (varsThere(this.#needs[drawn] ?? [], this.#vars)) return drawn;
    const { endpoints } = this.#settings;
    const other = endpoints.findIndex(
      ({ weight }, index) => weight > 0 && varsThere(this.#needs[index] ?? [], this.#vars),
    );
    return other === -1 ? drawn : other;
  }
}
