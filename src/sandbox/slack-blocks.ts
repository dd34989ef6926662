/** Slack's limits on blocks, as far as messages here can run into them. */
const LIMITS = { blocks: 50, header: 150, section: 3_000, field: 2_000, fields: 10, elements: 10 } as const;

/** Why Slack would refuse `blocks`, as its `response_metadata.messages` say it; empty when it would take them. */
export function blockErrors(blocks: unknown): string[] {
  if (!Array.isArray(blocks)) return ["[ERROR] must be an array [json-pointer:/blocks]"];
  const errors: string[] = [];
  if (blocks.length > LIMITS.blocks)
    errors.push(`[ERROR] no more than ${LIMITS.blocks} items allowed [json-pointer:/blocks]`);
  blocks.forEach((block: unknown, index) => errors.push(...errorsOf(block, `/blocks/${index}`)));
  return errors;
}

function errorsOf(block: unknown, at: string): string[] {
  if (!isRecord(block)) return [`[ERROR] must be an object [json-pointer:${at}]`];
  switch (block["type"]) {
    case "header":
      return textErrors(block["text"], ["plain_text"], LIMITS.header, `${at}/text`);
    case "section":
      return sectionErrors(block, at);
    case "context":
      return listErrors(block["elements"], LIMITS.elements, LIMITS.section, `${at}/elements`);
    case "divider":
      return [];
    default:
      return [`[ERROR] unsupported type: ${String(block["type"])} [json-pointer:${at}/type]`];
  }
}

function sectionErrors(block: Record<string, unknown>, at: string): string[] {
  const { text, fields } = block;
  if (text === undefined && fields === undefined)
    return [`[ERROR] missing required field: text or fields [json-pointer:${at}]`];
  return [
    ...(text === undefined ? [] : textErrors(text, ["mrkdwn", "plain_text"], LIMITS.section, `${at}/text`)),
    ...(fields === undefined ? [] : listErrors(fields, LIMITS.fields, LIMITS.field, `${at}/fields`)),
  ];
}

function listErrors(list: unknown, max: number, length: number, at: string): string[] {
  if (!Array.isArray(list) || list.length === 0) return [`[ERROR] must hold at least one item [json-pointer:${at}]`];
  if (list.length > max) return [`[ERROR] no more than ${max} items allowed [json-pointer:${at}]`];
  return list.flatMap((item: unknown, index) => textErrors(item, ["mrkdwn", "plain_text"], length, `${at}/${index}`));
}

function textErrors(value: unknown, types: readonly string[], max: number, at: string): string[] {
  if (!isRecord(value) || typeof value["text"] !== "string")
    return [`[ERROR] missing required field: text [json-pointer:${at}]`];
  if (!types.includes(String(value["type"]))) return [`[ERROR] unsupported type [json-pointer:${at}/type]`];
  if (value["text"].length === 0) return [`[ERROR] must be more than 0 characters [json-pointer:${at}/text]`];
  if (value["text"].length > max) return [`[ERROR] must be less than ${max + 1} characters [json-pointer:${at}/text]`];
  return [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
