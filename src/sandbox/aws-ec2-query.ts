import { randomUUID } from "node:crypto";
import { AwsFault, type AwsRequest, type AwsResponse, type AwsService } from "./aws-server.ts";
import { renderer, type Xml } from "./aws-query.ts";

/** Parameters of one call of EC2. */
export interface Ec2Parameters {
  get(name: string): string | undefined;
  /** `InstanceId.1`, `InstanceId.2` …; empty when there is none. */
  list(name: string): readonly string[];
  /** `Filter.1.Name`, `Filter.1.Value.1` … */
  filters(): readonly Ec2Filter[];
}

/** A filter: one of the values has to fit; `*` and `?` stand for any characters and for one. */
export interface Ec2Filter {
  readonly name: string;
  readonly values: readonly string[];
}

/** Operations by name: from parameters to the content of `<XResponse>`. */
export type Ec2Operations = Readonly<
  Record<string, (parameters: Ec2Parameters, request: AwsRequest) => { readonly [name: string]: Xml }>
>;

const NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/";
const MAX_FILTERS = 200;
const render = renderer("item");

/** What the shared door's troubles are called by EC2. */
const OWN_FAULTS: Readonly<Record<string, (fault: AwsFault) => AwsFault>> = {
  Throttling: () => new AwsFault("RequestLimitExceeded", "Request limit exceeded.", 503),
  AccessDenied: ({ message }) =>
    new AwsFault("UnauthorizedOperation", `You are not authorized to perform this operation. ${message}`, 403),
  InternalFailure: () => new AwsFault("InternalError", "An internal error has occurred", 500),
};

/** The service of the ec2Query protocol: form-encoded requests, XML answers without a result around them. */
export function ec2QueryService(operations: Ec2Operations): AwsService {
  return {
    scope: "ec2",
    actionOf: (_headers, body) => new URLSearchParams(body).get("Action") ?? undefined,
    handle(request) {
      const operation = operations[request.action];
      if (operation === undefined)
        throw new AwsFault("InvalidAction", `The action ${request.action} is not valid for this web service.`);
      const answer = operation(parametersOf(request.body), request);
      const parts = Object.entries({ requestId: randomUUID(), ...answer });
      const content = parts.map(([name, value]) => render(name, value)).join("");
      const name = `${request.action}Response`;
      return xml(200, `<${name} xmlns="${NAMESPACE}">${content}</${name}>`);
    },
    fault(told) {
      const { code, message, status } = OWN_FAULTS[told.code]?.(told) ?? told;
      const error = render("Errors", { Error: { Code: code, Message: message } });
      return xml(status, `<Response>${error}${render("RequestID", randomUUID())}</Response>`);
    },
  };
}

/**
 * Whether something passes all filters. `valuesOf` tells its values under a filter's name; `undefined`: there is no such
 * filter. `tag:KEY` and `tag-key` are looked up in `tags`. @throws AwsFault for a filter that does not exist
 */
export function passes(
  filters: readonly Ec2Filter[],
  tags: Readonly<Record<string, string>>,
  valuesOf: (name: string) => readonly string[] | undefined,
): boolean {
  return filters.every(({ name, values }) => {
    const own = name.startsWith("tag:")
      ? [tags[name.slice("tag:".length)] ?? []].flat()
      : name === "tag-key"
        ? Object.keys(tags)
        : valuesOf(name);
    if (own === undefined) throw new AwsFault("InvalidParameterValue", `The filter '${name}' is invalid`);
    return values.some((wanted) => own.some((value) => fits(wanted, value)));
  });
}

/** One page of at most `MaxResults`; all of it when that is not given, as EC2 does. @throws AwsFault */
export function ec2Page<T>(
  items: readonly T[],
  parameters: Ec2Parameters,
  bounds: { readonly least: number; readonly most: number },
): { readonly items: readonly T[]; readonly next: string | undefined } {
  const asked = parameters.get("MaxResults");
  const token = parameters.get("NextToken");
  if (asked === undefined && token === undefined) return { items, next: undefined };
  const size = Number(asked ?? bounds.most);
  if (!Number.isInteger(size) || size < bounds.least || size > bounds.most)
    throw new AwsFault(
      "InvalidParameterValue",
      `Value ( ${asked} ) for parameter maxResults is invalid. Expecting a value between ${bounds.least} and ${bounds.most}.`,
    );
  const from = token === undefined ? 0 : Number(Buffer.from(token, "base64").toString("utf8"));
  if (!Number.isInteger(from) || from < 0 || from > items.length)
    throw new AwsFault("InvalidNextToken", "The specified token is not valid.");
  const to = from + size;
  const next = to < items.length ? Buffer.from(String(to)).toString("base64") : undefined;
  return { items: items.slice(from, to), next };
}

/** `tagSet` of tags. */
export function tagSet(tags: Readonly<Record<string, string>>): Xml {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

function parametersOf(body: string): Ec2Parameters {
  const form = new URLSearchParams(body);
  const get = (name: string): string | undefined => form.get(name) ?? undefined;
  const list = (name: string): string[] => {
    const values: string[] = [];
    for (let index = 1; ; index++) {
      const value = get(`${name}.${index}`);
      if (value === undefined) return values;
      values.push(value);
    }
  };
  return {
    get,
    list,
    filters: () => {
      const filters: Ec2Filter[] = [];
      for (let index = 1; index <= MAX_FILTERS; index++) {
        const name = get(`Filter.${index}.Name`);
        if (name === undefined) break;
        filters.push({ name, values: list(`Filter.${index}.Value`) });
      }
      return filters;
    },
  };
}

function fits(wanted: string, value: string): boolean {
  if (!/[*?]/.test(wanted)) return wanted === value;
  const pattern = wanted
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${pattern}$`, "s").test(value);
}

function xml(status: number, body: string): AwsResponse {
  return { status, contentType: "text/xml;charset=UTF-8", body };
}
