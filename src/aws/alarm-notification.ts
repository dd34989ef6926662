import type { AlarmEvent, AlarmState, Dimension } from "../domain/index.ts";
import { parseJson } from "./sns-message.ts";

const ALARM_ARN = /^arn:aws[\w-]*:cloudwatch:([a-z0-9-]+):(\d{12}):alarm:(.+)$/s;
/** A reason is shown to people; the API keeps 1,023 characters of it. */
const MAX_REASON = 1_023;
/** A metric has at most so many dimensions. */
const MAX_DIMENSIONS = 30;

/** What the message of an alarm says; `undefined` when it is no alarm's message. Times and names are taken from outside as they are. */
export function parseAlarmNotification(message: string, via: "sns" | "sqs"): AlarmEvent | undefined {
  const fields = fieldsOf(parseJson(message));
  if (fields === undefined) return undefined;
  const [arn, name] = [textOf(fields, "AlarmArn"), textOf(fields, "AlarmName")];
  const [state, previous] = [textOf(fields, "NewStateValue"), textOf(fields, "OldStateValue")];
  const at = timeOf(textOf(fields, "StateChangeTime"));
  const [, region, account, arnName] = ALARM_ARN.exec(arn ?? "") ?? [];
  if (arn === undefined || region === undefined || account === undefined || at === undefined) return undefined;
  // The ARN is what the rest is looked up by: a name that is not its own is not to be believed.
  if (name !== arnName || name === undefined || !isState(state)) return undefined;
  return {
    arn,
    account,
    region,
    name,
    state,
    previous: isState(previous) ? previous : null,
    reason: (textOf(fields, "NewStateReason") ?? "").slice(0, MAX_REASON),
    at,
    metric: metricOf(fieldsOf(fields.get("Trigger"))),
    via,
  };
}

function metricOf(trigger: Fields | undefined): AlarmEvent["metric"] {
  if (trigger === undefined) return null;
  const [namespace, metric] = [textOf(trigger, "Namespace"), textOf(trigger, "MetricName")];
  if (namespace === undefined || metric === undefined) return null;
  const given = trigger.get("Dimensions");
  const list: readonly unknown[] = Array.isArray(given) ? given : [];
  const dimensions = list.slice(0, MAX_DIMENSIONS).flatMap((one): Dimension[] => {
    const fields = fieldsOf(one);
    const [name, value] = fields === undefined ? [] : [textOf(fields, "name"), textOf(fields, "value")];
    return name === undefined || value === undefined ? [] : [{ name, value }];
  });
  return { namespace, metric, dimensions };
}

type Fields = ReadonlyMap<string, unknown>;

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : undefined;
}

function textOf(fields: Fields, name: string): string | undefined {
  const value = fields.get(name);
  return typeof value === "string" ? value : undefined;
}

function isState(text: string | undefined): text is AlarmState {
  return text === "OK" || text === "ALARM" || text === "INSUFFICIENT_DATA";
}

/** `2026-11-21T09:00:00.000+0000`: the offset has no colon. */
function timeOf(text: string | undefined): number | undefined {
  const at = Date.parse((text ?? "").replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
  return Number.isNaN(at) ? undefined : at;
}
