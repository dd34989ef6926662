import type { HostNotice } from "../domain/index.ts";

/** A spot instance is taken this long after its warning, ms. */
const WARNING_MS = 120_000;
const INSTANCE = /^i-[0-9a-z]{1,40}$/;
const MAX_STATE = 40;

/**
 * What a message of EventBridge says of a host, as it stands in a queue: by itself, or within the envelope of a topic.
 * `undefined`: it is about something else. Never throws.
 */
export function parseHostNotice(body: string): HostNotice | undefined {
  const message = recordIn(body);
  const inner = message?.["Type"] === "Notification" ? message["Message"] : undefined;
  const event = typeof inner === "string" ? recordIn(inner) : message;
  if (event?.["source"] !== "aws.ec2") return undefined;
  const { detail } = event;
  const instance = textIn(detail, "instance-id");
  if (instance === undefined || !INSTANCE.test(instance)) return undefined;
  switch (event["detail-type"]) {
    case "EC2 Spot Instance Interruption Warning": {
      const sent = Date.parse(String(event["time"]));
      return { kind: "spot-interruption", instance, at: Number.isNaN(sent) ? null : sent + WARNING_MS, state: null };
    }
    case "EC2 Instance Rebalance Recommendation":
      return { kind: "rebalance-recommendation", instance, at: null, state: null };
    case "EC2 Instance State-change Notification": {
      const state = textIn(detail, "state");
      return state === undefined
        ? undefined
        : { kind: "instance-state", instance, at: null, state: state.slice(0, MAX_STATE) };
    }
    default:
      return undefined;
  }
}

/** The record that a text holds as JSON; `undefined` when it is none. */
export function recordIn(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? Object.fromEntries(Object.entries(parsed))
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function textIn(holder: unknown, key: string): string | undefined {
  const value: unknown = typeof holder === "object" && holder !== null ? Reflect.get(holder, key) : undefined;
  return typeof value === "string" ? value : undefined;
}
