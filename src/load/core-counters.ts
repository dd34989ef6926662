import type { CoreCounters, HttpProber } from "../domain/index.ts";

const PATH = "/requests/stats";
const MINUTE_MS = 60_000;
/** A core keeps one day. */
const MOST_MINUTES = 1_440;
/** Two arrays of a day of numbers: 60 KB when each has all its digits. */
const MAX_BODY_BYTES = 256 << 10;
/** A core that is hung does not hold up a run, ms. */
const TIMEOUT_MS = 10_000;

/**
 * What each core counted itself, asked of it directly: through the load balancer any of them would answer. The key goes only
 * over a connection whose certificate holds.
 */
export function createCoreCounters(http: HttpProber): CoreCounters {
  return {
    async minutes(core, deployment, since, signal) {
      const key = core.apiKey?.reveal();
      const result = await http.request(
        {
          url: `${core.url.replace(/\/+$/, "")}${PATH}`,
          method: "GET",
          headers: key === undefined ? {} : { "api-key": key },
          host: deployment.host,
          tls: deployment.tls,
          connection: "fresh",
          timeoutMs: TIMEOUT_MS,
          maxBodyBytes: MAX_BODY_BYTES,
          maxRedirects: 0,
          requireTrust: true,
        },
        signal,
      );
      if (!result.ok) throw new Error(`${core.id} did not answer ${PATH}: ${result.detail}`);
      if (result.status === 401) throw new Error(`${core.id} does not take the api key of fleet.yaml for ${PATH}`);
      if (result.status !== 200 || result.truncated)
        throw new Error(`${core.id} answered ${PATH} with ${result.status}`);
      return countsIn(result.body, since, core.id);
    },
  };
}

/** `averageRequestsPerSecond` holds one number per minute; the last is of the minute before `atMinute`. -1: it did not run. */
function countsIn(body: string, since: number, core: string): { minute: number; requests: number }[] {
  const stats = parsed(body, core);
  const { atMinute, averageRequestsPerSecond: averages } = stats;
  const first = atMinute - averages.length;
  const counts: { minute: number; requests: number }[] = [];
  for (const [index, average] of averages.entries()) {
    const minute = (first + index) * MINUTE_MS;
    if (average >= 0 && minute >= since) counts.push({ minute, requests: Math.round(average * 60) });
  }
  return counts;
}

function parsed(body: string, core: string): { atMinute: number; averageRequestsPerSecond: readonly number[] } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw new Error(`${core} answered ${PATH} with something other than its counts`, { cause: error });
  }
  if (typeof value === "object" && value !== null && "atMinute" in value && "averageRequestsPerSecond" in value) {
    const { atMinute, averageRequestsPerSecond: averages } = value;
    if (typeof atMinute === "number" && Number.isSafeInteger(atMinute) && isNumbers(averages))
      return { atMinute, averageRequestsPerSecond: averages };
  }
  throw new Error(`${core} answered ${PATH} with something other than its counts`);
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length <= MOST_MINUTES && value.every((one) => Number.isFinite(one));
}
