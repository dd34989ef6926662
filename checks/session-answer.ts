/** What a created session is known by. */
export interface CreatedSession {
  readonly handle: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** The `status` of a core's answer (a short word, since a server writes it), and the answer. */
export function statusIn(body: string): { readonly status: string; readonly answer: Record<string, unknown> } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { status: "(no JSON)", answer: {} };
  }
  if (!isRecord(parsed)) return { status: "(no object)", answer: {} };
  const { status } = parsed;
  const known = typeof status === "string" && /^[A-Z_]{1,40}$/.test(status);
  return { status: known ? status : "(none)", answer: parsed };
}

/** The session in the answer to a creation; `undefined` where a part of it is missing. */
export function createdIn(answer: Readonly<Record<string, unknown>>): CreatedSession | undefined {
  const { session } = answer;
  const handle = isRecord(session) ? session["handle"] : undefined;
  const accessToken = tokenIn(answer["accessToken"]);
  const refreshToken = tokenIn(answer["refreshToken"]);
  if (typeof handle !== "string" || accessToken === undefined || refreshToken === undefined) return undefined;
  return { handle, accessToken, refreshToken };
}

/** A refresh has to give both tokens anew. */
export function refreshedIn(answer: Readonly<Record<string, unknown>>): boolean {
  return tokenIn(answer["accessToken"]) !== undefined && tokenIn(answer["refreshToken"]) !== undefined;
}

function tokenIn(value: unknown): string | undefined {
  return isRecord(value) && typeof value["token"] === "string" ? value["token"] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
