import type { Certificate, CertifyThresholds, OutcomeCounts } from "../src/domain/index.ts";
import { SHOT_OUTCOMES } from "../src/domain/index.ts";
import type { RunRecord, ShotWindow, StageFigures, StageRecord } from "./figures.ts";
import type { Layer, Panel } from "./plot.ts";
import { countAxis, latencyAxis, timeAxis } from "./plot-axis.ts";
import { coreShare } from "./report-cores.ts";
import { distribution } from "./report-distribution.ts";
import { figure } from "./report-figure.ts";
import { markup, type Markup, table } from "./report-html.ts";
import { type Happening, happenings, lanesOf } from "./report-timeline.ts";
import { middle, thin } from "./report-windows.ts";
import {
  clockTime,
  failures,
  failureWords,
  milliseconds,
  moment,
  number,
  percent,
  perSecond,
  STAGE_NAMES,
} from "./report-words.ts";

/** Points of a line: more would not be seen, and make the file large. */
const MOST_WINDOWS = 600;

/** A stage with shots. */
type ShotStage = StageRecord & { readonly figures: StageFigures };

/** Every measured open-model stage with its plots; the warm-up, whose figures are thrown away, has none. */
export function stageSections(record: RunRecord): Markup {
  const shown = record.stages.filter(
    (stage): stage is ShotStage => stage.figures !== undefined && stage.plan.kind !== "warm-up",
  );
  if (shown.length === 0) return markup`<p class="quiet">No stage sent requests of the open model.</p>`;
  return markup`${shown.map((stage) => section(stage, record))}`;
}

function section(stage: ShotStage, record: RunRecord): Markup {
  const { all } = stage.figures;
  const events = happenings(record, stage);
  const name = STAGE_NAMES[stage.plan.kind];
  return markup`<section aria-labelledby="stage-${stage.index}">
    <h3 id="stage-${stage.index}">${name}</h3>
    <p class="quiet">${stageSentence(stage)}</p>
    ${
      all.offered === 0
        ? markup`<p>Nothing was sent.</p>`
        : markup`${latencyFigure(stage, record.head.thresholds, events, record)}
            <div class="pair">${rateFigure(stage)}${distribution(stage)}</div>
            ${coreShare(stage, record)}`
    }
  </section> `;
}

function stageSentence(stage: ShotStage): string {
  const { all, sentRate } = stage.figures;
  const failed = failures(all.counts);
  const cut = stage.cut === null ? "" : ` Cut short: ${stage.detail === "" ? stage.cut : stage.detail}.`;
  const errors =
    failed === 0
      ? "none failed"
      : `${number(failed)} failed (${percent(failed / all.offered)}): ${failureWords(all.counts)}`;
  return `From ${moment(stage.beganAt)}, ${number(all.offered)} arrivals, ${perSecond(sentRate)} sent; ${errors}.${cut}`;
}

function latencyFigure(
  stage: ShotStage,
  thresholds: CertifyThresholds,
  events: readonly Happening[],
  record: RunRecord,
): Markup {
  const windows = thin(stage.figures.windows, MOST_WINDOWS);
  const { response } = stage.figures.all;
  const name = STAGE_NAMES[stage.plan.kind];
  const answered = windows.filter(isAnswered);
  const longest = Math.max(1, ...answered.map((window) => window.maxMs));
  const isNear = longest >= thresholds.p99Ms / 4;
  const low = Math.min(...answered.map((window) => window.p50Ms).filter((ms) => ms > 0), longest);
  const y = latencyAxis(
    response.at(50),
    low,
    isNear ? Math.max(longest, thresholds.p99Ms * 1.1) : longest,
    "response time from the scheduled moment",
  );
  const latency: Panel = {
    height: 200,
    y,
    layers: [
      line("longest", "c8", windows, (window) => window.maxMs, "dotted"),
      line("99th percentile", "c2", windows, (window) => window.p99Ms),
      line("median", "c1", windows, (window) => window.p50Ms),
      ...(isNear
        ? [{ kind: "limit", name: `p99 target, ${milliseconds(thresholds.p99Ms)}`, value: thresholds.p99Ms } as const]
        : []),
    ],
  };
  const worst = Math.max(0, ...windows.map((window) => share(window)));
  const errors: Panel = {
    height: 54,
    y: countAxis(worst, "failed arrivals", "share"),
    layers: [
      {
        kind: "bars",
        name: "failed arrivals",
        tone: "bad",
        bars: windows.map((window) => ({ from: window.fromMs, to: window.toMs, low: 0, high: share(window) })),
      },
    ],
  };
  const failed = failures(stage.figures.all.counts);
  const lanes = lanesOf(record, stage);
  const marks = events.flatMap((event) =>
    event.letter === "" ? [] : [{ at: event.at - stage.beganAt, letter: event.letter }],
  );
  const told = response.count === 0 ? "Nothing was answered." : latencyWords(stage);
  return markup`${figure({
    chart: {
      id: `latency-${stage.index}`,
      title: `${name}: latency and failures over time`,
      description: `${told} ${failed === 0 ? "No arrival failed." : `At the worst moment ${percent(worst)} of arrivals failed.`}`,
      x: timeAxis(windows.at(-1)?.toMs ?? 0),
      panels: failed > 0 ? [latency, errors] : [latency],
      lanes,
      marks,
    },
    data: {
      columns: ["time", "#median", "#99th percentile", "#longest", "#failed"],
      rows: thin(stage.figures.windows, 12).map((window) => [
        `${clockTime(window.fromMs)} – ${clockTime(window.toMs)}`,
        isAnswered(window) ? milliseconds(window.p50Ms) : "no answer",
        isAnswered(window) ? milliseconds(window.p99Ms) : "no answer",
        isAnswered(window) ? milliseconds(window.maxMs) : "no answer",
        percent(share(window)),
      ]),
    },
  })}${table({
    caption: `${name}: what happened meanwhile`,
    columns: ["#time", "mark", "what"],
    narrow: true,
    rows: events.map((event) => [clockTime(event.at - stage.beganAt), event.letter, event.text]),
  })}`;
}

function latencyWords({ figures: { all } }: ShotStage): string {
  const { response } = all;
  return `Median ${milliseconds(response.at(50))}, 99th percentile ${milliseconds(response.at(99))}, longest ${milliseconds(response.maxMs)} over the whole stage.`;
}

function rateFigure(stage: ShotStage): Markup {
  const windows = thin(stage.figures.windows, MOST_WINDOWS);
  const name = STAGE_NAMES[stage.plan.kind];
  const rates = windows.map((window) => {
    const seconds = Math.max(0.001, (window.toMs - window.fromMs) / 1_000);
    const sent = window.offered - window.counts.dropped;
    return { offered: window.offered / seconds, sent: sent / seconds, answered: answers(window.counts) / seconds };
  });
  const points = (value: (rate: (typeof rates)[number]) => number) =>
    rates.map((rate, i) => ({ x: middle(windows[i]), y: value(rate) }));
  const { offered, counts } = stage.figures.all;
  return figure({
    chart: {
      id: `rate-${stage.index}`,
      title: `${name}: requests a second`,
      description: `${number(offered)} arrivals were due, ${number(offered - counts.dropped)} were sent and ${number(answers(counts))} answered.`,
      x: timeAxis(windows.at(-1)?.toMs ?? 0),
      width: 490,
      panels: [
        {
          height: 150,
          y: countAxis(Math.max(...rates.map((rate) => rate.offered)) * 1.05, "requests a second"),
          layers: [
            { kind: "line", name: "due", tone: "c8", points: points((rate) => rate.offered) },
            { kind: "line", name: "sent", tone: "c2", dash: "dashed", points: points((rate) => rate.sent) },
            { kind: "line", name: "answered", tone: "c1", points: points((rate) => rate.answered) },
          ],
        },
      ],
    },
    data: {
      columns: ["what became of it", "#arrivals", "#share"],
      rows: SHOT_OUTCOMES.map((outcome) => [
        outcome.replace("-", " "),
        number(counts[outcome]),
        percent(offered === 0 ? 0 : counts[outcome] / offered),
      ]),
    },
  });
}

/** One row a stage: what was sent and how it was answered. */
export function stageTable(certificate: Certificate): Markup {
  return table({
    caption: "Stages, with response times from the scheduled moment; the warm-up's figures are not certified",
    columns: [
      "stage",
      "began",
      "#arrivals",
      "#failed",
      "#sent a second",
      "#median",
      "#p90",
      "#p99",
      "#p99.9",
      "#longest",
      "#service p99",
      "cut",
    ],
    rows: certificate.stages.map((stage) => {
      const { load, response } = stage;
      const ms = (value: number | undefined): string => (value === undefined ? "–" : milliseconds(value));
      return [
        STAGE_NAMES[stage.stage],
        moment(stage.startedAt),
        load === null ? "–" : number(load.offered),
        load === null ? "–" : number(failures(load)),
        stage.sentRate === null ? "–" : number(stage.sentRate, 1),
        ms(response?.p50Ms),
        ms(response?.p90Ms),
        ms(response?.p99Ms),
        ms(response?.p999Ms),
        ms(response?.maxMs),
        ms(stage.service?.p99Ms),
        stage.cut ?? "no",
      ];
    }),
  });
}

function line(
  name: string,
  tone: "c1" | "c2" | "c8",
  windows: readonly ShotWindow[],
  value: (window: ShotWindow) => number,
  dash?: "dotted",
): Layer {
  const points = windows.map((window) => ({ x: middle(window), y: isAnswered(window) ? value(window) : null }));
  return { kind: "line", name, tone, points, ...(dash === undefined ? {} : { dash }) };
}

/** Something came of it that has a duration: dropped arrivals have none. */
function isAnswered(window: ShotWindow): boolean {
  return window.offered > window.counts.dropped;
}

function share(window: ShotWindow): number {
  return window.offered === 0 ? 0 : failures(window.counts) / window.offered;
}

function answers(counts: OutcomeCounts): number {
  return counts.ok + counts["non-2xx"] + counts["wrong-body"] + counts["business-failure"];
}
