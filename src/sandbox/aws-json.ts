import { randomUUID } from "node:crypto";
import { AwsFault, type AwsRequest, type AwsResponse, type AwsService } from "./aws-server.ts";

/** A value of an answer; `undefined` members are left out. Times are seconds since the epoch. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [name: string]: Json };

/** Operations by name: from the input to the output document. */
export type JsonOperations = Readonly<Record<string, (input: Input, request: AwsRequest) => Json | Promise<Json>>>;

/** What tells one service of the AWS JSON protocol from another. */
export interface JsonServiceOptions {
  readonly scope: string;
  /** In front of the operation in `X-Amz-Target`. */
  readonly target: string;
  readonly version: "1.0" | "1.1";
  /** In front of error codes in `__type`. */
  readonly namespace: string;
  /** Services that spoke Query once also send their error code in a header. */
  readonly queryCompatible: boolean;
  readonly operations: JsonOperations;
}

/** A service of the AWS JSON protocol. */
export function jsonService(options: JsonServiceOptions): AwsService {
  const { scope, target, namespace, queryCompatible, operations } = options;
  const contentType = `application/x-amz-json-${options.version}`;
  const document = (status: number, value: Json, more: Record<string, string> = {}): AwsResponse => ({
    status,
    contentType,
    body: JSON.stringify(value),
    headers: { "x-amzn-requestid": randomUUID(), ...more },
  });
  return {
    scope,
    actionOf(headers) {
      const asked = headers["x-amz-target"];
      return typeof asked === "string" && asked.startsWith(`${target}.`) ? asked.slice(target.length + 1) : undefined;
    },
    async handle(request) {
      const operation = operations[request.action];
      if (operation === undefined)
        throw new AwsFault("UnknownOperationException", `The operation ${request.action} is not known here.`);
      return document(200, await operation(inputOf(request.body), request));
    },
    fault({ code, message, status }) {
      const side = status < 500 ? "Sender" : "Receiver";
      const header: Record<string, string> = queryCompatible ? { "x-amzn-query-error": `${code};${side}` } : {};
      return document(status, { __type: `${namespace}#${code}`, message }, header);
    },
  };
}

function inputOf(body: string): Input {
  try {
    const value: unknown = JSON.parse(body === "" ? "{}" : body);
    return new Input(value);
  } catch (error) {
    if (error instanceof AwsFault) throw error;
    throw new AwsFault("SerializationException", "The request is not JSON");
  }
}

/** One structure of a request. Readers throw AwsFault for a member of the wrong type. */
export class Input {
  readonly #members: ReadonlyMap<string, unknown>;

  constructor(value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong("the request", "a structure");
    this.#members = new Map(Object.entries(value).filter(([, member]) => member !== null));
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  text(name: string): string | undefined {
    const value = this.#members.get(name);
    if (value === undefined || typeof value === "string") return value;
    throw wrong(name, "a string");
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === "")
      throw new AwsFault("ValidationError", `A value for parameter ${name} must be specified.`);
    return value;
  }

  number(name: string): number | undefined {
    const value = this.#members.get(name);
    if (value === undefined || typeof value === "number") return value;
    throw wrong(name, "a number");
  }

  flag(name: string): boolean | undefined {
    const value = this.#members.get(name);
    if (value === undefined || typeof value === "boolean") return value;
    throw wrong(name, "a boolean");
  }

  /** Epoch ms. */
  time(name: string): number | undefined {
    const seconds = this.number(name);
    return seconds === undefined ? undefined : Math.round(seconds * 1000);
  }

  texts(name: string): readonly string[] | undefined {
    return this.#list(name)?.map((value) => {
      if (typeof value === "string") return value;
      throw wrong(name, "a list of strings");
    });
  }

  numbers(name: string): readonly number[] | undefined {
    return this.#list(name)?.map((value) => {
      if (typeof value === "number") return value;
      throw wrong(name, "a list of numbers");
    });
  }

  structure(name: string): Input | undefined {
    const value = this.#members.get(name);
    return value === undefined ? undefined : new Input(value);
  }

  structures(name: string): readonly Input[] | undefined {
    return this.#list(name)?.map((value) => new Input(value));
  }

  /** A map of strings. */
  map(name: string): Readonly<Record<string, string>> | undefined {
    const inner = this.structure(name);
    return inner === undefined
      ? undefined
      : Object.fromEntries(inner.names().map((key) => [key, inner.text(key) ?? ""]));
  }

  names(): readonly string[] {
    return [...this.#members.keys()];
  }

  #list(name: string): readonly unknown[] | undefined {
    const value: unknown = this.#members.get(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw wrong(name, "a list");
    const list: readonly unknown[] = value;
    return list;
  }
}

/** Tags of a request: `[{Key, Value}]`. */
export function tagsOf(input: Input, name = "Tags"): ReadonlyMap<string, string> {
  return new Map((input.structures(name) ?? []).map((tag) => [tag.required("Key"), tag.text("Value") ?? ""]));
}

/** One page of `items`; a token is the index of the next item. @throws AwsFault for one that is not */
export function jsonPage<T>(
  items: readonly T[],
  token: string | undefined,
  size: number,
  code = "InvalidNextToken",
): { readonly items: readonly T[]; readonly next: string | undefined } {
  const from = token === undefined || token === "" ? 0 : Number(Buffer.from(token, "base64").toString("utf8"));
  if (!Number.isInteger(from) || from < 0) throw new AwsFault(code, "The token is not valid");
  const to = from + size;
  const next = to < items.length ? Buffer.from(String(to)).toString("base64") : undefined;
  return { items: items.slice(from, to), next };
}

function wrong(name: string, wanted: string): AwsFault {
  return new AwsFault("SerializationException", `${name} is not ${wanted}`);
}
