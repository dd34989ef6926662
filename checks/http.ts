import type { Endpoint, HttpRequest, HttpResult, Outcome, Reason } from "../src/domain/index.ts";
import { DEFAULTS, type Check, type ProbeContext } from "./check.ts";
import { certificateDays, certificateTrouble, failureOutcome } from "./outcome.ts";
import { startWatch } from "./request.ts";

/** Read of a body in which a text is looked for, and of any other. Bytes. */
const MAX_SEARCHED_BYTES = 1 << 20;
const MAX_BODY_BYTES = 64 << 10;
const MAX_REDIRECTS = 5;

/** Anything else that speaks HTTP: a status within the accepted ranges, and a text in the body if one is asked for. */
export const http: Check<Endpoint> = {
  kind: "http",
  tells:
    "Whether an HTTP endpoint answers with an accepted status and the expected text, in time, with a good certificate.",
  defaults: { ...DEFAULTS },

  targets: (fleet) =>
    fleet.endpoints
      .filter(({ url }) => /^https?:/i.test(url))
      .map((endpoint) => ({ target: { kind: "endpoint", id: endpoint.id, deployment: null }, input: endpoint })),

  async probe(endpoint, context) {
    const left = startWatch(context);
    const request = requestFor(endpoint, left(), context);
    const result = await context.http.request(request, context.signal, (line) => context.trace(line));
    return judge(endpoint, result, context);
  },
};

function requestFor(endpoint: Endpoint, timeoutMs: number, context: ProbeContext): HttpRequest {
  const headers = Object.fromEntries(Object.entries(endpoint.headers).map(([name, value]) => [name, value.reveal()]));
  // Who accepts a redirect as the answer wants to see it; who does not wants to know what it leads to.
  const seesRedirects = endpoint.status.some(([from, to]) => from <= 399 && to >= 300);
  return {
    url: endpoint.url,
    method: endpoint.method,
    headers,
    ...(endpoint.tls === undefined ? {} : { tls: endpoint.tls }),
    connection: context.settings.connection,
    timeoutMs,
    maxBodyBytes: endpoint.contains === undefined ? MAX_BODY_BYTES : MAX_SEARCHED_BYTES,
    maxRedirects: seesRedirects ? 0 : MAX_REDIRECTS,
    requireTrust: false,
  };
}

function judge(endpoint: Endpoint, result: HttpResult, { settings, clock }: ProbeContext): Outcome {
  const now = clock.now();
  const { certificate, phases } = result;
  const days: Record<string, number> =
    certificate === undefined ? {} : { certificateDays: certificateDays(certificate, now) };
  if (!result.ok)
    return { ...failureOutcome(result.failure, `${endpoint.id}: ${result.detail}`, phases), measures: days };
  const measures = { ...days, statusCode: result.status };
  const say = (health: "down" | "degraded", reason: Reason, what: string): Outcome => {
    return { health, reason, detail: `${endpoint.id} ${what}`, measures, phases };
  };
  const accepted = endpoint.status.some(([from, to]) => result.status >= from && result.status <= to);
  if (!accepted)
    return say("down", reasonOf(result.status), `answered ${result.status} where ${rangesOf(endpoint)} is accepted`);
  if (endpoint.contains !== undefined && !result.body.includes(endpoint.contains)) {
    if (!result.truncated) return say("down", "wrong-body", `answered ${result.status} without the expected text`);
    return say(
      "down",
      "body-too-large",
      `does not hold the expected text within its first ${MAX_SEARCHED_BYTES} bytes`,
    );
  }
  const trouble = certificate && certificateTrouble(certificate, now, settings.certificateDays);
  if (trouble !== undefined) return say("degraded", trouble.reason, `answers, but ${trouble.detail}`);
  if (settings.slowMs !== undefined && phases.total >= settings.slowMs) {
    return say("degraded", "slow", `took ${Math.round(phases.total)} ms, more than ${settings.slowMs} ms`);
  }
  return { health: "up", reason: "ok", detail: "", measures, phases };
}

function reasonOf(status: number): Reason {
  if (status >= 500) return "server-error";
  if (status === 429) return "rate-limited";
  return status === 401 || status === 403 ? "access-denied" : "unexpected-status";
}

function rangesOf({ status }: Endpoint): string {
  return status.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}
