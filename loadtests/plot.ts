import { scaleLinear, scaleLog } from "d3-scale";
import { area, curveLinear, line } from "d3-shape";
import { markup, Markup } from "./report-html.ts";

/** A class of the style sheet that gives a colour: `c1` … `c8` for series, `good`, `warn`, `bad`, `quiet` for states. */
export type Tone = "c1" | "c2" | "c3" | "c4" | "c5" | "c6" | "c7" | "c8" | "good" | "warn" | "bad" | "quiet";

/** One thing drawn in a panel. `null` makes a gap. Names are the legend's; an empty one has no entry there. */
export type Layer =
  | {
      readonly kind: "line";
      readonly name: string;
      readonly tone: Tone;
      readonly dash?: "dashed" | "dotted";
      readonly dots?: boolean;
      readonly points: readonly { readonly x: number; readonly y: number | null }[];
    }
  | {
      readonly kind: "band";
      readonly name: string;
      readonly tone: Tone;
      readonly points: readonly { readonly x: number; readonly low: number; readonly high: number }[];
    }
  | {
      readonly kind: "bars";
      readonly name: string;
      readonly tone: Tone;
      readonly bars: readonly {
        readonly from: number;
        readonly to: number;
        readonly low: number;
        readonly high: number;
      }[];
    }
  /** A limit across the panel. */
  | { readonly kind: "limit"; readonly name: string; readonly value: number };

/** An axis. A logarithmic one needs `min` above 0. */
export interface Axis {
  readonly kind: "linear" | "log";
  readonly min: number;
  readonly max: number;
  readonly label: string;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

/** One plot over the common x axis. */
export interface Panel {
  readonly height: number;
  readonly y: Axis;
  readonly layers: readonly Layer[];
}

/** A row of states below the panels. */
export interface Lane {
  readonly label: string;
  readonly spans: readonly { readonly from: number; readonly to: number; readonly tone: Tone; readonly text: string }[];
}

/** Panels over one another, with an x axis in common. */
export interface Chart {
  /** Unique within the document. */
  readonly id: string;
  readonly title: string;
  /** What a reader sees in it, in a sentence: its key figures. */
  readonly description: string;
  readonly x: Axis;
  readonly panels: readonly Panel[];
  readonly lanes?: readonly Lane[];
  /** Moments with a letter each, through all panels. */
  readonly marks?: readonly { readonly at: number; readonly letter: string }[];
  /** In user units; 920 fills the page, 490 half of it. */
  readonly width?: number;
}

const RIGHT = 14;
const TOP = 12;
const GAP = 26;
const LANE = 20;
/** Room for a letter above the first panel, twice: letters that would touch stand in two rows. */
const LETTERS = 26;
/** About the width of a digit at the charts' size of letters. */
const LETTER = 6.4;

/** Draws a chart as SVG without script; colours come from the document's style sheet. */
export function drawChart(chart: Chart): Markup {
  const { id, x, panels, lanes = [], marks = [], width = 920 } = chart;
  const left = leftMargin(chart);
  const toX = scaleOf(x, left, width - RIGHT);
  let top = TOP + (marks.length > 0 ? LETTERS : 0);
  const first = top;
  const drawn = panels.map((panel) => {
    top += 14;
    const toY = scaleOf(panel.y, top + panel.height, top);
    const part = markup`<g>
      <text class="label" x="${left}" y="${round(top - 7)}">${panel.y.label}</text>
      ${panel.y.ticks.map((tick) => gridLine(tick.text, round(toY(tick.at)), left, width - RIGHT))}
      ${panel.layers.map((layer) => drawLayer(layer, toX, toY, left, width - RIGHT))}
      <line class="axis" x1="${left}" x2="${width - RIGHT}" y1="${round(top + panel.height)}" y2="${round(top + panel.height)}"/>
    </g> `;
    top += panel.height + GAP - 10;
    return part;
  });
  const bottom = top - GAP + 10;
  const ticks = x.ticks.map(({ at, text }, i) => {
    const place = round(toX(at));
    const anchor = i === x.ticks.length - 1 && place > width - RIGHT - (text.length * LETTER) / 2 ? "end" : "middle";
    return markup`<line class="axis" x1="${place}" x2="${place}" y1="${bottom}" y2="${bottom + 4}"/>
      <text class="tick" x="${place}" y="${bottom + 17}" text-anchor="${anchor}">${text}</text>`;
  });
  let end = bottom + 22;
  const states = lanes.map((lane) => {
    end += LANE;
    return drawLane(lane, toX, left, width - RIGHT, end - LANE + 4);
  });
  const guides = drawMarks(marks, toX, first, lanes.length > 0 ? end : bottom);
  end += x.label === "" ? 6 : 18;
  const label =
    x.label === ""
      ? markup``
      : markup`<text class="label" x="${(left + width - RIGHT) / 2}" y="${end - 4}" text-anchor="middle">${x.label}</text>`;
  return markup`<div class="scroll plot" role="group" tabindex="0" aria-label="Plot: ${chart.title}">
    <svg
      class="${width > 600 ? "wide" : "half"}"
      viewBox="0 0 ${width} ${round(end)}"
      role="img"
      aria-labelledby="${id}-title ${id}-desc"
    >
      <title id="${id}-title">${chart.title}</title>
      <desc id="${id}-desc">${chart.description}</desc>
      ${guides}${drawn}${ticks}${states}${label}
    </svg>
  </div>`;
}

type Scale = (value: number) => number;

function scaleOf(axis: Axis, from: number, to: number): Scale {
  const domain = [axis.min, axis.max];
  const scale =
    axis.kind === "log"
      ? scaleLog().domain(domain).range([from, to]).clamp(true)
      : scaleLinear().domain(domain).range([from, to]).clamp(true);
  return (value) => scale(value);
}

function leftMargin({ panels, lanes = [] }: Chart): number {
  const texts = [...panels.flatMap((panel) => panel.y.ticks.map((tick) => tick.text)), ...lanes.map(laneName)];
  return Math.ceil(Math.max(30, ...texts.map((text) => text.length * LETTER + 12)));
}

function drawLayer(layer: Layer, toX: Scale, toY: Scale, left: number, right: number): Markup {
  switch (layer.kind) {
    case "line": {
      type Point = (typeof layer.points)[number];
      const path = line<Point>(
        (point) => toX(point.x),
        (point) => toY(point.y ?? 0),
      )
        .defined((point) => point.y !== null)
        .curve(curveLinear)
        .digits(1);
      const dots = layer.dots
        ? layer.points.flatMap((point) =>
            point.y === null
              ? []
              : markup`<circle class="dot" cx="${round(toX(point.x))}" cy="${round(toY(point.y))}" r="3.2" />`,
          )
        : [];
      return markup`<g class="line ${layer.tone} ${layer.dash ?? ""}"><path d="${pathData(path(layer.points))}"/>${dots}</g>`;
    }
    case "band": {
      const shape = area<(typeof layer.points)[number]>(
        (point) => toX(point.x),
        (point) => toY(point.low),
        (point) => toY(point.high),
      ).digits(1);
      return markup`<g class="band ${layer.tone}"><path d="${pathData(shape(layer.points))}" /></g>`;
    }
    case "bars": {
      const path = layer.bars
        .filter((bar) => bar.high > bar.low)
        .map((bar) => {
          const x = toX(bar.from);
          const y = toY(bar.high);
          return `M${round(x)},${round(y)}h${round(Math.max(0.8, toX(bar.to) - x))}v${round(toY(bar.low) - y)}H${round(x)}Z`;
        })
        .join("");
      return markup`<g class="band ${layer.tone}"><path d="${pathData(path)}" /></g>`;
    }
    case "limit": {
      const y = round(toY(layer.value));
      return markup`<g class="limit"><line x1="${left}" x2="${right}" y1="${y}" y2="${y}"/></g>`;
    }
  }
  return layer satisfies never;
}

function gridLine(text: string, y: number, left: number, right: number): Markup {
  return markup`<line class="grid" x1="${left}" x2="${right}" y1="${y}" y2="${y}"/>
      <text class="tick" x="${left - 7}" y="${y + 4}" text-anchor="end">${text}</text>`;
}

/** Paths are made of numbers alone. */
function pathData(path: string | null): Markup {
  return new Markup(path ?? "");
}

function laneName(lane: Lane): string {
  return lane.label.length > 18 ? `${lane.label.slice(0, 17)}…` : lane.label;
}

function drawLane(lane: Lane, toX: Scale, left: number, right: number, top: number): Markup {
  const spans = lane.spans.map((span) => {
    const from = toX(span.from);
    const wide = Math.max(2, toX(span.to) - from);
    const fits = span.text.length * LETTER + 8 < wide;
    const name = fits ? markup`<text x="${round(from + 5)}" y="${top + 11}">${span.text}</text>` : "";
    return markup`<g class="span ${span.tone}">
      <title>${span.text}</title>
      <rect x="${round(from)}" y="${top}" width="${round(wide)}" height="${LANE - 6}" rx="2"/>${name}
    </g>`;
  });
  return markup`<g>
    <text class="tick" x="${left - 7}" y="${top + 11}" text-anchor="end">${laneName(lane)}</text>
    <line class="grid" x1="${left}" x2="${right}" y1="${top + LANE - 3}" y2="${top + LANE - 3}"/>${spans}
  </g>`;
}

function drawMarks(marks: NonNullable<Chart["marks"]>, toX: Scale, top: number, bottom: number): Markup[] {
  let before = -100;
  let row = 0;
  return marks.map(({ at, letter }) => {
    const x = round(toX(at));
    row = x - before < 15 ? 1 - row : 0;
    before = x;
    const y = top - 14 - row * 13 + 4;
    return markup`<g class="mark">
      <line x1="${x}" x2="${x}" y1="${y + 3}" y2="${bottom}"/>
      <circle cx="${x}" cy="${y - 4}" r="7"/>
      <text x="${x}" y="${y}" text-anchor="middle">${letter}</text>
    </g>`;
  });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
