import { Agent, request } from "undici";
import type { Hook, HookResult } from "../domain/index.ts";
import { fill, fillHeader, fillUrl, type Values } from "./placeholders.ts";

/** Of an answer so much is read, so that the connection is done with; none of it is told. */
const MAX_BODY_BYTES = 64 << 10;
const MAX_CONNECT_MS = 10_000;

/**
 * Sends the request of a hook. Good is 2xx: a redirect is not followed, since headers and parameters may be secrets, and the
 * body is not told, since it may hold some (a new instance's key). @throws PlaceholderError; Error when it got no answer
 */
export async function callRequest(
  hook: Extract<Hook, { kind: "request" }>,
  values: Values,
  signal: AbortSignal,
): Promise<HookResult> {
  const { method, as, timeoutMs } = hook;
  const url = fillUrl(hook.url, values);
  const params = Object.entries(hook.params).map(
    ([name, value]) => [fill(name, values), fill(value.reveal(), values)] as const,
  );
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(hook.headers))
    headers[name.toLowerCase()] = fillHeader(value.reveal(), values);
  const body = bodyOf(method, as, params);
  if (body === undefined) for (const [name, value] of params) url.searchParams.append(name, value);
  else headers["content-type"] ??= as === "json" ? "application/json" : "application/x-www-form-urlencoded";
  const place = `${method} ${url.origin}${url.pathname}`;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  // A connection of its own: what is called may be taken away by the call.
  const agent = new Agent({ connect: { timeout: Math.min(timeoutMs, MAX_CONNECT_MS) }, pipelining: 0 });
  try {
    const answer = await request(url, { method, headers, body: body ?? null, signal: limit, dispatcher: agent });
    let read = 0;
    for await (const chunk of answer.body) {
      read += Buffer.byteLength(chunk);
      if (read > MAX_BODY_BYTES) break;
    }
    const { statusCode } = answer;
    const isRedirect = statusCode >= 300 && statusCode < 400;
    const more = isRedirect ? ", a redirect, which is not followed" : "";
    return { ok: statusCode >= 200 && statusCode < 300, detail: `${place} answered ${statusCode}${more}` };
  } catch (error) {
    if (signal.aborted) return { ok: false, detail: `${place} was called off` };
    if (limit.aborted) return { ok: false, detail: `${place} was not answered within ${timeoutMs / 1000} s` };
    return { ok: false, detail: `${place} got no answer: ${reasonOf(error)}` };
  } finally {
    await agent.destroy();
  }
}

function bodyOf(
  method: string,
  as: "json" | "form",
  params: readonly (readonly [string, string])[],
): string | undefined {
  if (method === "GET" || params.length === 0) return undefined;
  if (as === "json") return JSON.stringify(Object.fromEntries(params));
  const form = new URLSearchParams();
  for (const [name, value] of params) form.append(name, value);
  return form.toString();
}

/** A code where there is one: messages of the network may quote what was sent. */
function reasonOf(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors.at(-1) : error;
  if (typeof inner === "object" && inner !== null && "code" in inner && typeof inner.code === "string")
    return inner.code;
  return inner instanceof Error ? inner.message.slice(0, 200) : "it failed";
}
