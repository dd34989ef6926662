import type { Certificate } from "../src/domain/index.ts";
import type { RunRecord, ShotWindow, StageFigures, StageRecord } from "./figures.ts";
import type { Layer, Tone } from "./plot.ts";
import { countAxis, timeAxis } from "./plot-axis.ts";
import { figure } from "./report-figure.ts";
import { markup, type Markup, table } from "./report-html.ts";
import { middle, thin } from "./report-windows.ts";
import { milliseconds, number, percent, STAGE_NAMES } from "./report-words.ts";

/** Cores with a colour of their own; further ones are drawn together. */
const MOST_CORES = 7;
/** Points of one core's area: every area has two lines. */
const MOST_WINDOWS = 300;
const TONES: readonly Tone[] = ["c1", "c2", "c4", "c3", "c6", "c5", "c7"];

interface Part {
  readonly name: string;
  readonly tone: Tone;
  readonly total: number;
  readonly of: (window: ShotWindow) => number;
}

/** Which core answered how much over a stage, where answers name their core. */
export function coreShare(stage: StageRecord & { readonly figures: StageFigures }, record: RunRecord): Markup {
  const windows = thin(stage.figures.windows, MOST_WINDOWS);
  const parts = partsOf(windows, record.cores);
  const total = parts.reduce((sum, part) => sum + part.total, 0);
  if (!parts.some((part) => part.name !== UNNAMED && part.total > 0)) return markup``;
  const stacked = windows.map((window) => {
    const seconds = Math.max(0.001, (window.toMs - window.fromMs) / 1_000);
    let sum = 0;
    return parts.map((part) => {
      const low = sum;
      sum += part.of(window) / seconds;
      return { x: middle(window), low, high: sum };
    });
  });
  const layers: Layer[] = parts.map((part, i) => ({
    kind: "band",
    name: part.name,
    tone: part.tone,
    points: stacked.flatMap((column) => column[i] ?? []),
  }));
  const highest = Math.max(...stacked.map((column) => column.at(-1)?.high ?? 0));
  const words = parts.map((part) => `${part.name} ${percent(part.total / Math.max(1, total))}`).join(", ");
  return figure({
    chart: {
      id: `share-${stage.index}`,
      title: `${STAGE_NAMES[stage.plan.kind]}: answers by core`,
      description: `Of ${number(total)} answers: ${words}.`,
      x: timeAxis(windows.at(-1)?.toMs ?? 0),
      panels: [{ height: 150, y: countAxis(highest, "answers a second, on top of each other"), layers }],
    },
    data: {
      columns: ["core", "#answers", "#share"],
      rows: parts.map((part) => [part.name, number(part.total), percent(part.total / Math.max(1, total))]),
    },
  });
}

const UNNAMED = "not named";

function partsOf(windows: readonly ShotWindow[], cores: readonly string[]): Part[] {
  // The last number of a window is of answers that name no core; cores that came later are not in it.
  const of = (index: number) => (window: ShotWindow) =>
    index < window.byCore.length - 1 ? (window.byCore[index] ?? 0) : 0;
  const sum = (count: (window: ShotWindow) => number) => windows.reduce((all, window) => all + count(window), 0);
  const named = cores.map((name, i) => ({ name, of: of(i), total: sum(of(i)) })).filter((one) => one.total > 0);
  const big = new Set([...named].sort((a, b) => b.total - a.total).slice(0, MOST_CORES));
  const parts: Part[] = named
    .filter((one) => big.has(one))
    .map((one, i) => ({ ...one, tone: TONES[i % TONES.length] ?? "c1" }));
  const others = named.filter((one) => !big.has(one));
  const rest = (window: ShotWindow) => others.reduce((all, one) => all + one.of(window), 0);
  if (others.length > 0) parts.push({ name: `${others.length} others`, tone: "c8", of: rest, total: sum(rest) });
  const unnamed = (window: ShotWindow) => window.byCore.at(-1) ?? 0;
  if (sum(unnamed) > 0) parts.push({ name: UNNAMED, tone: "quiet", of: unnamed, total: sum(unnamed) });
  return parts;
}

/** What the cores counted themselves, drawn only where answers do not say who gave them. */
export function coreMinutes(record: RunRecord): Markup {
  const isNamed = record.stages.some((stage) => stage.figures?.cores.some((core) => core.offered > 0));
  if (isNamed || record.coreMinutes.length === 0) return markup``;
  const totals = new Map<string, number>();
  for (const { core, requests } of record.coreMinutes) totals.set(core, (totals.get(core) ?? 0) + requests);
  const cores = [...totals].slice(0, 40);
  const all = cores.reduce((sum, [, requests]) => sum + requests, 0);
  return figure({
    chart: {
      id: "core-minutes",
      title: "Requests that each core counted itself",
      description: `${cores.length} cores counted ${number(all)} requests over the run, from all callers. Answers do not name their core, so that this is all there is to tell them apart.`,
      x: {
        kind: "linear",
        min: 0,
        max: cores.length,
        label: "core, in the order of the table",
        ticks: cores.map((_, i) => ({ at: i + 0.5, text: String(i + 1) })),
      },
      panels: [
        {
          height: 150,
          y: countAxis(Math.max(...cores.map(([, requests]) => requests)), "requests"),
          layers: [
            {
              kind: "bars",
              name: "requests",
              tone: "c1",
              bars: cores.map(([, requests], i) => ({ from: i + 0.15, to: i + 0.85, low: 0, high: requests })),
            },
          ],
        },
      ],
    },
    data: {
      columns: ["core", "#number", "#requests", "#share"],
      rows: cores.map(([core, requests], i) => [core, i + 1, number(requests), percent(requests / Math.max(1, all))]),
    },
  });
}

/** One row a core. */
export function coreTable(certificate: Certificate): Markup {
  return table({
    caption: "Cores: answers that named them, and what they counted themselves from all callers",
    columns: ["core", "instance", "zone", "#answers", "#share", "#failures", "#median", "#p99", "#own count"],
    rows: certificate.perCore.map((core) => [
      core.core,
      core.instance ?? "not known",
      core.zone ?? "not known",
      core.answers === null ? "–" : number(core.answers),
      core.share === null ? "–" : percent(core.share),
      core.failures === null ? "–" : number(core.failures),
      core.response === null ? "–" : milliseconds(core.response.p50Ms),
      core.response === null ? "–" : milliseconds(core.response.p99Ms),
      core.ownRequests === null ? "–" : number(core.ownRequests),
    ]),
    empty: "The inventory names no cores.",
  });
}
