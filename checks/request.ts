import type { HttpRequest, HttpResult, TlsSettings } from "../src/domain/index.ts";
import type { ProbeContext } from "./check.ts";

/**
 * Kept back from the time that the engine gives a probe: the prober's own deadline comes first, and says what was waited for
 * (`connect-timeout`, `timeout`) where the engine's could only say that time was up. ms.
 */
const MARGIN_MS = 50;

/** Starts the probe's watch: the function that it returns gives the milliseconds left, never under 1. */
export function startWatch(context: ProbeContext): () => number {
  const end = context.clock.monotonic() + context.settings.timeoutMs - MARGIN_MS;
  return () => Math.max(1, end - context.clock.monotonic());
}

/** Where and as whom a deployment's cores are asked. */
export interface Address {
  /** `https://10.0.1.11:3567[/base-path]`, without a trailing slash. */
  readonly base: string;
  readonly host: string;
  readonly tls: TlsSettings;
}

/** A base URL without the slash at its end. */
export function baseOf(url: string): string {
  return url.replace(/\/+$/, "");
}

/** GET of a path below a base; a redirect is the answer. */
export function get(
  { base, host, tls }: Address,
  path: string,
  options: Pick<HttpRequest, "connection" | "timeoutMs" | "maxBodyBytes">,
  context: ProbeContext,
): Promise<HttpResult> {
  const request: HttpRequest = {
    url: `${base}${path}`,
    method: "GET",
    headers: {},
    host,
    tls,
    maxRedirects: 0,
    requireTrust: false,
    ...options,
  };
  return context.http.request(request, context.signal, (line) => context.trace(line));
}
