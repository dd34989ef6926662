import type { Cause, Severity } from "../domain/index.ts";
import { isBad } from "../domain/index.ts";
import { says, type Conclusion } from "./conclusion.ts";
import type { SeriesView } from "./picture.ts";
import { CERTIFICATE, DNS } from "./reasons.ts";
import { compare, keyOf, type Sight } from "./sight.ts";

/** Each endpoint and each heartbeat by itself: they share nothing that we know of. */
export function standaloneRules({ picture }: Sight): Conclusion[] {
  const endpoints = new Set(picture.fleet.endpoints.map((one) => one.id));
  const heartbeats = new Set(picture.fleet.heartbeats.map((one) => one.id));
  const groups = new Map<string, SeriesView[]>();
  for (const view of [...picture.series.values()].sort((a, b) => compare(keyOf(a), keyOf(b)))) {
    const { kind, id } = view.target;
    if (!isBad(view.health)) continue;
    if (!(kind === "endpoint" && endpoints.has(id)) && !(kind === "heartbeat" && heartbeats.has(id))) continue;
    const key = `${kind}:${id}`;
    groups.set(key, [...(groups.get(key) ?? []), view]);
  }
  return [...groups.values()].flatMap((views) => {
    const [first] = views;
    if (first === undefined) return [];
    return first.target.kind === "heartbeat" ? heartbeatMissing(first, views) : endpointBad(first, views);
  });
}

function heartbeatMissing(first: SeriesView, views: readonly SeriesView[]): Conclusion {
  const severity = first.health === "down" ? "major" : "minor";
  return conclude("heartbeat", "heartbeat-missing", severity, first, views);
}

/** The check that is worst names the cause: the answer itself before its name and its certificate. */
function endpointBad(first: SeriesView, views: readonly SeriesView[]): Conclusion {
  const main = views.find((view) => view.health === "down" && !CERTIFICATE.has(view.reason)) ?? first;
  const down = main.health === "down";
  if (CERTIFICATE.has(main.reason))
    return conclude(
      "endpoint",
      "certificate-bad",
      main.reason === "certificate-expires-soon" ? "minor" : "major",
      main,
      views,
    );
  if (main.check === "dns" || DNS.has(main.reason))
    return conclude("endpoint", "dns-broken", down ? "major" : "minor", main, views);
  return conclude("endpoint", down ? "endpoint-down" : "endpoint-degraded", down ? "major" : "minor", main, views);
}

function conclude(
  kind: "endpoint" | "heartbeat",
  cause: Cause,
  severity: Severity,
  main: SeriesView,
  views: readonly SeriesView[],
): Conclusion {
  const { target } = main;
  return {
    scope: { kind, id: target.id },
    deployment: target.deployment,
    cause,
    severity,
    signIn: "unknown",
    evidence: [main, ...views.filter((view) => view !== main)].map((view) => `${says(target.id, view.reason)}.`),
    affected: views,
  };
}
