/** Slack's mrkdwn as HTML, for the page that shows what was received. */

const EMOJI: Readonly<Record<string, string>> = {
  red_circle: "🔴",
  large_orange_circle: "🟠",
  large_yellow_circle: "🟡",
  large_green_circle: "🟢",
  white_check_mark: "✅",
  eyes: "👀",
  no_bell: "🔕",
  link: "🔗",
  warning: "⚠️",
};

/** Text that nothing in HTML can mistake for markup. */
export function escapeHtml(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}

/** A `plain_text`: emoji only. */
export function plainHtml(text: string): string {
  return emoji(escapeHtml(text));
}

/** A `mrkdwn`: Slack's entities, links, mentions, dates, bold, code and emoji. */
export function mrkdwnHtml(text: string): string {
  return text
    .split(/(<[^<>\n]+>|`[^`\n]+`)/)
    .map((part) => {
      if (part.startsWith("<") && part.endsWith(">")) return angled(part.slice(1, -1));
      if (part.length > 2 && part.startsWith("`") && part.endsWith("`"))
        return `<code>${clean(part.slice(1, -1))}</code>`;
      return emoji(clean(part))
        .replace(/(^|\s)(@[a-z0-9][\w.-]*)/gi, '$1<span class="mention">$2</span>')
        .replace(/(^|[\s(])\*([^*\n]+)\*(?=$|[\s.,:;!?)])/g, "$1<b>$2</b>")
        .replace(/\n/g, "<br>");
    })
    .join("");
}

function angled(inner: string): string {
  const [target = "", label] = inner.split("|");
  const date = /^!date\^(\d{1,12})\^([^^]+)/.exec(target);
  if (date?.[1] !== undefined && date[2] !== undefined) return dateHtml(Number(date[1]), date[2], label ?? "");
  if (/^(![a-z]|@[UW])/.test(target))
    return `<span class="mention">${clean(label ?? target.replace(/^!(subteam\^)?/, "@"))}</span>`;
  if (/^https?:\/\//.test(target)) return `<a href="${clean(target)}" rel="noreferrer">${clean(label ?? target)}</a>`;
  return clean(label ?? target);
}

function dateHtml(seconds: number, format: string, fallback: string): string {
  const iso = new Date(seconds * 1000).toISOString();
  const short = format.replace("{date_short_pretty}", iso.slice(0, 10)).replace("{time_secs}", iso.slice(11, 19));
  return `<time datetime="${iso}" title="${clean(fallback)}">${escapeHtml(short)}</time>`;
}

/** Slack escapes only `&`, `<` and `>`; everything else of the sender's is escaped here. */
function clean(text: string): string {
  return escapeHtml(text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&"));
}

function emoji(html: string): string {
  return html.replace(/:([a-z_]+):/g, (all, name: string) => EMOJI[name] ?? all);
}
