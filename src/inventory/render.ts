import { type Located, inOrderOfPlace } from "./located.ts";

const MAX_SHOWN = 50;

/**
 * Errors and warnings as a compiler writes them, in order of place, one or two lines each. The lines of the file itself
 * are not repeated: one of them may hold a secret.
 */
export function renderErrors(located: readonly Located[]): string {
  const sorted = [...located].sort(inOrderOfPlace);
  const shown = sorted.slice(0, MAX_SHOWN).map(renderOne);
  const more = sorted.length - shown.length;
  if (more > 0) shown.push(`${more} more\n`);
  return shown.join("");
}

function renderOne({ severity, file, line, column, path, message, hint }: Located): string {
  const what = path === "" ? message : `${path}: ${message}`;
  const help = hint === "" ? "" : `    ${hint}\n`;
  return `${file}:${line}:${column}: ${severity}: ${what}\n${help}`;
}
