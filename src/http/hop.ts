import type { HttpRequest, TlsSettings } from "../domain/index.ts";
import type { Message } from "./line.ts";
import { Fault } from "./sockets.ts";

/** One request to one origin: what a probe's request becomes, and what each redirect makes of it. */
export interface Hop {
  readonly url: URL;
  readonly method: HttpRequest["method"];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Host header. */
  readonly host: string;
  /** `undefined`: plain HTTP. */
  readonly tls: TlsSettings | undefined;
}

/** The URL for a sentence: without credentials, and without a query, which may hold a token. */
export function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname.slice(0, 200)}`;
}

/** The port that the URL means. */
export function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

/** @throws Fault for a URL that is not http(s) */
export function firstHop(request: HttpRequest): Hop {
  const url = parse(request.url, undefined);
  return {
    url,
    method: request.method,
    headers: withCredentials(url, request.headers),
    body: request.body,
    host: request.host ?? url.host,
    tls: url.protocol === "https:" ? (request.tls ?? ownName(url, undefined)) : undefined,
  };
}

/**
 * Where a redirect leads. Headers go along only within one origin: they may hold credentials. @throws Fault
 */
export function nextHop(hop: Hop, status: number, location: string, requireTrust: boolean): Hop {
  const url = parse(location, hop.url);
  if (requireTrust && hop.tls !== undefined && url.protocol === "http:") {
    throw new Fault("tls-handshake-failed", `${shown(hop.url)} redirects to plain HTTP`);
  }
  const asGet = status === 303 || (hop.method === "POST" && (status === 301 || status === 302));
  const method = asGet && hop.method !== "HEAD" ? "GET" : hop.method;
  const body = method === "POST" ? hop.body : undefined;
  if (url.origin === hop.url.origin) return { ...hop, url, method, body };
  const tls = url.protocol === "https:" ? ownName(url, hop.tls) : undefined;
  return { url, method, headers: withCredentials(url, {}), body, host: url.host, tls };
}

/** The request's text. @throws Fault for header values that would break out of their line */
export function messageOf(hop: Hop, keep: boolean, maxBodyBytes: number): Message {
  let head = `${hop.method} ${hop.url.pathname}${hop.url.search} HTTP/1.1\r\nhost: ${safe(hop.host)}\r\n`;
  for (const [name, value] of Object.entries(hop.headers)) head += `${safe(name)}: ${safe(value)}\r\n`;
  head += keep ? COMMON : `${COMMON}connection: close\r\n`;
  if (hop.method !== "POST") return { method: hop.method, text: `${head}\r\n`, maxBodyBytes };
  const body = hop.body ?? "";
  return { method: hop.method, text: `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, maxBodyBytes };
}

const COMMON = "user-agent: corewatch\r\naccept: */*\r\n";

function parse(text: string, base: URL | undefined): URL {
  const url = URL.parse(text, base?.href);
  if (url === null) {
    throw new Fault("protocol-error", base === undefined ? "the URL is malformed" : "the redirect leads to no URL");
  }
  if (url.protocol === "http:" || url.protocol === "https:") return url;
  throw new Fault("protocol-error", `${url.protocol} is not http or https`);
}

function ownName(url: URL, from: TlsSettings | undefined): TlsSettings {
  const serverName = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  return { ca: from?.ca, verify: from?.verify ?? true, serverName };
}

function withCredentials(url: URL, headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (url.username === "" && url.password === "") return headers;
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { ...headers, authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

function safe(text: string): string {
  if (/[\r\n\0]/.test(text)) throw new Fault("protocol-error", "a header of the request holds a line break");
  return text;
}
