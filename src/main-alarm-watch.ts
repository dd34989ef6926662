import { randomBytes } from "node:crypto";
import type { AlarmCloud } from "./cli/doors.ts";
import type { Clock, Messenger } from "./domain/index.ts";
import type { AlarmWatchOptions } from "./watch/alarm-watch.ts";
import type { AlarmWorld } from "./watch/alarm-tasks.ts";
import type { Told } from "./watch/alarm-drills.ts";

/** What joining alarms to the daemon takes. */
interface AlarmParts {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cloud: () => Promise<AlarmCloud>;
  /** The chat of now, and the channel that drills are told in. */
  readonly chat: () => { readonly messenger: Messenger; readonly channel: string } | undefined;
}

/** The adapters behind the daemon's watch over CloudWatch alarms; each is loaded when alarms are first wanted. */
export function alarmParts({
  clock,
  env,
  cloud,
  chat,
}: AlarmParts): Pick<AlarmWatchOptions, "world" | "tell" | "newNonce"> {
  return {
    world: () => loadWorld(clock, env, cloud),
    tell: (text, nonce) => tellDrill(chat(), text, nonce),
    newNonce: () => randomBytes(8).toString("hex"),
  };
}

async function loadWorld(clock: Clock, env: AlarmParts["env"], cloud: AlarmParts["cloud"]): Promise<AlarmWorld> {
  const [{ createAlarmQueue }, { parseAlarmNotification }, certificates, signature, sns, message] = await Promise.all([
    import("./aws/alarm-queue.ts"),
    import("./aws/alarm-notification.ts"),
    import("./aws/sns-certificates.ts"),
    import("./aws/sns-signature.ts"),
    import("./aws/sns.ts"),
    import("./aws/sns-message.ts"),
  ]);
  const aws = await cloud();
  const queue = createAlarmQueue({});
  const confirmer = sns.createSubscriptionConfirmer({});
  const endpoint = env["AWS_ENDPOINT_URL_SNS"] ?? env["AWS_ENDPOINT_URL"];
  const source = certificates.createCertificateSource({ clock, ...(endpoint === undefined ? {} : { endpoint }) });
  return {
    reader: aws.reader,
    writer: aws.writer,
    pacer: aws.pacer,
    close: () => aws.close(),
    queues: {
      receive: (place, arn, waitMs, signal) => queue.receive(place, arn, waitMs, signal),
      done: (place, arn, receipt, signal) => queue.done(place, arn, receipt, signal),
      read(body) {
        const envelope = message.parseEnvelope(body);
        const event = parseAlarmNotification(envelope?.message ?? body, "sqs");
        const at = Date.parse(envelope?.timestamp ?? "");
        return { event, topicArn: envelope?.topicArn ?? null, publishedAt: Number.isNaN(at) ? null : at };
      },
    },
    parse: (text) => parseAlarmNotification(text, "sns"),
    confirm: (place, topicArn, token, signal) => confirmer.confirm(place, topicArn, token, signal),
    verifier(isOurs) {
      const verifier = signature.createSnsVerifier({ clock, certificates: source, isOurs });
      return (body) => verifier.verify(body);
    },
  };
}

/** Posts to the fleet's channel; every word says that it is a drill. */
export async function tellDrill(
  chat: { readonly messenger: Messenger; readonly channel: string } | undefined,
  text: string,
  nonce: string,
): Promise<Told | undefined> {
  if (chat === undefined) return undefined;
  const sent = await chat.messenger.post(chat.channel, {
    text: `:test_tube: ${text}`,
    blocks: [],
    metadata: { incident: `drill-${nonce}`, notice: 0, kind: "card" },
  });
  return sent.ok ? { ok: true } : { ok: false, error: sent.detail ?? sent.error };
}
