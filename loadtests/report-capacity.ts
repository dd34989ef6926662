import type { CapacityFacts, Certificate } from "../src/domain/index.ts";
import type { RunRecord, StageFigures } from "./figures.ts";
import { curves } from "./report-distribution.ts";
import { markup, type Markup, table } from "./report-html.ts";
import { bytes, failures, milliseconds, moment, number, percent, perSecond } from "./report-words.ts";

/** How much larger the database is taken to be in the projection. */
const PROJECTION = 10;

/** What the database holds, what it costs, and the same load empty and full side by side. */
export function capacitySections(certificate: Certificate, record: RunRecord): Markup {
  const { capacity } = certificate;
  if (capacity.length === 0) return markup`<p class="quiet">This plan did not look at the database's capacity.</p>`;
  return markup`${sideBySide(record)}${sizes(capacity)}${filled(certificate)}${statements(capacity)}`;
}

function sideBySide(record: RunRecord): Markup {
  const of = (kind: "empty" | "full") => record.stages.find((stage) => stage.plan.kind === kind)?.figures;
  const empty = of("empty");
  const full = of("full");
  if (empty === undefined || full === undefined || empty.all.response.count === 0 || full.all.response.count === 0) {
    return markup`<p class="quiet">There is no pair of loads, empty and full, to compare.</p>`;
  }
  const ratio = full.all.response.at(99) / Math.max(0.001, empty.all.response.at(99));
  const description = `99th percentile ${milliseconds(empty.all.response.at(99))} empty and ${milliseconds(full.all.response.at(99))} full: ${number(ratio, 2)} times; at most ${number(record.head.thresholds.fullToEmpty, 2)} times is asked.`;
  const curve = curves(
    "empty-full",
    "Empty against full: response time",
    [
      { name: "empty", tone: "c1", dash: "dashed", of: empty.all.response },
      { name: "full", tone: "c2", of: full.all.response },
    ],
    description,
  );
  return markup`<div class="pair">
    ${curve}
    <div>
      ${table({
        caption: "The same load on the empty and on the full database",
        columns: ["figure", "#empty", "#full", "#full / empty"],
        rows: [
          ...[50, 90, 99, 99.9].map((at) => pair(`p${at}`, empty.all.response.at(at), full.all.response.at(at))),
          pair("longest", empty.all.response.maxMs, full.all.response.maxMs),
          pair("mean", empty.all.response.meanMs, full.all.response.meanMs),
          ["failed", percent(failedShare(empty)), percent(failedShare(full)), ""],
          ["sent", perSecond(empty.sentRate), perSecond(full.sentRate), ""],
        ],
      })}
    </div>
  </div>`;
}

function pair(name: string, empty: number, full: number): string[] {
  return [name, milliseconds(empty), milliseconds(full), empty > 0 ? `${number(full / empty, 2)}×` : "–"];
}

function failedShare({ all }: StageFigures): number {
  return all.offered === 0 ? 0 : failures(all.counts) / all.offered;
}

function sizes(capacity: readonly CapacityFacts[]): Markup {
  return table({
    caption: `What the database holds, and what it would take at ${PROJECTION} times the rows`,
    columns: [
      "moment",
      "#sessions",
      "#their size",
      "#bytes a session",
      "#users",
      "#their size",
      "#whole database",
      `#rows at ${PROJECTION}×, projected`,
      "#max_connections",
    ],
    rows: capacity.map((facts) => [
      markup`${facts.moment}<span class="sub">${moment(facts.at)}</span>`,
      number(facts.sessions),
      bytes(facts.sessionBytes),
      facts.sessions === 0 ? "–" : number(facts.sessionBytes / facts.sessions),
      number(facts.users),
      bytes(facts.userBytes),
      bytes(facts.databaseBytes),
      bytes((facts.sessionBytes + facts.userBytes) * PROJECTION),
      number(facts.maxConnections),
    ]),
  });
}

function filled({ fill }: Certificate): Markup {
  if (fill === null) return markup``;
  const rate = (rows: number, ms: number): string => (ms > 0 ? perSecond((rows / ms) * 1_000) : "–");
  return table({
    caption: `Filling${fill.resumed > 0 ? `, gone on with after ${number(fill.resumed)} rows of an unfinished run` : ""}`,
    narrow: true,
    columns: ["rows", "#added", "#took", "#rate"],
    rows: [
      ["sessions", number(fill.sessions), milliseconds(fill.sessionsMs), rate(fill.sessions, fill.sessionsMs)],
      ["users", number(fill.users), milliseconds(fill.usersMs), rate(fill.users, fill.usersMs)],
    ],
  });
}

function statements(capacity: readonly CapacityFacts[]): Markup {
  const last = capacity.at(-1);
  return table({
    caption: "Statements that the cores run, with the plan of the database as it was last looked at",
    columns: ["statement", "plan", "scans whole tables", "#took"],
    rows: (last?.statements ?? []).map((statement) => [
      statement.name,
      markup`<code>${statement.plan.join(", then ")}</code>`,
      statement.scans.length === 0 ? "none" : statement.scans.join(", "),
      milliseconds(statement.executionMs),
    ]),
  });
}
