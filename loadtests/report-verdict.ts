import { type Certificate, type CriterionOutcome, formatDuration } from "../src/domain/index.ts";
import type { RunRecord } from "./figures.ts";
import { markup, list, type Markup, type Piece, table } from "./report-html.ts";
import { failures, milliseconds, moment, number, percent, perSecond, STAGE_NAMES } from "./report-words.ts";

const SIGNS: Readonly<Record<CriterionOutcome, Markup>> = {
  pass: markup`<path class="sign" d="M6.5,12.5l3.8,3.8L17.5,8.4" />`,
  fail: markup`<path class="sign" d="M8,8l8,8M16,8l-8,8" />`,
  invalid: markup`<path class="sign" d="M9,9.2a3,3 0 1 1 4.4,2.6c-1,.6-1.4,1.1-1.4,2.2M12,17.4v.2" />`,
};

/** The head of the report: the word and its sentence. */
export function verdictHeader(certificate: Certificate, record: RunRecord): Markup {
  const { verdict } = certificate;
  const { kind, fleet, app } = record.head;
  const lasted =
    certificate.finishedAt === null
      ? "; the record ends before the run did"
      : `, ${formatDuration(Date.parse(certificate.finishedAt) - Date.parse(certificate.startedAt))} long`;
  return markup`<header>
      <h1>Launch certificate of ${certificate.deployment}</h1>
      <p class="eyebrow">
        ${kind} deployment of ${app}, fleet ${fleet} · plan ${certificate.plan} ·
        ${moment(certificate.startedAt)}${lasted}
      </p>
      <p class="verdict ${verdict}">${sign(verdict)}<span>${verdict}</span></p>
      <p class="summary">${certificate.summary}</p>
    </header>`;
}

/** What stands against the verdict, and the key figures. */
export function caveatSection(certificate: Certificate, record: RunRecord): Markup {
  const { caveats } = certificate;
  const notes = [...caveats, ...record.head.plan.deviations.filter((one) => !caveats.some((it) => it.includes(one)))];
  return markup`<section class="caveats" aria-labelledby="caveats">
      <h2 id="caveats">What this certificate does not say</h2>
      ${notes.length === 0 ? markup`<p>Nothing was shortened, left out or unseen.</p>` : list(notes)}
    </section>
    ${keyFigures(certificate)}`;
}

function sign(outcome: CriterionOutcome): Markup {
  return markup`<svg viewBox="0 0 24 24" aria-hidden="true">
    <circle class="disc" cx="12" cy="12" r="11" />
    ${SIGNS[outcome]}
  </svg>`;
}

function keyFigures(certificate: Certificate): Markup {
  const { load, thresholds } = certificate;
  const main =
    certificate.stages.find((one) => one.stage === "sustained") ??
    certificate.stages.find((one) => one.stage === "soak");
  const failed = failures(load);
  const counts = certificate.criteria.reduce((sum, one) => sum + (one.outcome === "pass" ? 1 : 0), 0);
  const figures: [string, Piece][] = [["criteria passed", `${counts} of ${certificate.criteria.length}`]];
  if (main?.sentRate !== undefined && main.sentRate !== null) {
    figures.push([
      `sent in ${STAGE_NAMES[main.stage]}, of ${perSecond(thresholds.rate)} asked`,
      perSecond(main.sentRate),
    ]);
  }
  if (main?.response !== undefined && main.response !== null) {
    figures.push([`p99 in ${STAGE_NAMES[main.stage]}`, milliseconds(main.response.p99Ms)]);
  }
  figures.push([
    `failed of ${number(load.offered)} arrivals`,
    load.offered === 0 ? "–" : `${number(failed)} (${percent(failed / load.offered)})`,
  ]);
  const sessions = certificate.capacity.at(-1)?.sessions;
  if (sessions !== undefined) figures.push(["sessions in the database", number(sessions)]);
  return markup`<dl class="key">
    ${figures.map(
      ([name, value]) =>
        markup`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** Every criterion: what is asked, what was measured, and how. */
export function criteriaTable({ criteria }: Certificate): Markup {
  const order: readonly CriterionOutcome[] = ["fail", "invalid", "pass"];
  const sorted = [...criteria].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome));
  return markup`<div class="criteria">
    ${table({
      caption: "Criteria; what is not passed comes first",
      columns: ["criterion", "outcome", "target", "measured", "stage", "how it was measured", "runbook"],
      rows: sorted.map((one) => [
        markup`${one.title}<span class="sub"><code>${one.id}</code></span>`,
        markup`<span class="outcome ${one.outcome}">${sign(one.outcome)}${one.outcome}</span>`,
        one.target,
        one.measured,
        one.stage === null ? "whole run" : STAGE_NAMES[one.stage],
        one.how,
        one.seed === "" ? "–" : markup`<q>${one.seed}</q>`,
      ]),
      empty: "There are no criteria.",
    })}
  </div>`;
}
