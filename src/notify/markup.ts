/** Text as Slack's mrkdwn wants it: escaped, within limits, and without mentions that nobody meant. */

/** Longest text of a section; Slack allows 3,000. */
export const SECTION_LIMIT = 2_900;
/** Longest header; Slack allows 150. */
export const HEADER_LIMIT = 148;

/** Joins nothing to nothing: keeps `@here` in somebody's answer from becoming a mention. */
const WORD_JOINER = "\u2060";

/** `text` with Slack's three control characters escaped and its `@names` made harmless. */
export function escapeText(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/(^|[^\w.])@(?=\w)/g, `$1@${WORD_JOINER}`);
}

/** `text` on one line: control characters become spaces. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}

/** At most `max` characters; never cuts inside an entity (`&amp;`) or a surrogate pair. */
export function bound(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text
    .slice(0, max - 1)
    .replace(/&[a-z]{0,4}$/, "")
    .replace(/[\uD800-\uDBFF]$/, "");
  return `${cut}…`;
}

/**
 * Sentences as a bulleted list of at most `max` lines that fits a section, with how many were left out of `total` (where
 * not all have a line here).
 */
export function bullets(lines: readonly string[], max: number, total = lines.length): string {
  const shown: string[] = [];
  let length = 40;
  for (const line of lines.slice(0, max)) {
    const bullet = `• ${bound(line, 400)}`;
    if (length + bullet.length + 1 > SECTION_LIMIT) break;
    shown.push(bullet);
    length += bullet.length + 1;
  }
  const left = Math.max(lines.length, total) - shown.length;
  return left === 0 ? shown.join("\n") : [...shown, `• and ${left} more`].join("\n");
}

/** A configured mention as Slack's markup; what is none of Slack's forms stays a word. */
export function mentionMarkup(mention: string): string {
  const trimmed = mention.trim();
  if (/^<(!here|!channel|!everyone|@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+)(\|[^<>|]*)?>$/.test(trimmed)) return trimmed;
  const everybody = /^[@!]?(here|channel|everyone)$/.exec(trimmed);
  if (everybody?.[1] !== undefined) return `<!${everybody[1]}>`;
  if (/^@[a-z0-9][a-z0-9._-]{0,79}$/i.test(trimmed)) return trimmed;
  return escapeText(trimmed);
}

/** A time that Slack shows in the reader's own zone; UTC where it cannot. */
export function timeMarkup(at: number, format: "{time_secs}" | "{date_short_pretty} {time_secs}"): string {
  return `<!date^${Math.floor(at / 1000)}^${format}|${utc(at)}>`;
}

/** `2026-11-21 08:00:00 UTC` */
export function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
