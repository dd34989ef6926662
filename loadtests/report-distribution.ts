import type { Distribution, StageFigures, StageRecord } from "./figures.ts";
import type { Layer } from "./plot.ts";
import { inverse, latencyAxis, percentileAxis } from "./plot-axis.ts";
import { figure } from "./report-figure.ts";
import { markup, type Markup } from "./report-html.ts";
import { milliseconds, number, STAGE_NAMES } from "./report-words.ts";

const PERCENTS = [50, 75, 90, 95, 99, 99.9, 99.99] as const;

/** The whole distribution of a stage: response time, which is certified, beside service time. */
export function distribution(stage: StageRecord & { readonly figures: StageFigures }): Markup {
  const { response, service } = stage.figures.all;
  if (response.count === 0) return markup``;
  const name = STAGE_NAMES[stage.plan.kind];
  const gap = response.at(99) - service.at(99);
  const words =
    gap > Math.max(1, service.at(99) * 0.05)
      ? `At the 99th percentile, ${milliseconds(gap)} of the response time passed before the request was sent.`
      : "Requests left when they were due: response and service time agree.";
  return curves(
    `distribution-${stage.index}`,
    `${name}: distribution`,
    [
      { name: "response", tone: "c1", of: response },
      { name: "service", tone: "c2", dash: "dashed", of: service },
    ],
    `99% of ${number(response.count)} requests took at most ${milliseconds(response.at(99))}. ${words}`,
  );
}

/** One curve of {@link curves}. */
interface Curve {
  readonly name: string;
  readonly tone: "c1" | "c2";
  readonly dash?: "dashed";
  readonly of: Distribution;
}

/** Percentile curves on one plot. */
export function curves(id: string, title: string, all: readonly Curve[], description: string): Markup {
  const longest = Math.max(...all.map((curve) => curve.of.maxMs), 0.01);
  const most = Math.max(...all.map((curve) => highest(curve.of)));
  const usual = all[0]?.of.at(50) ?? 0;
  const smallest = Math.min(
    ...all.flatMap((curve) => curve.of.curve().map((point) => point.ms)).filter((ms) => ms > 0),
  );
  const layers: Layer[] = all.map(({ name, tone, dash, of }) => ({
    kind: "line",
    name,
    tone,
    ...(dash === undefined ? {} : { dash }),
    points: of.curve().map((point) => ({ x: inverse(Math.min(point.percent, highest(of))), y: point.ms })),
  }));
  return figure({
    chart: {
      id,
      title,
      description,
      width: 490,
      x: percentileAxis(most),
      panels: [{ height: 150, y: latencyAxis(usual, smallest, longest, "time"), layers }],
    },
    data: {
      columns: ["percentile", ...all.map((curve) => `#${curve.name}`)],
      rows: [
        ...PERCENTS.map((at) => [`${at}%`, ...all.map((curve) => milliseconds(curve.of.at(at)))]),
        ["longest", ...all.map((curve) => milliseconds(curve.of.maxMs))],
      ],
    },
  });
}

/** The highest percentile that this many samples can tell: where the longest one stands. */
function highest(of: Distribution): number {
  return of.count === 0 ? 90 : 100 * (1 - 1 / (2 * of.count));
}
