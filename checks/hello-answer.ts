import type { CheckSettings, Health, HttpResult, Outcome, Reason } from "../src/domain/index.ts";
import { certificateDays, certificateTrouble, failureOutcome } from "./outcome.ts";

/**
 * A core waits 5.0 s for a connection of its pool before it answers 500, so a 500 that took this long means that it could not
 * reach its database. Half a second is left for clocks and load balancers. ms.
 */
const DATABASE_WAIT_MS = 4_500;

/** Words of a core's 500 that speak of its database. The text itself names host, port and user of it and goes nowhere. */
const DATABASE_WORDS =
  /hikari|jdbc|sqlexception|psqlexception|sqltransient|storagequery|\bdatabase\b|connection pool|connection is not available/i;

type Verdict = readonly [health: Health, reason: Reason, what: string];

/**
 * What an answer to GET /hello says of a core (or, through a load balancer, of the deployment). A reason to be down wins over
 * a bad certificate, which alone is `degraded`. Nothing of the body gets into the outcome. `now` is epoch ms.
 */
export function judgeHello(
  result: HttpResult,
  where: string,
  settings: CheckSettings,
  now: number,
  byStatus: Readonly<Record<number, Verdict>> = {},
): Outcome {
  const days: Record<string, number> =
    result.certificate === undefined ? {} : { certificateDays: certificateDays(result.certificate, now) };
  if (!result.ok) {
    const outcome = failureOutcome(result.failure, `GET ${where}: ${result.detail}`, result.phases);
    return { ...outcome, measures: days };
  }
  const { phases } = result;
  const measures = { ...days, statusCode: result.status };
  const [health, reason, what] = byStatus[result.status] ?? judgeAnswer(result, result.phases.total);
  if (health !== "up") return { health, reason, detail: `GET ${where} answered ${what}`, measures, phases };
  const trouble =
    result.certificate === undefined
      ? undefined
      : certificateTrouble(result.certificate, now, settings.certificateDays);
  if (trouble !== undefined) {
    return { health: "degraded", reason: trouble.reason, detail: `${where}: ${trouble.detail}`, measures, phases };
  }
  if (settings.slowMs !== undefined && phases.total >= settings.slowMs) {
    const detail = `GET ${where} took ${seconds(phases.total)}, more than ${seconds(settings.slowMs)}`;
    return { health: "degraded", reason: "slow", detail, measures, phases };
  }
  return { health: "up", reason: "ok", detail: "", measures, phases };
}

function judgeAnswer(answer: Extract<HttpResult, { ok: true }>, tookMs: number): Verdict {
  const { status, body } = answer;
  if (status === 200) {
    if (answer.truncated) return ["down", "body-too-large", "200 with far more than Hello"];
    if (body.trim() === "Hello") return ["up", "ok", ""];
    return [
      "down",
      "wrong-body",
      `200, but ${body.length} characters that are not Hello: something else listens there`,
    ];
  }
  if (status === 500 && (tookMs >= DATABASE_WAIT_MS || DATABASE_WORDS.test(body))) {
    return ["down", "database-unreachable", `500 after ${seconds(tookMs)}: the core does not reach its database`];
  }
  if (status >= 500) return ["down", "server-error", `${status} after ${seconds(tookMs)}`];
  if (status === 401 || status === 403) {
    return [
      "down",
      "access-denied",
      `${status}: this host may be kept out by ip_allow_regex or ip_deny_regex, or by a proxy`,
    ];
  }
  if (status === 400 && /AppId or tenantId not found/i.test(body)) {
    return ["down", "unknown-app", "400: it knows no such app or tenant; look at the host and the path of the URL"];
  }
  if (status === 429) return ["degraded", "rate-limited", "429: something in front of it limits requests"];
  return ["down", "unexpected-status", `${status} where 200 was expected`];
}

/** `5.0 s` */
function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
