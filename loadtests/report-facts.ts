import { type Certificate, type CertifyThresholds, formatDuration, type GeneratorHealth } from "../src/domain/index.ts";
import type { RunRecord } from "./figures.ts";
import { markup, list, type Markup, type Piece, table } from "./report-html.ts";
import { bytes, milliseconds, moment, number, percent, perSecond, STAGE_NAMES } from "./report-words.ts";

/** What was sent: the scenario in sentences, with its mix. */
export function scenarioSection({ scenario, perEndpoint }: Certificate): Markup {
  return markup`<p>Scenario <code>${scenario.name}</code>.</p>
    ${list(scenario.tells)}
    ${table({
      caption: "Endpoints, with response times from the scheduled moment",
      columns: ["endpoint", "#arrivals", "#ok", "#median", "#p90", "#p99", "#p99.9", "#longest"],
      rows: perEndpoint.map(({ endpoint, offered, ok, response }) => [
        endpoint,
        number(offered),
        number(ok),
        milliseconds(response.p50Ms),
        milliseconds(response.p90Ms),
        milliseconds(response.p99Ms),
        milliseconds(response.p999Ms),
        milliseconds(response.maxMs),
      ]),
    })}
    <details>
      <summary>Settings of the scenario</summary>
      <pre><code>${JSON.stringify(scenario.settings, null, 2)}</code></pre>
    </details>`;
}

/** How the generator itself fared: what it got wrong is not the deployment's. */
export function generatorSection(certificate: Certificate): Markup {
  const { thresholds } = certificate;
  const health = (generator: GeneratorHealth | null, of: (health: GeneratorHealth) => Piece): Piece =>
    generator === null ? "–" : of(generator);
  return markup`<p class="quiet">
      A stage whose 99th percentile of lateness is above ${milliseconds(thresholds.latenessP99Ms)}, or whose arrivals
      are bunched by more than ${number(thresholds.dispersion, 2)} beyond the plan (index of dispersion in 10 ms), is
      invalid: it says nothing about the deployment.
    </p>
    ${table({
      caption:
        "The generator in each stage; CPU is of one core, stalls are of its event loops, requests in flight are the most at once",
      columns: [
        "stage",
        "#lateness p99",
        "#longest",
        "#dispersion",
        "#CPU",
        "#stall p99",
        "#longest stall",
        "#memory",
        "#clock moved",
        "#in flight",
        "#threads",
      ],
      rows: certificate.stages.map(({ stage, lateness, dispersion, generator }) => [
        STAGE_NAMES[stage],
        lateness === null ? "–" : milliseconds(lateness.p99Ms),
        lateness === null ? "–" : milliseconds(lateness.maxMs),
        dispersion === null ? "–" : number(dispersion, 2),
        health(generator, (it) => percent(it.cpuShare)),
        health(generator, (it) => milliseconds(it.eventLoopP99Ms)),
        health(generator, (it) => milliseconds(it.eventLoopMaxMs)),
        health(generator, (it) => bytes(it.memoryBytes)),
        health(generator, (it) => `${number(it.clockStepMs, 1)} ms`),
        health(generator, (it) => number(it.maxInFlight)),
        health(generator, (it) => number(it.workers)),
      ]),
    })}`;
}

/** What corewatch's own probes saw meanwhile. */
export function observerSection({ observed }: RunRecord): Markup {
  if (observed === undefined || !observed.watching) {
    return markup`<p>Nobody watched: there was no corewatch daemon during the run.</p>
      ${list(observed?.troubles ?? [])}`;
  }
  const alarms =
    observed.alarms === null
      ? "Alarms could not be read."
      : `${observed.alarms.length} alarms are managed, with ${observed.alarmChanges.length} changes of state during the run.`;
  return markup`<p>
      ${observed.daemon === "own" ? "corewatch watched for this run." : "A running daemon watched."} ${alarms}
    </p>
    ${list(observed.troubles)}
    ${table({
      caption: "Incidents during the run",
      columns: ["incident", "cause", "opened", "in Slack", "resolved", "affected"],
      rows: observed.incidents.map((incident) => [
        incident.id,
        incident.cause,
        moment(incident.openedAt),
        incident.toldAt === null ? "not told" : moment(incident.toldAt),
        incident.resolvedAt === null ? "still open" : moment(incident.resolvedAt),
        incident.affected.slice(0, 20).join(", "),
      ]),
      empty: "There was no incident.",
    })}
    ${table({
      caption: "Changes of alarms during the run",
      columns: ["alarm", "when", "state"],
      narrow: true,
      rows: observed.alarmChanges.map(({ name, at, state }) => [name, moment(at), state]),
    })}
    ${table({
      caption: "Probes during the run",
      columns: ["series", "#done", "#missed", "#unknown", "#bad", "#p99"],
      rows: observed.probes.map((probe) => [
        probe.series,
        number(probe.done),
        number(probe.missed),
        number(probe.unknown),
        number(probe.bad),
        probe.p99Ms === null ? "–" : milliseconds(probe.p99Ms),
      ]),
    })}`;
}

/** Where and with what it was made, what was asked, and how to make it again. */
export function environmentSection(certificate: Certificate, record: RunRecord): Markup {
  const { environment } = certificate;
  const { head } = record;
  const versions = Object.entries(environment.versions).map(([name, version]) => `${name} ${version}`);
  return markup`${table({
    caption: "Where and with what this was measured",
    columns: ["what", "value"],
    narrow: true,
    rows: [
      ["address", markup`<code>${certificate.connectionUri}</code>`],
      ["resolved to", head.addresses.join(", ")],
      ["core header", head.coreHeader ?? "none: answers do not name their core"],
      ["corewatch", environment.corewatch],
      ["Node", `${environment.node} on ${environment.platform}`],
      ["host", `${environment.hostname}, ${environment.cpus} CPUs, ${bytes(environment.memoryBytes)}`],
      ["measured with", versions.join(", ")],
      ["seed", markup`<code>${certificate.seed}</code>`],
      ["SHA-256 of certificate.json", markup`<code>${certificate.hash}</code>`],
    ],
  })}
    ${thresholdTable(certificate.thresholds)} ${list(record.notes.map((note) => `${moment(note.at)}: ${note.text}`))}
    <h3>Making this again</h3>
    <p>
      Every figure here comes from the shots file of the run. From it, this report and certificate.json are made again:
    </p>
    <pre><code>corewatch certify report SHOTS</code></pre>
    <p>Another run is compared with this one by <code>corewatch certify compare A B</code>.</p>`;
}

function thresholdTable(asked: CertifyThresholds): Markup {
  const rows: [string, string][] = [
    ["requests a second", `${perSecond(asked.rate)} for ${formatDuration(asked.heldMs)}`],
    ["arrivals against plan", `± ${percent(asked.arrivalError)}`],
    ["failed arrivals", `≤ ${percent(asked.errors)}`],
    ["99th percentile", `≤ ${milliseconds(asked.p99Ms)}`],
    ["slow answers", `≤ ${percent(asked.slowShare)} over ${milliseconds(asked.slowOverMs)}`],
    ["sessions and users held", `${number(asked.sessions)} and ${number(asked.users)}`],
    ["p99 full over empty", `≤ ${number(asked.fullToEmpty, 2)}`],
    ["failed while cores are away", `≤ ${percent(asked.survivalErrors)}`],
    ["settled after", `≤ ${milliseconds(asked.survivalSettleMs)}`],
    ["detected after", `≤ ${milliseconds(asked.detectionMs)}`],
    ["in Slack after", `≤ ${milliseconds(asked.toSlackMs)}`],
    ["recovered after", `≤ ${milliseconds(asked.recoveryMs)}`],
    ["added core's share of an even one", `≥ ${percent(asked.shareOfEven)}`],
    ["added core's first share after", `≤ ${milliseconds(asked.firstShareMs)}`],
    ["instances and zones", `≥ ${asked.instances} and ≥ ${asked.zones}`],
    ["pools of max_connections", `≤ ${percent(asked.connectionShare)}`],
    ["alarms fire and go back within", milliseconds(asked.alarmMs)],
    ["soak: drift of p99", `≤ ${number(asked.drift, 2)}`],
    ["circuit breaker", `${percent(asked.breakerErrors)} failed over ${milliseconds(asked.breakerMs)}`],
    ["generator: lateness p99", `≤ ${milliseconds(asked.latenessP99Ms)}`],
    ["generator: dispersion over the planned", `≤ ${number(asked.dispersion, 2)}`],
    ...asked.windows.map((window): [string, string] => [
      `${STAGE_NAMES[window.stage]}, from ${milliseconds(window.fromMs)} ${window.toMs === undefined ? "on" : `to ${milliseconds(window.toMs)}`}`,
      [
        window.errors === undefined ? "" : `failed ≤ ${percent(window.errors)}`,
        window.p99Ms === undefined ? "" : `p99 ≤ ${milliseconds(window.p99Ms)}`,
      ]
        .filter((text) => text !== "")
        .join(", "),
    ]),
  ];
  return table({ caption: "Thresholds: what was asked", columns: ["of what", "limit"], rows, narrow: true });
}
