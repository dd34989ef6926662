import type {
  AlarmEvent,
  AlarmState,
  CloudCall,
  Fleet,
  ObservedAlarm,
  ObservedSubscription,
} from "../src/domain/index.ts";
import { wait } from "../src/domain/index.ts";
import { drillTargets, type DrillSite, type SitePorts } from "./drill-sites.ts";
import { paceAccount, sentence } from "./read.ts";
import { eventOf } from "./receipt.ts";
import { siteKey, type SiteWorld } from "./world.ts";

/** What became of a drill's message, wherever it arrived. Times are epoch ms. */
export interface DrillTrace {
  readonly nonce: string;
  readonly via: AlarmEvent["via"];
  /** When the topic took it; `null` where that is not told. */
  readonly publishedAt: number | null;
  readonly receivedAt: number;
  /** When the chat had it; `null` until then, or where there is no chat. */
  readonly toldAt: number | null;
  /** Why people could not be told; `null` otherwise. */
  readonly error: string | null;
}

/** One stretch of the way. */
export interface DrillHop {
  readonly name: "alarm" | "topic" | "receipt" | "slack" | "restored";
  /** `123456789012/eu-west-1` */
  readonly site: string;
  /** Epoch ms. */
  readonly at: number;
  /** Since the hop before, ms; the first since the alarm was asked to be set. */
  readonly ms: number;
}

/**
 * `unknown`: the drill could not be begun, so that nothing is known of the path; `not-received`: nothing arrived here in
 * time; `not-told`: it arrived, and Slack did not take it.
 */
export type DrillOutcome = "delivered" | "not-received" | "not-told" | "unknown";

/** How one drill went; the worst of its sites. */
export interface DrillResult {
  readonly outcome: DrillOutcome;
  /** One sentence for each site that did not deliver. */
  readonly problems: readonly string[];
  readonly hops: readonly DrillHop[];
  /** Epoch ms. */
  readonly at: number;
}

/** What is about to be set off: told before it is. */
export interface DrillTarget {
  readonly site: string;
  readonly alarm: string;
  /** `true`: an alarm of the fleet, whose real actions run. */
  readonly real: boolean;
  readonly actions: readonly string[];
  readonly subscribers: readonly (ObservedSubscription & { readonly topicArn: string })[];
}

/** What a drill needs of the shell. */
export interface DrillPorts extends SitePorts {
  newNonce(): string;
  /** What is known of this nonce by now: of this process, or of the daemon through the store. */
  trace(nonce: string): Promise<DrillTrace | undefined>;
  /** Takes the alarm's change where it was polled for want of an ingress. */
  deliver(event: AlarmEvent): Promise<void>;
  /** Whether a daemon of this fleet receives alarms now, where they arrive by themselves. */
  receives(): Promise<boolean>;
  /** Subscribers, before anything is set off; throwing calls it off. */
  announce?(target: DrillTarget): Promise<void> | void;
}

/** How to drill. */
export interface DrillOptions {
  /** Set off an alarm of the fleet instead of the dedicated one: its real actions run. */
  readonly real?: boolean;
  /** There is a chat to tell it to. */
  readonly chat: boolean;
  /** Time from the alarm's change to the chat, ms; 60 s unless set. */
  readonly boundMs?: number;
}

const BOUND_MS = 60_000;
const LOOK_MS = 500;
/** Time to set the alarm back, whatever became of the drill. */
const RESTORE_MS = 15_000;
const NO_DAEMON =
  "alarms arrive there by themselves, and no daemon of this fleet runs to take them: start it, then drill again";
const MARK = /\bcorewatch drill ([0-9a-f]{8,64})\b/;

/** The nonce in an alarm's reason: such a change is a drill's, and no matter of any deployment. */
export function drillNonce(reason: string): string | undefined {
  return MARK.exec(reason)?.[1];
}

/**
 * Drills the path from alarm to Slack at every site of the fleet, one after the other: makes the drill's alarm where it
 * is wanting, lists the subscribers, sets it to ALARM with a nonce, waits until the message was received and told, and
 * sets it back. Never throws for what AWS does.
 */
export async function runDrill(fleet: Fleet, ports: DrillPorts, options: DrillOptions): Promise<DrillResult> {
  const hops: DrillHop[] = [];
  const problems: string[] = [];
  const outcomes: DrillOutcome[] = [];
  try {
    for (const target of await drillTargets(fleet, ports, options.real === true, problems))
      outcomes.push(await drillSite(target, ports, options, hops, problems));
    if (outcomes.length === 0 && problems.length === 0)
      problems.push(
        options.real === true
          ? "no alarm of this fleet is in OK with its actions enabled and not muted: there is nothing to set off"
          : "there is no load balancer of this fleet, so there are no alarms to drill",
      );
  } catch (error) {
    problems.push(sentence(error));
    outcomes.push("unknown");
  }
  const worst = (["not-received", "not-told", "unknown"] as const).find((one) => outcomes.includes(one));
  const outcome = worst ?? (outcomes.length === 0 ? "unknown" : "delivered");
  return { outcome, problems, hops, at: ports.clock.now() };
}

async function drillSite(
  { site, name, heard }: DrillSite,
  ports: DrillPorts,
  options: DrillOptions,
  hops: DrillHop[],
  problems: string[],
): Promise<DrillOutcome> {
  const { clock } = ports;
  const where = siteKey(site);
  const call = ports.pacer.call(paceAccount(site.place), site.region, ports.signal);
  let set = false;
  let before: AlarmState = "OK";
  const nonce = ports.newNonce();
  let last = clock.now();
  const hop = (hopName: DrillHop["name"], at: number): void => {
    hops.push({ name: hopName, site: where, at, ms: Math.max(0, Math.round(at - last)) });
    last = Math.max(last, at);
  };
  try {
    const alarm = await alarmNamed(site, name, ports, call);
    if (alarm === undefined) return told(problems, "unknown", `${where}: alarm "${name}" went away`);
    if (options.real === true && (alarm.state !== "OK" || !alarm.definition.actionsEnabled))
      return told(problems, "unknown", `${where}: alarm "${name}" is no longer in OK with its actions enabled`);
    if (heard && !(await ports.receives())) return told(problems, "unknown", `${where}: ${NO_DAEMON}`);
    // The drill's own metric is published by nobody: OK is where that alarm belongs, also right after it was made.
    before = options.real === true ? alarm.state : "OK";
    const target = await targetOf(site, alarm, options, ports, call);
    await ports.announce?.(target);
    last = clock.now();
    set = true;
    const reason = `corewatch drill ${nonce}: nothing is wrong, this tries the path from alarm to Slack`;
    await ports.writer.setAlarmState(site.place, name, "ALARM", reason, undefined, call);
    const accepted = clock.now();
    const trace = await arrival({ site, name, heard }, nonce, ports, options, call);
    // The topic may have it before the answer to the request is here.
    hop("alarm", Math.min(accepted, trace?.publishedAt ?? accepted));
    if (trace === undefined) {
      // Who was to receive it went away meanwhile: that says nothing of the path.
      if (heard && !(await ports.receives())) return told(problems, "unknown", `${where}: ${NO_DAEMON}`);
      return told(problems, "not-received", `${where}: ${notReceived(name, target, heard, bound(options))}`);
    }
    if (trace.publishedAt !== null) hop("topic", trace.publishedAt);
    hop("receipt", trace.receivedAt);
    if (trace.toldAt !== null) hop("slack", trace.toldAt);
    if (options.chat && trace.toldAt === null)
      return told(
        problems,
        "not-told",
        `${where}: it was received, and Slack did not take it: ${trace.error ?? "in time"}`,
      );
    return "delivered";
  } catch (error) {
    return told(problems, "unknown", `${where}: ${sentence(error)}`);
  } finally {
    if (set) await restore(site, name, nonce, before, ports, problems, hop);
  }
}

function bound({ boundMs = BOUND_MS }: DrillOptions): number {
  return boundMs;
}

function told(problems: string[], outcome: DrillOutcome, problem: string): DrillOutcome {
  problems.push(problem);
  return outcome;
}

function notReceived(name: string, { subscribers }: DrillTarget, heard: boolean, ms: number): string {
  const within = `alarm "${name}" was set off and nothing of it arrived here within ${Math.round(ms / 1_000)} s`;
  if (!heard) return `${within}; CloudWatch was asked, and did not show it`;
  const sure = subscribers.filter((one) => one.confirmed && one.protocol !== "email");
  if (sure.length === 0) return `${within}: no confirmed https or sqs subscription is left on its topic`;
  return `${within}, though ${sure.map((one) => `${one.protocol} ${one.endpoint}`).join(" and ")} is subscribed: see that the daemon runs and can be reached`;
}

async function alarmNamed(
  { place }: SiteWorld,
  name: string,
  { reader }: DrillPorts,
  call: CloudCall,
): Promise<ObservedAlarm | undefined> {
  const [found] = await reader.alarmsNamed(place, [name], call);
  return found;
}

async function targetOf(
  site: SiteWorld,
  { definition }: ObservedAlarm,
  { real = false }: DrillOptions,
  { reader }: DrillPorts,
  call: CloudCall,
): Promise<DrillTarget> {
  const subscribers: (ObservedSubscription & { topicArn: string })[] = [];
  for (const arn of definition.alarmActions.filter((one) => one.split(":")[2] === "sns")) {
    const topic = await reader.topic(site.place, arn, call);
    subscribers.push(...(topic?.subscriptions ?? []).map((one) => ({ ...one, topicArn: arn })));
  }
  return { site: siteKey(site), alarm: definition.name, real, actions: definition.alarmActions, subscribers };
}

/** Waits for the message and, where there is a chat, for the chat to have it. */
async function arrival(
  { site, name, heard }: DrillSite,
  nonce: string,
  ports: DrillPorts,
  options: DrillOptions,
  call: CloudCall,
): Promise<DrillTrace | undefined> {
  const { clock, signal } = ports;
  const end = clock.monotonic() + bound(options);
  for (let delivered = false; ;) {
    if (!heard && !delivered) {
      const alarm = await alarmNamed(site, name, ports, call);
      if (alarm !== undefined && drillNonce(alarm.stateReason) === nonce && alarm.state === "ALARM") {
        delivered = true;
        await ports.deliver(eventOf(alarm));
      }
    }
    const trace = await ports.trace(nonce);
    const isDone = trace !== undefined && (trace.toldAt !== null || trace.error !== null || !options.chat);
    if (isDone || signal.aborted || clock.monotonic() >= end) return trace;
    await wait(clock, LOOK_MS, signal);
  }
}

/** Back to its true state, unless it went there by itself. */
async function restore(
  site: SiteWorld,
  name: string,
  nonce: string,
  state: AlarmState,
  ports: DrillPorts,
  problems: string[],
  hop: (name: "restored", at: number) => void,
): Promise<void> {
  const late = new AbortController();
  const timer = ports.clock.after(RESTORE_MS, () => late.abort());
  const call = ports.pacer.call(paceAccount(site.place), site.region, late.signal);
  try {
    const alarm = await alarmNamed(site, name, ports, call);
    if (alarm !== undefined && alarm.state === "ALARM" && drillNonce(alarm.stateReason) === nonce)
      await ports.writer.setAlarmState(site.place, name, state, `corewatch drill ${nonce} is over`, undefined, call);
    hop("restored", ports.clock.now());
  } catch (error) {
    problems.push(
      `${siteKey(site)}: alarm "${name}" could not be set back (${sentence(error)}): CloudWatch does so by itself at its next evaluation`,
    );
  } finally {
    timer.clear();
  }
}
