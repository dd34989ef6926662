/** What placeholders stand for at one moment. */
export interface Values {
  readonly tag: string;
  readonly random: () => number;
  readonly secrets: Readonly<Record<string, string>>;
  /** What was extracted from answers. */
  readonly vars: ReadonlyMap<string, string>;
}

/** A text with placeholders, taken apart once. */
export interface Template {
  /** Names of placeholders that answers fill. */
  readonly vars: readonly string[];
  /** Names of secrets. */
  readonly secrets: readonly string[];
  /** Placeholders that mean nothing. */
  readonly unknown: readonly string[];
  /** `escape` makes a value fit its place. An answer's value that is not there yet is empty. */
  fill(values: Values, escape: (value: string) => string): string;
}

const PLACEHOLDER = /\{\{([^{}]*)\}\}/;

/** Takes a text with `{{tag}}`, `{{random.uuid}}`, `{{secret.NAME}}` and `{{name}}` apart. */
export function template(text: string): Template {
  const parts = text.split(PLACEHOLDER).map((part, index) => (index % 2 === 0 ? part : part.trim()));
  const names = parts.filter((_, index) => index % 2 === 1);
  const secrets = names.filter((name) => /^secret\.\w+$/.test(name)).map((name) => name.slice("secret.".length));
  const vars = names.filter((name) => /^[a-zA-Z_]\w*$/.test(name) && name !== "tag");
  const known = new Set([...vars, ...secrets.map((name) => `secret.${name}`), "tag", "random.uuid"]);
  return {
    vars,
    secrets,
    unknown: names.filter((name) => !known.has(name)),
    fill: (values, escape) =>
      names.length === 0
        ? text
        : parts.map((part, index) => (index % 2 === 0 ? part : escape(valueOf(part, values)))).join(""),
  };
}

function valueOf(name: string, { tag, random, secrets, vars }: Values): string {
  if (name === "tag") return tag;
  if (name === "random.uuid") return uuid(random);
  if (name.startsWith("secret.")) return secrets[name.slice("secret.".length)] ?? "";
  return vars.get(name) ?? "";
}

/** A version 4 UUID from the seeded numbers. */
function uuid(random: () => number): string {
  const hex = Array.from({ length: 32 }, (_, index) => {
    if (index === 12) return "4";
    const digit = Math.floor(random() * 16);
    return (index === 16 ? (digit & 3) | 8 : digit).toString(16);
  }).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
