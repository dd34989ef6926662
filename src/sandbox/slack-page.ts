import { escapeHtml, mrkdwnHtml, plainHtml } from "./slack-markup.ts";
import { PAGE_STYLE } from "./slack-style.ts";
import type { SlackMessage } from "./slack-wire.ts";

/** Newest messages shown of each channel. */
const MAX_SHOWN = 100;

/** The page that shows, like a chat, what was received; it brings itself up to date. */
export function slackPage(messages: readonly SlackMessage[]): string {
  const channels = [...new Set(messages.map((message) => message.channel))].sort();
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox Slack</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<div id="app">
<nav aria-label="Channels">
<h1>Sandbox</h1>
<p class="count">${messages.length} ${messages.length === 1 ? "message" : "messages"} received</p>
<ul>${channels.map((channel) => `<li><a href="#${escapeHtml(idOf(channel))}">${escapeHtml(channel)}</a></li>`).join("")}</ul>
</nav>
<main>${channels.length === 0 ? '<p class="empty">Nothing was received yet. A healthy fleet is a quiet one.</p>' : channels.map((channel) => channelHtml(channel, messages)).join("\n")}</main>
</div>
<script>
const refresh = async () => {
  const answer = await fetch("/");
  const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("app");
  document.getElementById("app").replaceChildren(...next.childNodes);
};
let waiting;
new EventSource("/events").onmessage = () => {
  clearTimeout(waiting);
  waiting = setTimeout(refresh, 100);
};
</script>
</body>
</html>`;
}

function channelHtml(channel: string, messages: readonly SlackMessage[]): string {
  const here = messages.filter((message) => message.channel === channel);
  const roots = here.filter((message) => message.threadTs === null || message.broadcast).slice(-MAX_SHOWN);
  return `<section id="${escapeHtml(idOf(channel))}">
<h2>${escapeHtml(channel)}</h2>
${roots.map((message) => messageHtml(message, here)).join("\n")}
</section>`;
}

function messageHtml(message: SlackMessage, here: readonly SlackMessage[]): string {
  const thread = message.threadTs === null ? here.filter((reply) => reply.threadTs === message.ts) : [];
  const parent = here.find((other) => other.ts === message.threadTs);
  const origin =
    message.threadTs === null
      ? ""
      : `<p class="origin">replied to a thread: ${plainHtml((parent?.text ?? "").split("\n")[0]?.slice(0, 90) ?? "")}</p>`;
  return `<article class="message${message.threadTs === null ? "" : " broadcast"}">
<div class="avatar" aria-hidden="true">cw</div>
<div class="body">
<p class="who"><b>corewatch</b> <span class="app">APP</span> ${clockHtml(message.receivedAt)}${message.edits === 0 ? "" : ` <span class="edited">edited ${message.edits} ${message.edits === 1 ? "time" : "times"}</span>`}</p>
${origin}${contentHtml(message)}
${threadHtml(thread)}
</div>
</article>`;
}

function threadHtml(replies: readonly SlackMessage[]): string {
  if (replies.length === 0) return "";
  const lines = replies.map(
    (reply) =>
      `<li>${clockHtml(reply.receivedAt)}<div>${mrkdwnHtml(reply.text)}${reply.broadcast ? ' <span class="mark">also sent to the channel</span>' : ""}</div></li>`,
  );
  return `<details open class="thread"><summary>${replies.length} ${replies.length === 1 ? "reply" : "replies"}</summary><ol>${lines.join("")}</ol></details>`;
}

function contentHtml(message: SlackMessage): string {
  if (message.blocks.length === 0) return `<div class="section">${mrkdwnHtml(message.text)}</div>`;
  return `<div class="card ${toneOf(message.text)}">${message.blocks.map(blockHtml).join("\n")}</div>`;
}

/** Colour of the card's edge, from the sign that its text begins with. */
function toneOf(text: string): string {
  if (text.includes(":white_check_mark:")) return "good";
  if (text.includes(":red_circle:")) return "critical";
  if (text.includes(":large_orange_circle:")) return "major";
  return text.includes(":large_yellow_circle:") ? "minor" : "plain";
}

function blockHtml(block: unknown): string {
  if (!isRecord(block)) return "";
  switch (block["type"]) {
    case "header":
      return `<h3>${textHtml(block["text"])}</h3>`;
    case "section": {
      const text = block["text"] === undefined ? "" : `<div class="section">${textHtml(block["text"])}</div>`;
      const fields = Array.isArray(block["fields"]) ? block["fields"] : [];
      return `${text}${fields.length === 0 ? "" : `<div class="fields">${fields.map((field) => `<div>${textHtml(field)}</div>`).join("")}</div>`}`;
    }
    case "context":
      return `<div class="context">${(Array.isArray(block["elements"]) ? block["elements"] : []).map((element) => `<div>${textHtml(element)}</div>`).join("")}</div>`;
    case "divider":
      return "<hr>";
    default:
      return "";
  }
}

function textHtml(text: unknown): string {
  if (!isRecord(text) || typeof text["text"] !== "string") return "";
  return text["type"] === "plain_text" ? plainHtml(text["text"]) : mrkdwnHtml(text["text"]);
}

function clockHtml(at: number): string {
  const iso = new Date(at).toISOString();
  return `<time datetime="${iso}">${iso.slice(11, 19)}</time>`;
}

function idOf(channel: string): string {
  return `channel-${channel.replace(/[^\w-]/g, "")}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
