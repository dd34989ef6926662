/** A message of SNS as it arrives at an endpoint or in a queue, before anything of it is believed. */
export interface SnsEnvelope {
  readonly type: "Notification" | "SubscriptionConfirmation" | "UnsubscribeConfirmation";
  readonly id: string;
  readonly topicArn: string;
  readonly subject: string | undefined;
  readonly message: string;
  /** As it was written: the signature is over this text. */
  readonly timestamp: string;
  /** Only of the two confirmations. */
  readonly token: string | undefined;
  readonly subscribeUrl: string | undefined;
  readonly signatureVersion: string;
  /** Base64. */
  readonly signature: string;
  readonly certificateUrl: string;
}

/** A message of SNS holds at most 256 KiB; its envelope escapes and signs it. */
export const MAX_SNS_BYTES = 600_000;

/** Reads the envelope; `undefined` when it is not one. */
export function parseEnvelope(body: string): SnsEnvelope | undefined {
  const value = parseJson(body);
  if (typeof value !== "object" || value === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(value));
  const text = (name: string): string | undefined => {
    const field = fields.get(name);
    return typeof field === "string" ? field : undefined;
  };
  const type = text("Type");
  const [id, topicArn, message, timestamp] = [text("MessageId"), text("TopicArn"), text("Message"), text("Timestamp")];
  const [signatureVersion, signature] = [text("SignatureVersion"), text("Signature")];
  const certificateUrl = text("SigningCertURL") ?? text("SigningCertUrl");
  if (type !== "Notification" && type !== "SubscriptionConfirmation" && type !== "UnsubscribeConfirmation")
    return undefined;
  if (id === undefined || topicArn === undefined || message === undefined || timestamp === undefined) return undefined;
  if (signatureVersion === undefined || signature === undefined || certificateUrl === undefined) return undefined;
  return {
    type,
    id,
    topicArn,
    subject: text("Subject"),
    message,
    timestamp,
    token: text("Token"),
    subscribeUrl: text("SubscribeURL"),
    signatureVersion,
    signature,
    certificateUrl,
  };
}

/** The text that SNS signs: names and values of certain fields, each on a line, in the order of their names. */
export function signedText(envelope: SnsEnvelope): string {
  const { type, id, topicArn, subject, message, timestamp, token, subscribeUrl } = envelope;
  const fields: readonly (readonly [string, string | undefined])[] =
    type === "Notification"
      ? [
          ["Message", message],
          ["MessageId", id],
          ["Subject", subject],
          ["Timestamp", timestamp],
          ["TopicArn", topicArn],
          ["Type", type],
        ]
      : [
          ["Message", message],
          ["MessageId", id],
          ["SubscribeURL", subscribeUrl],
          ["Timestamp", timestamp],
          ["Token", token],
          ["TopicArn", topicArn],
          ["Type", type],
        ];
  return fields.map(([name, value]) => (value === undefined ? "" : `${name}\n${value}\n`)).join("");
}

/** `undefined` for what is not JSON: it comes from outside. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
