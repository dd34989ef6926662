import { DEFAULTS } from "../../checks/check.ts";
import type { Check, ProbeContext, Task } from "../../checks/check.ts";
import type { ProbePorts } from "../../checks/run.ts";
import type { CheckKind, CheckSettings, Clock, Outcome } from "../../src/domain/index.ts";

/** Ports of probes that only look at the clock: everything else refuses. */
export function clockPorts(clock: Clock): ProbePorts {
  const refuse = (): Promise<never> => Promise.reject(new Error("these probes only look at the clock"));
  const close = (): Promise<void> => Promise.resolve();
  return {
    clock,
    http: { request: refuse, close },
    net: { tcp: refuse, tls: refuse, dns: refuse },
    postgres: { look: refuse, close },
    mysql: { look: refuse, close },
    loadBalancers: { describe: refuse },
    keySets: { record: () => {}, consensus: () => undefined, recordedAt: () => undefined },
    beats: { since: clock.now(), last: () => undefined },
  };
}

/** The same probe for every kind of check. */
export function allKinds(
  probe: (input: unknown, context: ProbeContext) => Promise<Outcome>,
): Record<CheckKind, Pick<Check, "probe">> {
  const one = { probe };
  return {
    hello: one,
    jwks: one,
    postgres: one,
    mysql: one,
    "through-load-balancer": one,
    "load-balancer": one,
    "target-health": one,
    tls: one,
    dns: one,
    tcp: one,
    session: one,
    http: one,
    heartbeat: one,
  };
}

/** A core's task; the input is its name. */
export function coreTask(name: string, check: CheckKind = "hello"): Task {
  const [deployment = "acme"] = name.split("/");
  return { target: { kind: "core", id: name, deployment }, check, input: name };
}

/** Default settings with `schedule`. */
export function settings(schedule = "*/10 * * * * *", more: Partial<CheckSettings> = {}): CheckSettings {
  return { ...DEFAULTS, schedule, timezone: "UTC", ...more };
}

/** What a well target gives. */
export const UP: Outcome = { health: "up", reason: "ok", detail: "", measures: {} };
