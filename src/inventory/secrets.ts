import type { Path } from "./located.ts";
import { isRecord } from "./yaml.ts";

/** Where secrets stand in fleet.yaml; `*` is any key or index. Values there are never shown, and become `Secret`. */
const PLACES: readonly (readonly string[])[] = [
  ["store", "url"],
  ["slack", "token"],
  ["slack", "appToken"],
  ["fallback", "webhook"],
  ["fallback", "secret"],
  ["databases", "*", "url"],
  ["deployments", "*", "cores", "*", "apiKey"],
  ["deployments", "*", "discovery", "apiKey"],
  ["endpoints", "*", "headers", "*"],
  ["heartbeats", "*", "token"],
  ...["params", "headers"].flatMap((part) => [
    ["deployments", "*", "scale", "request", part, "*"],
    ["deployments", "*", "scale", "remove", "request", part, "*"],
    ["deployments", "*", "certify", "survival", "*", "request", part, "*"],
  ]),
];

/** `true` when `path` holds, or is below, a secret. */
export function isSecretPath(path: Path): boolean {
  return PLACES.some(
    (place) => path.length >= place.length && place.every((part, at) => part === "*" || part === path[at]),
  );
}

/** Every secret text of the configuration, with its place. */
export function secretsIn(config: unknown): { path: Path; value: string }[] {
  const found: { path: Path; value: string }[] = [];
  for (const place of PLACES) collect(config, place, [], found);
  return found;
}

function collect(node: unknown, place: readonly string[], path: Path, found: { path: Path; value: string }[]): void {
  const [step, ...rest] = place;
  if (step === undefined) {
    // A number or a truth value where a secret should be is a mistake, and still a secret.
    if (typeof node === "string") found.push({ path, value: node });
    else if (typeof node === "number" || typeof node === "boolean") found.push({ path, value: String(node) });
    else if (Array.isArray(node))
      for (const [index, item] of node.entries()) collect(item, [], [...path, index], found);
    else if (isRecord(node)) for (const [key, item] of Object.entries(node)) collect(item, [], [...path, key], found);
  } else if (Array.isArray(node)) {
    if (step === "*") for (const [index, item] of node.entries()) collect(item, rest, [...path, index], found);
  } else if (isRecord(node)) {
    const keys = step === "*" ? Object.keys(node) : Object.hasOwn(node, step) ? [step] : [];
    for (const key of keys) collect(node[key], rest, [...path, key], found);
  }
}

/** Names whose value is secret; the literal value of any other would blank ordinary words if taken out everywhere. */
const SENSITIVE_NAME = /authorization|cookie|token|secret|key|passw|passphrase|credential|signature/i;

/** Headers and parameters: sent as they are, and secret or not by their name. */
function nameOf(path: Path): string | undefined {
  const at = path[0] === "endpoints" || path[0] === "deployments" ? path.findIndex(isListOfNames) : -1;
  return at === -1 ? undefined : String(path[at + 1] ?? "");
}

function isListOfNames(step: string | number): boolean {
  return step === "headers" || step === "params";
}

/** Whether a literal value at `path` is one that should not stand in the file. */
export function isLiteralSecret(path: Path, value: string): boolean {
  const name = nameOf(path);
  if (name !== undefined) return SENSITIVE_NAME.test(name) && value.replaceAll(/\{\{\w*\}\}/g, "") !== "";
  const holdsUrl = path[0] === "databases" || path[0] === "store";
  return holdsUrl ? passwordOf(value) !== undefined : value !== "";
}

/** What the redactor must take out for one secret: the value itself; of a URL the password in both writings; of a webhook and a header the token. */
export function redactable(path: Path, value: string, fromOutside: boolean): string[] {
  if (nameOf(path) !== undefined) {
    if (!fromOutside && !isLiteralSecret(path, value)) return [];
    // "Bearer x": the token alone must not be seen either.
    return [value, value.slice(value.lastIndexOf(" ") + 1)];
  }
  const tokens = path[1] === "webhook" ? tokensOf(value) : [];
  const password = passwordOf(value);
  if (password === undefined) return [value, ...tokens];
  return [value, password, decoded(password), ...tokens];
}

/** What makes a webhook's address secret: parts of its path and query that are long and no words. Errors quote paths alone. */
function tokensOf(url: string): string[] {
  const [, , , ...parts] = url.split(/[/?&=#]/);
  return parts.filter((part) => part.length >= 8 && /\d/.test(part));
}

/** The password of a URL as written, or of a connection string with `password=`. */
function passwordOf(value: string): string | undefined {
  const inAuthority = /^[a-z][a-z0-9+.-]*:\/\/[^/@]*?:([^/]+)@/i.exec(value);
  const inQuery = /[?&\s](?:password|passwd|pwd)=([^&\s]+)/i.exec(value);
  return inAuthority?.[1] ?? inQuery?.[1];
}

function decoded(text: string): string {
  // A lone percent sign is legal in what people paste; then the text stands for itself.
  return /%(?![0-9a-f]{2})/i.test(text) ? text : safeDecode(text);
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
