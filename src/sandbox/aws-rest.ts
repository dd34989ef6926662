import { randomUUID } from "node:crypto";
import { render } from "./aws-query.ts";
import { AwsFault, type AwsRequest, type AwsResponse, type AwsService, type RequestLine } from "./aws-server.ts";

/** A value of an answer. A list is its element repeated, as these services write it; `undefined` is left out. */
export type RestXml = string | number | boolean | undefined | readonly RestXml[] | { readonly [name: string]: RestXml };

/** One request, taken apart. */
export interface RestRequest {
  /** What the operation's path captured, decoded; empty for a capture that is not there. */
  readonly captured: (name: string) => string;
  readonly query: URLSearchParams;
  readonly request: AwsRequest;
}

/** One operation of a REST service. */
export interface RestOperation {
  readonly action: string;
  readonly method: "GET" | "HEAD";
  /** The whole path; named groups are captured. */
  readonly path: RegExp;
  /** Parameter that has to be in the query: how S3 tells its operations apart. The first operation that fits is taken. */
  readonly query?: string;
  /** The document's root element, and what is in it; `undefined`: an answer without a document. @throws AwsFault */
  handle(request: RestRequest): readonly [root: string, content: RestXml] | undefined;
}

/** What tells one REST XML service from another. */
export interface RestServiceOptions {
  readonly scope: string;
  readonly namespace: string;
  readonly operations: readonly RestOperation[];
  readonly permissions?: Readonly<Record<string, string>>;
  /** The path that operations are found by, where it is not the request's own. */
  readonly pathOf?: (headers: AwsRequest["headers"], url: URL) => string;
  /** The error document; that of most services unless set. */
  readonly fault?: (fault: AwsFault) => AwsResponse;
}

/** A service of the REST XML protocol. */
export function restService(options: RestServiceOptions): AwsService {
  const { scope, namespace, operations, permissions, pathOf = (_headers, url) => url.pathname } = options;
  const find = (headers: AwsRequest["headers"], { method, url: sent }: RequestLine) => {
    const url = new URL(sent, "http://127.0.0.1");
    const path = pathOf(headers, url);
    for (const operation of operations) {
      if (operation.method !== method) continue;
      if (operation.query !== undefined && !url.searchParams.has(operation.query)) continue;
      const match = operation.path.exec(path);
      if (match !== null) return { operation, match, query: url.searchParams };
    }
    return undefined;
  };
  return {
    scope,
    ...(permissions === undefined ? {} : { permissions }),
    actionOf: (headers, _body, line) => find(headers, line)?.operation.action,
    handle(request) {
      const found = find(request.headers, request);
      if (found === undefined)
        throw new AwsFault("InvalidAction", `${request.method} ${request.url} is not known here`);
      const { operation, match, query } = found;
      const captured = (name: string): string => decodeURIComponent(match.groups?.[name] ?? "");
      const answer = operation.handle({ captured, query, request });
      if (answer === undefined) return { status: 200, contentType: "application/xml", body: "" };
      const [root, content] = answer;
      return xml(200, restXml(root, content, ` xmlns="${namespace}"`));
    },
    fault:
      options.fault ??
      (({ code, message, status }) => {
        const error = { Type: status < 500 ? "Sender" : "Receiver", Code: code, Message: message };
        return xml(
          status,
          restXml("ErrorResponse", { Error: error, RequestId: randomUUID() }, ` xmlns="${namespace}"`),
        );
      }),
  };
}

/** A document of these services. */
export function xml(status: number, document: string): AwsResponse {
  return {
    status,
    contentType: "application/xml",
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${document}`,
    headers: { "x-amzn-requestid": randomUUID() },
  };
}

/** An element. */
export function restXml(name: string, value: RestXml, attributes = ""): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) {
    const all: readonly RestXml[] = value;
    return all.map((one) => restXml(name, one)).join("");
  }
  if (typeof value !== "object") return render(name, value);
  const parts = Object.entries(value).map(([key, part]) => restXml(key, part));
  return `<${name}${attributes}>${parts.join("")}</${name}>`;
}

/** A count in the query, within what the service takes. @throws AwsFault */
export function countIn(query: URLSearchParams, name: string, largest: number, code = "InvalidInput"): number {
  const sent = query.get(name);
  const asked = Number(sent ?? largest);
  if (!Number.isInteger(asked) || asked < 0) throw new AwsFault(code, `${name} is not a count`);
  return Math.min(asked, largest);
}
