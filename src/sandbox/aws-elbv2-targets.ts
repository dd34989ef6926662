import type { AwsTarget, TargetChanges } from "./aws-elbv2-model.ts";

/** The words of DescribeTargetHealth on each state. */
const WORDS: Readonly<Record<AwsTarget["state"], readonly [reason: string, description: string]>> = {
  initial: ["Elb.RegistrationInProgress", "Target registration is in progress"],
  healthy: ["", ""],
  unhealthy: ["Target.FailedHealthChecks", "Health checks failed"],
  "unhealthy.draining": ["Target.FailedHealthChecks", "Health checks failed, and connections are draining"],
  draining: ["Target.DeregistrationInProgress", "Target deregistration is in progress"],
  unused: ["Target.NotInUse", "Target is in an Availability Zone that is not enabled for the load balancer"],
  unavailable: ["Target.HealthCheckDisabled", "Health checks are disabled for this target"],
};

/** Targets that nothing really stands behind: they are what they are set to, and drain in their time. */
export interface ModelTargets {
  targets(): readonly AwsTarget[];
  readonly changes: TargetChanges;
  /** Puts a registered target into a state, in that state's own words unless others are given. @throws Error when there is none */
  set(
    id: string,
    port: number,
    state: AwsTarget["state"],
    words?: readonly [reason: string, description: string],
  ): void;
}

/** Settings of {@link modelTargets}. */
export interface ModelTargetsOptions {
  /** Epoch ms. */
  readonly now: () => number;
  /** Zone of an instance; `undefined`: it does not run, and cannot be registered. */
  readonly zoneOf: (id: string) => string | undefined;
  /** From registration to healthy, ms. */
  readonly initialMs?: number;
  /** From deregistration to gone, ms; AWS's 300 s unless set. */
  readonly drainMs?: number;
}

interface Entry {
  readonly id: string;
  readonly port: number;
  readonly zone: string;
  state: AwsTarget["state"];
  words: readonly [string, string];
  /** When it becomes healthy, or is gone; epoch ms. */
  until: number | undefined;
}

/** Targets for a target group of the model, without a load balancer that runs. */
export function modelTargets(options: ModelTargetsOptions): ModelTargets {
  const { now, zoneOf, initialMs = 0, drainMs = 300_000 } = options;
  const entries = new Map<string, Entry>();
  const settle = (): void => {
    for (const [key, entry] of entries) {
      if (entry.until === undefined || entry.until > now()) continue;
      if (entry.state === "initial") become(entry, "healthy", undefined);
      else entries.delete(key);
    }
  };
  const become = (entry: Entry, state: Entry["state"], until: number | undefined): void => {
    entry.state = state;
    entry.words = WORDS[state];
    entry.until = until;
  };
  return {
    targets() {
      settle();
      return [...entries.values()].map(({ id, port, zone, state, words: [reason, description] }) => ({
        id,
        port,
        zone,
        state,
        reason,
        description,
      }));
    },
    changes: {
      register(id, port) {
        settle();
        const zone = zoneOf(id);
        if (zone === undefined) return false;
        const entry = entries.get(`${id}:${port}`);
        // Registering what is registered changes nothing; what is draining is taken back.
        if (entry !== undefined && entry.state !== "draining") return true;
        const made: Entry = { id, port, zone, state: "initial", words: WORDS.initial, until: now() + initialMs };
        entries.set(`${id}:${port}`, made);
        return true;
      },
      deregister(id, port) {
        settle();
        const entry = entries.get(`${id}:${port}`);
        if (entry !== undefined && entry.state !== "draining") become(entry, "draining", now() + drainMs);
      },
    },
    set(id, port, state, words) {
      settle();
      const entry = entries.get(`${id}:${port}`);
      if (entry === undefined) throw new Error(`no target ${id}:${port} is registered`);
      become(entry, state, undefined);
      if (words !== undefined) entry.words = words;
    },
  };
}
