import type { Secret } from "../domain/index.ts";
import { isDoubtful, type SlackFailure } from "./errors.ts";

/** How Slack is reached. */
export interface SlackAccess {
  readonly token: Secret;
  /** Base of the Web API; Slack's own unless set. */
  readonly apiUrl?: string | undefined;
  /** Time for one whole call; 10 s unless set. */
  readonly timeoutMs?: number | undefined;
}

/** An answer of the Web API, or why there is none. */
export type SlackAnswer = { readonly ok: true; readonly body: Readonly<Record<string, unknown>> } | SlackFailure;

/** Calls the Web API. Never throws and never tries again: the loop owns back-off. */
export interface SlackClient {
  call(method: string, args: Record<string, unknown>): Promise<SlackAnswer>;
  /** Loads the SDK ahead of the first call. */
  warm(): void;
}

/** Slack's answers are far below this; a page of history is the largest. */
const MAX_ANSWER_BYTES = 8_000_000;
const MAX_RETRY_AFTER_S = 3600;

const silent = {
  debug: (): void => {},
  info: (): void => {},
  warn: (): void => {},
  error: (): void => {},
  setLevel: (): void => {},
  setName: (): void => {},
};

/** The Web API through @slack/web-api, which is loaded at the first call: most commands never talk to Slack. */
export function createSlackClient(access: SlackAccess): SlackClient {
  const open = async (): Promise<Sdk> => {
    const sdk = await import("@slack/web-api");
    const client = new sdk.WebClient(access.token.reveal(), {
      ...(access.apiUrl === undefined ? {} : { slackApiUrl: access.apiUrl }),
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout: access.timeoutMs ?? 10_000,
      allowAbsoluteUrls: false,
      // The SDK's log lines may carry what was sent; failures are told by the answers.
      logger: { ...silent, getLevel: () => sdk.LogLevel.ERROR },
      fetch: boundedFetch,
    });
    return { sdk, client };
  };
  let opened: Promise<Sdk> | undefined;
  const client = (): Promise<Sdk> => (opened ??= open());
  return {
    warm: () => void client().catch(() => (opened = undefined)),
    async call(method, args) {
      let sdk: Sdk["sdk"] | undefined;
      try {
        const ready = await client();
        sdk = ready.sdk;
        const { ok: _ok, ...body } = await ready.client.apiCall(method, args);
        return { ok: true, body };
      } catch (error) {
        return sdk === undefined ? { ok: false, error: "sdk-not-loaded", notTaken: true } : failureOf(sdk, error);
      }
    },
  };
}

interface Sdk {
  readonly sdk: typeof import("@slack/web-api");
  readonly client: import("@slack/web-api").WebClient;
}

/** Names what went wrong without the error's own text, which may quote addresses and bodies. */
function failureOf(sdk: Sdk["sdk"], error: unknown): SlackFailure {
  if (error instanceof sdk.WebAPIRateLimitedError) {
    const seconds = Math.min(Math.max(error.retryAfter, 1), MAX_RETRY_AFTER_S);
    return { ok: false, error: "rate-limited", retryAfterMs: seconds * 1000, notTaken: true };
  }
  if (error instanceof sdk.WebAPIPlatformError) return platformFailure(error.data);
  if (error instanceof sdk.WebAPIHTTPError)
    return { ok: false, error: `http-${error.statusCode}`, notTaken: error.statusCode < 500 };
  const cause = error instanceof sdk.WebAPIRequestError ? error.original : error;
  if (cause instanceof Error && (cause.name === "TimeoutError" || cause.name === "AbortError"))
    return { ok: false, error: "timeout", notTaken: false };
  // A 429 without a usable Retry-After arrives as a plain error.
  if (cause instanceof Error && cause.message.startsWith("Retry header"))
    return { ok: false, error: "rate-limited", notTaken: true };
  const code = codeOf(cause);
  return { ok: false, error: code === undefined ? "network" : `network-${code}`, notTaken: NEVER_LEFT.has(code ?? "") };
}

/** Failures before a request could leave. */
const NEVER_LEFT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function platformFailure(data: { readonly error: string; readonly response_metadata?: unknown }): SlackFailure {
  // An answer that is no JSON comes as its whole text: a proxy's page, not a word of Slack's.
  const error = /^[a-z][a-z0-9_]{1,80}$/.test(data.error) ? data.error : "unreadable-answer";
  const limited = error === "ratelimited" || error === "rate_limited";
  const needed = "needed" in data && typeof data.needed === "string" ? data.needed.slice(0, 200) : undefined;
  return {
    ok: false,
    error: limited ? "rate-limited" : error,
    notTaken: !isDoubtful(error),
    ...(needed === undefined ? {} : { needed }),
  };
}

function codeOf(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    if ("code" in at && typeof at.code === "string" && /^[A-Z][A-Z0-9_]{2,40}$/.test(at.code)) return at.code;
  }
  return undefined;
}

/** `fetch` whose answers cannot fill the memory. */
async function boundedFetch(url: string | URL, init?: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  if (answer.body === null) return answer;
  let bytes = 0;
  const counted = answer.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > MAX_ANSWER_BYTES) controller.error(new Error("Slack's answer is too long"));
        else controller.enqueue(chunk);
      },
    }),
  );
  return new Response(counted, { status: answer.status, statusText: answer.statusText, headers: answer.headers });
}
