import { createHash, sign } from "node:crypto";
import { generate } from "selfsigned";

/** What every message that SNS sends to an endpoint or a queue holds, before it is signed. */
export interface Unsigned {
  readonly Type: "SubscriptionConfirmation" | "Notification" | "UnsubscribeConfirmation";
  readonly MessageId: string;
  readonly TopicArn: string;
  readonly Message: string;
  readonly Timestamp: string;
  readonly Subject?: string;
  readonly Token?: string;
  readonly SubscribeURL?: string;
  readonly UnsubscribeURL?: string;
}

/** Signs as SNS does. */
export interface Signer {
  /** PEM of the certificate that signatures are verified with. */
  readonly certificate: string;
  /** `/SimpleNotificationService-<hex>.pem` */
  readonly path: string;
  /** The whole document, as JSON. */
  signed(message: Unsigned, version: "1" | "2", region: string): string;
}

/** Fields of the text that is signed, in this order; each line is a name, and the next its value. */
const NOTIFICATION = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"] as const;
const CONFIRMATION = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"] as const;

/** Makes a key and its certificate. */
export async function createSigner(): Promise<Signer> {
  const made = await generate([{ name: "commonName", value: "sns.amazonaws.com" }], { keyType: "rsa", keySize: 2048 });
  const name = createHash("sha256").update(made.cert).digest("hex").slice(0, 32);
  const path = `/SimpleNotificationService-${name}.pem`;
  return {
    certificate: made.cert,
    path,
    signed: (message, version, region) => {
      const fields = message.Type === "Notification" ? NOTIFICATION : CONFIRMATION;
      const text = fields
        .filter((field) => message[field] !== undefined)
        .map((field) => `${field}\n${message[field]}\n`)
        .join("");
      const signature = sign(version === "2" ? "RSA-SHA256" : "RSA-SHA1", Buffer.from(text), made.private);
      return JSON.stringify({
        ...message,
        SignatureVersion: version,
        Signature: signature.toString("base64"),
        SigningCertURL: `https://sns.${region}.amazonaws.com${path}`,
      });
    },
  };
}
