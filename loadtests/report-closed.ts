import type { Certificate, ClosedLevel } from "../src/domain/index.ts";
import { findKnee, type Knee } from "./knee.ts";
import type { Layer } from "./plot.ts";
import { countAxis, latencyAxis, levelAxis } from "./plot-axis.ts";
import { figure } from "./report-figure.ts";
import { markup, list, type Markup, table } from "./report-html.ts";
import { milliseconds, number, percent, perSecond, STAGE_NAMES } from "./report-words.ts";

/** The closed-model stages with their curves, and what follows from them for the pools. */
export function closedSections(certificate: Certificate): Markup {
  const parts = (["ceiling", "tune"] as const).map((stage) => curve(stage, certificate));
  if (certificate.levels.length === 0)
    return markup`<p class="quiet">This plan had no ceiling and no tuning stage.</p>`;
  return markup`<p class="quiet">
      A closed model: each connection sends its next request when it has an answer. It finds where throughput ends; it
      does not certify latency.
    </p>
    <div class="pair">${parts}</div>
    ${levelTable(certificate)}${recommendation(certificate)}`;
}

function curve(stage: ClosedLevel["stage"], { levels }: Certificate): Markup {
  const found = levels.filter((level) => level.stage === stage).sort((a, b) => a.connections - b.connections);
  if (found.length === 0) return markup``;
  const knee = findKnee(found);
  const connections = [...new Set(found.map((level) => level.connections))];
  const best = Math.max(...found.map((level) => level.throughput));
  const slowest = Math.max(...found.map((level) => level.p99Ms));
  const fastest = Math.min(...found.map((level) => level.p50Ms).filter((ms) => ms > 0), slowest);
  const points = (of: (level: ClosedLevel) => number): Layer & { kind: "line" } => ({
    kind: "line",
    name: "",
    tone: "c1",
    dots: true,
    points: found.map((level) => ({ x: level.connections, y: of(level) })),
  });
  return figure({
    chart: {
      id: `levels-${stage}`,
      title: `${STAGE_NAMES[stage]}: throughput and latency by connections`,
      description: `At most ${perSecond(best)}. ${kneeWords(knee)}`,
      x: levelAxis(connections, "connections"),
      width: 490,
      marks: knee.reached ? [{ at: knee.level.connections, letter: "K" }] : [],
      panels: [
        {
          height: 130,
          y: countAxis(best, "answers a second"),
          layers: [{ ...points((level) => level.throughput), name: "answers a second" }],
        },
        {
          height: 100,
          y: latencyAxis(fastest, fastest, slowest, "latency"),
          layers: [
            { ...points((level) => level.p99Ms), name: "99th percentile", tone: "c2" },
            { ...points((level) => level.p50Ms), name: "median", tone: "c4", dash: "dashed" },
          ],
        },
      ],
    },
    data: {
      columns: ["connections", "#answers a second", "#median", "#p99"],
      rows: found.map((level) => [
        number(level.connections),
        number(level.throughput),
        milliseconds(level.p50Ms),
        milliseconds(level.p99Ms),
      ]),
    },
  });
}

function kneeWords(knee: Knee): string {
  if (knee.level === undefined) return "No level answered well enough to say where throughput ends.";
  const { connections, throughput, p99Ms } = knee.level;
  const there = `${connections} connections: ${perSecond(throughput)} with a 99th percentile of ${milliseconds(p99Ms)}`;
  if (knee.reached) {
    const why = knee.why === "errors" ? "more connections fail" : "more connections add waiting, not work";
    return `The knee, mark K, is at ${there}; ${why}.`;
  }
  return knee.why === "generator"
    ? `The generator was at its own limit, so that the knee was not reached; the best level was ${there}.`
    : `The knee was not reached: throughput still grew at the last level; the best level was ${there}.`;
}

function levelTable({ levels }: Certificate): Markup {
  return table({
    caption: "Levels of the closed model, as autocannon measured them",
    columns: [
      "stage",
      "#connections",
      "#answers a second",
      "#mean",
      "#median",
      "#p90",
      "#p99",
      "#not 2xx",
      "#errors",
      "#timeouts",
      "#wrong body",
      "#generator busy",
    ],
    rows: levels.map((level) => [
      STAGE_NAMES[level.stage],
      number(level.connections),
      number(level.throughput, 1),
      milliseconds(level.meanMs),
      milliseconds(level.p50Ms),
      milliseconds(level.p90Ms),
      milliseconds(level.p99Ms),
      number(level.non2xx),
      number(level.errors),
      number(level.timeouts),
      level.wrongBody === undefined ? "–" : number(level.wrongBody),
      level.generatorBusy === undefined ? "–" : percent(level.generatorBusy),
    ]),
  });
}

function recommendation({ recommendation }: Certificate): Markup {
  if (recommendation === null) return markup``;
  return markup`<h3>Recommended pools</h3>
    ${table({
      caption: "What the curves and the database's limits recommend",
      columns: ["setting", "#recommended"],
      narrow: true,
      rows: [
        [markup`<code>max_server_pool_size</code>`, number(recommendation.maxServerPoolSize)],
        [markup`<code>postgresql_connection_pool_size</code>`, number(recommendation.connectionPoolSize)],
        ["cores per instance", number(recommendation.coresPerInstance)],
      ],
    })}${list(recommendation.because)}`;
}
