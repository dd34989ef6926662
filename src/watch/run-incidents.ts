import type {
  Deployment,
  Incident,
  IncidentEvent,
  IncidentStore,
  NoticeRecord,
  ObservedIncident,
} from "../domain/index.ts";

/** Incidents that are looked through, newest first: a run sees a handful. */
const LOOK_BACK = 200;

/**
 * Incidents of a deployment, or of corewatch itself, that were open between `from` and `to` (epoch ms). One that was
 * reopened is told once for each time that it was open: how long it took to see something is counted from the outage at
 * hand, not from last week's. @throws StoreUnavailable
 */
export async function incidentsOf(
  store: Pick<IncidentStore, "list" | "get">,
  deployment: Deployment,
  from: number,
  to: number,
): Promise<ObservedIncident[]> {
  const found = (await store.list(LOOK_BACK)).filter(
    (one) => one.openedAt <= to && (one.resolvedAt ?? to) >= from && isAbout(one, deployment),
  );
  const told: ObservedIncident[] = [];
  for (const { id } of found.toReversed()) {
    const whole = await store.get(id);
    if (whole !== undefined) told.push(...stretchesOf(whole.incident, whole.events, whole.notices, from, to));
  }
  return told.sort((a, b) => a.openedAt - b.openedAt);
}

/** About the deployment, its cores or its database; or about corewatch's own eyes and voice. */
function isAbout(incident: Incident, deployment: Deployment): boolean {
  if (incident.deployment === deployment.id) return true;
  if (incident.scope.kind === "prober" || incident.scope.kind === "notices") return true;
  return everAffected(incident).some(
    ({ target }) =>
      target.deployment === deployment.id || (target.kind === "database" && target.id === deployment.database),
  );
}

function everAffected(incident: Incident): Incident["affected"] {
  return [...(incident.worst?.affected ?? []), ...incident.affected];
}

function stretchesOf(
  incident: Incident,
  events: readonly IncidentEvent[],
  notices: readonly NoticeRecord[],
  from: number,
  to: number,
): ObservedIncident[] {
  const { id, cause, deployment } = incident;
  const affected = [...new Set(everAffected(incident).map(({ target }) => target.id))];
  const ordered = [...events].sort((a, b) => a.at - b.at);
  const begins = ordered.filter(({ kind }) => kind === "opened" || kind === "reopened");
  return begins.flatMap((begin, index) => {
    const next = begins[index + 1]?.at ?? Number.POSITIVE_INFINITY;
    const inside = ordered.filter(({ at }) => at >= begin.at && at < next);
    const end = inside.find(({ kind }) => kind === "resolved" || kind === "merged")?.at ?? null;
    if (begin.at > to || (end !== null && end < from)) return [];
    const sent = notices.filter(
      (one) => one.state === "sent" && one.sentAt !== null && one.at >= begin.at && one.at < next,
    );
    // The card of a new incident is its first message; on a reopened one it is an edit, which notifies nobody.
    const first = begin.kind === "opened" ? sent.filter(({ kind }) => kind === "card") : sent.filter(isHeard);
    const toldAt = first.reduce<number | null>((least, { sentAt }) => earlier(least, sentAt), null);
    return {
      id,
      cause,
      deployment,
      openedAt: begin.at,
      resolvedAt: end,
      toldAt,
      events: inside.map(({ at, kind, text }) => ({ at, kind, text })),
      affected,
    };
  });
}

function isHeard({ kind, broadcast }: NoticeRecord): boolean {
  return kind === "reply" && broadcast;
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
