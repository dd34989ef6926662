/** A hook's text that cannot be filled in; the sentence is for people. */
export class PlaceholderError extends Error {
  override readonly name = "PlaceholderError";
}

const PLACEHOLDER = /\{\{\s*([\w-]{1,40})\s*\}\}/g;
/** The inventory's names and addresses are far shorter. */
const MAX_VALUE = 2_000;
// oxlint-disable-next-line no-control-regex -- these are what must not get in
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Values by the name of their placeholder: `core`, `instance`, `url`, `app`, `deployment`, `cores`. */
export type Values = Readonly<Record<string, string>>;

/** `text` with its placeholders filled in. @throws PlaceholderError for one that there is not, or whose value is not plain text */
export function fill(text: string, values: Values, encode: (value: string) => string = (value) => value): string {
  return text.replace(PLACEHOLDER, (_whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new PlaceholderError(`there is no placeholder {{${name}}}`);
    if (value === "") throw new PlaceholderError(`{{${name}}} has no value here: the inventory does not say it`);
    if (value.length > MAX_VALUE || CONTROL.test(value))
      throw new PlaceholderError(`the value of {{${name}}} is not plain text`);
    return encode(value);
  });
}

/**
 * One argument of a command. A value stays within its argument, since no shell reads it; it may not turn the argument into
 * an option either. @throws PlaceholderError
 */
export function fillArgument(text: string, values: Values): string {
  const filled = fill(text, values);
  if (filled.startsWith("-") && !text.startsWith("-"))
    throw new PlaceholderError(`"${text}" would become the option "${filled.slice(0, 40)}"`);
  return filled;
}

/** A URL. `{{url}}` may be its begin; anywhere else a value is escaped, so that it stays within its part. @throws PlaceholderError */
export function fillUrl(text: string, values: Values): URL {
  const begin = /^\s*\{\{\s*url\s*\}\}/.exec(text)?.[0] ?? "";
  const filled = fill(begin, values).replace(/\/+$/, "") + fill(text.slice(begin.length), values, encodeURIComponent);
  const url = URL.parse(filled);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new PlaceholderError("the hook's url is not one of http or https");
  return url;
}

/** The value of a header, on one line and of characters that a header can bear. @throws PlaceholderError */
export function fillHeader(text: string, values: Values): string {
  const filled = fill(text, values);
  if (CONTROL.test(filled) || !/^[\u0020-\u00ff]*$/.test(filled))
    throw new PlaceholderError("the value of a header holds what a header cannot");
  return filled;
}
