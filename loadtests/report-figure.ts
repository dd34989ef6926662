import { type Chart, drawChart, type Layer } from "./plot.ts";
import { markup, type Markup, type Piece, table } from "./report-html.ts";

/** A plot with everything that stands for it where it cannot be seen: its key figures in words, and as a table. */
export interface FigureSpec {
  readonly chart: Chart;
  /** Key figures; the chart's description when left out. */
  readonly caption?: Piece;
  readonly data: { readonly columns: readonly string[]; readonly rows: readonly (readonly Piece[])[] };
}

/** Draws the plot, its legend, its caption and the table behind it. */
export function figure({ chart, caption, data }: FigureSpec): Markup {
  return markup`<figure>
    <p class="title">${chart.title}</p>
    ${legend(chart.panels.flatMap((panel) => panel.layers))} ${drawChart(chart)}
    <figcaption>${caption ?? chart.description}</figcaption>
    <details>
      <summary>Figures of “${chart.title}”</summary>
      ${table({ caption: `${chart.title}: key figures`, columns: data.columns, rows: data.rows })}
    </details>
  </figure> `;
}

function legend(layers: readonly Layer[]): Markup {
  const named = layers.filter((layer) => layer.name !== "");
  if (named.length < 2) return markup``;
  return markup`<ul class="legend">
    ${named.map((layer) => markup`<li>${swatch(layer)}${layer.name}</li>`)}
  </ul>`;
}

function swatch(layer: Layer): Markup {
  const inner =
    layer.kind === "limit"
      ? markup`<g class="limit"><line x1="0" x2="22" y1="6" y2="6" /></g>`
      : layer.kind === "line"
        ? markup`<g class="line ${layer.tone} ${layer.dash ?? ""}"><path d="M0,6H22" /></g>`
        : markup`<g class="band ${layer.tone}"><path d="M4,1h14v10H4Z" /></g>`;
  return markup`<svg class="swatch" viewBox="0 0 22 12" aria-hidden="true">${inner}</svg>`;
}
