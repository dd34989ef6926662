import { randomUUID } from "node:crypto";
import { AwsFault, type AwsRequest, type AwsResponse, type AwsService } from "./aws-server.ts";

/** A value of an answer: text, a structure, a list (`<member>` elements), or a map (`<entry>`). `undefined` is left out. */
export type Xml =
  | string
  | number
  | boolean
  | undefined
  | readonly Xml[]
  | ReadonlyMap<string, string>
  | { readonly [name: string]: Xml };

/** Parameters of one call. */
export interface QueryParameters {
  /** @throws AwsFault when it is missing */
  required(name: string): string;
  get(name: string): string | undefined;
  /** `Names.member.1`, `Names.member.2` …; `undefined` when there is none. */
  list(name: string): readonly string[] | undefined;
}

/** Operations by name: from parameters to the content of `<XResult>`. */
export type QueryOperations = Readonly<Record<string, (parameters: QueryParameters, request: AwsRequest) => Xml>>;

/** An element; its lists hold `<member>` elements. */
export const render = renderer("member");

/** A service of the Query protocol: form-encoded requests, XML answers. */
export function queryService(scope: string, namespace: string, operations: QueryOperations): AwsService {
  return {
    scope,
    actionOf: (_headers, body) => new URLSearchParams(body).get("Action") ?? undefined,
    handle(request) {
      const operation = operations[request.action];
      if (operation === undefined)
        throw new AwsFault("InvalidAction", `The action ${request.action} is not valid for this endpoint.`);
      const result = render(`${request.action}Result`, operation(parametersOf(request.body), request));
      const metadata = render("ResponseMetadata", { RequestId: randomUUID() });
      const name = `${request.action}Response`;
      return xml(200, `<${name} xmlns="${namespace}">${result}${metadata}</${name}>`);
    },
    fault({ code, message, status }) {
      const error = render("Error", { Type: status < 500 ? "Sender" : "Receiver", Code: code, Message: message });
      const id = render("RequestId", randomUUID());
      return xml(status, `<ErrorResponse xmlns="${namespace}">${error}${id}</ErrorResponse>`);
    },
  };
}

/** One page of `items` after the marker; a marker is the index of the next item. @throws AwsFault for one that is not */
export function page<T>(
  items: readonly T[],
  parameters: QueryParameters,
  largest: number,
): { readonly items: readonly T[]; readonly next: string | undefined } {
  const asked = Number(parameters.get("PageSize") ?? largest);
  if (!Number.isInteger(asked) || asked < 1) throw new AwsFault("ValidationError", "PageSize must be at least 1");
  const from = Number(parameters.get("Marker") ?? 0);
  if (!Number.isInteger(from) || from < 0 || from > items.length)
    throw new AwsFault("ValidationError", "The marker is not valid");
  const to = from + Math.min(asked, largest);
  return { items: items.slice(from, to), next: to < items.length ? String(to) : undefined };
}

function parametersOf(body: string): QueryParameters {
  const form = new URLSearchParams(body);
  const get = (name: string): string | undefined => form.get(name) ?? undefined;
  return {
    get,
    required: (name) => {
      const value = get(name);
      if (value === undefined || value === "")
        throw new AwsFault("ValidationError", `A value for ${name} must be specified`);
      return value;
    },
    list: (name) => {
      const values: string[] = [];
      for (let index = 1; ; index++) {
        const value = get(`${name}.member.${index}`);
        if (value === undefined) return values.length === 0 ? undefined : values;
        values.push(value);
      }
    },
  };
}

function xml(status: number, body: string): AwsResponse {
  return { status, contentType: "text/xml", body };
}

/** Renders elements whose lists hold elements of the name `item`. */
export function renderer(item: string): (name: string, value: Xml) => string {
  const render = (name: string, value: Xml): string => {
    if (value === undefined) return "";
    if (Array.isArray(value)) {
      const members: readonly Xml[] = value;
      return `<${name}>${members.map((member) => render(item, member)).join("")}</${name}>`;
    }
    if (value instanceof Map) {
      const entries = [...value].map(([key, held]) => `<entry>${render("key", key)}${render("value", held)}</entry>`);
      return `<${name}>${entries.join("")}</${name}>`;
    }
    if (typeof value === "object") {
      const parts = Object.entries(value).map(([key, part]) => render(key, part));
      return `<${name}>${parts.join("")}</${name}>`;
    }
    return `<${name}>${escapeXml(String(value))}</${name}>`;
  };
  return render;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
