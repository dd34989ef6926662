import type { Certificate, CriterionOutcome, StageKind } from "../src/domain/index.ts";
import { isDeepStrictEqual } from "node:util";
import { FEWEST_WINDOWS, mean, noiseOfMeans, noiseOfShares } from "./noise.ts";
import { milliseconds, percent, perSecond } from "./report-words.ts";

/** How the second is against the first. `same`: within what runs differ by anyhow. `unclear`: it can't be told. */
export type Change = "better" | "worse" | "same" | "unclear";

/** One criterion in both certificates. */
export interface ComparedCriterion {
  readonly id: string;
  readonly before: CriterionOutcome;
  readonly after: CriterionOutcome;
  readonly change: Change;
}

/** One figure of one stage in both. */
export interface ComparedFigure {
  readonly stage: StageKind;
  /** `p50` and `p99`: mean of the stage's windows, ms. `errors`: share of arrivals, 0–1. `rate`: sent requests a second. */
  readonly figure: "p50" | "p99" | "errors" | "rate";
  readonly before: number;
  readonly after: number;
  /** A difference up to this is chance; in the figure's unit. */
  readonly noise: number;
  readonly change: Change;
  /** For people. */
  readonly text: string;
}

/** Two certificates side by side. */
export interface Comparison {
  /**
   * `worse` when anything is, `unclear` when anything can't be told, else `better` when anything is, else `same`. `refused`: they
   * are certificates of different things, which {@link differences} names first.
   */
  readonly outcome: Change | "refused";
  /** In what they differ before anything was measured, sentences. */
  readonly differences: readonly string[];
  readonly criteria: readonly ComparedCriterion[];
  readonly figures: readonly ComparedFigure[];
  /** How the noise bound is reckoned. */
  readonly how: string;
}

const HOW =
  "Latencies are means over the windows of a stage; a difference counts when it is beyond 1.5 times 99% of those that a block bootstrap " +
  "of both runs' windows makes by chance, and beyond 5% and 0.2 ms. Errors: 99% of chance for so many arrivals. Rate: the allowed error of arrivals.";

/** Rates that differ by more are another load. */
const SAME_RATE = 0.02;

/**
 * Compares `after` with `before`. Certificates of different deployments, scenarios or rates are refused, unless `anyway`: what
 * differs is said in both cases.
 */
export function compareCertificates(
  before: Certificate,
  after: Certificate,
  { anyway = false }: { readonly anyway?: boolean } = {},
): Comparison {
  const blocking = blockingDifferences(before, after);
  const differences = [...blocking, ...otherDifferences(before, after)];
  if (blocking.length > 0 && !anyway) return { outcome: "refused", differences, criteria: [], figures: [], how: HOW };
  const criteria = before.criteria.flatMap((one) => {
    const other = after.criteria.find(({ id }) => id === one.id);
    return other === undefined ? [] : [comparedCriterion(one.id, one.outcome, other.outcome)];
  });
  const figures = before.stages.flatMap((stage) => {
    const other = after.stages.find((one) => one.stage === stage.stage);
    return other === undefined || stage.stage === "warm-up" ? [] : stageFigures(stage, other, before, after);
  });
  const changes = [...criteria, ...figures].map(({ change }) => change);
  const outcome =
    changes.length === 0 ? "unclear" : (["worse", "unclear", "better"] as const).find((one) => changes.includes(one));
  return { outcome: outcome ?? "same", differences, criteria, figures, how: HOW };
}

function blockingDifferences(a: Certificate, b: Certificate): string[] {
  const found: string[] = [];
  if (a.deployment !== b.deployment) found.push(`The deployments differ: ${a.deployment} and ${b.deployment}.`);
  if (a.scenario.name !== b.scenario.name)
    found.push(`The scenarios differ: ${a.scenario.name} and ${b.scenario.name}.`);
  else if (!isDeepStrictEqual(a.scenario.settings, b.scenario.settings))
    found.push(`The settings of scenario ${a.scenario.name} differ.`);
  const [x, y] = [heldRate(a), heldRate(b)];
  if (x !== undefined && y !== undefined && Math.abs(x - y) > SAME_RATE * Math.max(x, y))
    found.push(`The rates differ: ${perSecond(x)} and ${perSecond(y)}.`);
  return found;
}

function otherDifferences(a: Certificate, b: Certificate): string[] {
  const found: string[] = [];
  const differ = (what: string, x: string, y: string): void => {
    if (x !== y) found.push(`${what} differ: ${x} and ${y}.`);
  };
  differ("The plans", a.plan, b.plan);
  differ("The addresses", a.connectionUri, b.connectionUri);
  differ("The hosts that made the load", a.environment.hostname, b.environment.hostname);
  differ("The versions of corewatch", a.environment.corewatch, b.environment.corewatch);
  const [only, new_] = [missingIn(a, b), missingIn(b, a)];
  if (only.length > 0) found.push(`Only the first has: ${only.join(", ")}.`);
  if (new_.length > 0) found.push(`Only the second has: ${new_.join(", ")}.`);
  if (!isDeepStrictEqual(a.thresholds, b.thresholds))
    found.push("The thresholds differ: a criterion may change without its figure.");
  return found;
}

function missingIn(a: Certificate, b: Certificate): string[] {
  return a.criteria.filter(({ id }) => b.criteria.every((one) => one.id !== id)).map(({ id }) => id);
}

/** The rate that was to be held, whatever came of it. */
function heldRate({ stages }: Certificate): number | undefined {
  const stage = stages.find((one) => one.stage === "sustained") ?? stages.find((one) => one.stage === "soak");
  return stage?.plannedRate ?? undefined;
}

function comparedCriterion(id: string, before: CriterionOutcome, after: CriterionOutcome): ComparedCriterion {
  return { id, before, after, change: changeOf(before, after) };
}

function changeOf(before: CriterionOutcome, after: CriterionOutcome): Change {
  // What could be told in neither (a hook that is missing, say) is no change; the figures of a stage tell for themselves.
  if (before === after) return "same";
  if (before === "invalid" || after === "invalid") return "unclear";
  return after === "pass" ? "better" : "worse";
}

type Stage = Certificate["stages"][number];

function stageFigures(a: Stage, b: Stage, before: Certificate, after: Certificate): ComparedFigure[] {
  if (a.load === null || b.load === null || a.load.offered === 0 || b.load.offered === 0) return [];
  const { stage } = a;
  const figures: ComparedFigure[] = [];
  const isInvalid = [before, after].some(({ criteria }) =>
    criteria.some(({ id, outcome }) => id === `generator-${stage}` && outcome === "invalid"),
  );
  const add = (
    figure: ComparedFigure["figure"],
    [x, y]: readonly [number, number],
    noise: number,
    {
      isMoreWorse,
      words,
      isUnclear = false,
    }: { isMoreWorse: boolean; words: (value: number) => string; isUnclear?: boolean },
  ): void => {
    const change =
      isInvalid || isUnclear
        ? "unclear"
        : Math.abs(y - x) <= noise
          ? "same"
          : y > x === isMoreWorse
            ? "worse"
            : "better";
    const text = `${words(x)} → ${words(y)}, by chance up to ${words(noise)}`;
    figures.push({ stage, figure, before: x, after: y, noise, change, text });
  };
  for (const figure of ["p50", "p99"] as const) {
    const [x, y] = [a.windows?.[`${figure}Ms`] ?? [], b.windows?.[`${figure}Ms`] ?? []];
    const isUnclear = Math.min(x.length, y.length) < FEWEST_WINDOWS;
    const noise = isUnclear ? 0 : noiseOfMeans(x, y, before.seed + after.seed);
    add(figure, [mean(x), mean(y)], noise, { isMoreWorse: true, words: milliseconds, isUnclear });
  }
  const share = ({ offered, ok }: NonNullable<Stage["load"]>) => ({ share: (offered - ok) / offered, of: offered });
  const [x, y] = [share(a.load), share(b.load)];
  add("errors", [x.share, y.share], noiseOfShares(x, y), { isMoreWorse: true, words: percent });
  const [r, s] = [a.sentRate ?? 0, b.sentRate ?? 0];
  const slack = Math.max(before.thresholds.arrivalError, after.thresholds.arrivalError) * Math.max(r, s);
  add("rate", [r, s], slack, { isMoreWorse: false, words: perSecond });
  return figures;
}
