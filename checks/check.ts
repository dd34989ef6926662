import type {
  BeatReader,
  CheckKind,
  CheckSettings,
  Clock,
  DatabaseProber,
  Fleet,
  HttpProber,
  KeySets,
  LoadBalancerReader,
  NetProber,
  Outcome,
  Target,
} from "../src/domain/index.ts";

/** What a probe may use. The engine owns deadline, duration, slot and the outcome's binding; a check only looks and says what it saw. */
export interface ProbeContext {
  readonly clock: Clock;
  readonly settings: CheckSettings;
  readonly http: HttpProber;
  readonly net: NetProber;
  readonly postgres: DatabaseProber;
  readonly mysql: DatabaseProber;
  readonly loadBalancers: LoadBalancerReader;
  readonly keySets: KeySets;
  readonly beats: BeatReader;
  /** Aborts at the deadline (`settings.timeoutMs` after the start) and at shutdown. */
  readonly signal: AbortSignal;
  /** The probe's own log, for `corewatch probe`; redacted by the shell. */
  trace(line: string): void;
}

/** One thing for one check to look at: made anew from the fleet at each (re)load, so it holds no state. */
export interface Task<Input = unknown> {
  readonly target: Target;
  readonly check: CheckKind;
  readonly input: Input;
}

/** One kind of check: a pure plan from the fleet to tasks, and a probe that never throws for what a target does. */
export interface Check<Input = unknown> {
  readonly kind: CheckKind;
  /** One sentence: what a person learns from it. Shown by the README, the schema and `corewatch probe`. */
  readonly tells: string;
  /** What `checks.<kind>` of fleet.yaml overrides. */
  readonly defaults: CheckSettings;
  /** The targets of this check in this fleet. */
  targets(fleet: Fleet): readonly { readonly target: Target; readonly input: Input }[];
  /** Looks once. What it throws nevertheless becomes `unknown` / `internal-error`. */
  probe(input: Input, context: ProbeContext): Promise<Outcome>;
}

/** Common defaults; each check names what differs. */
export const DEFAULTS: CheckSettings = {
  enabled: true,
  schedule: "*/30 * * * * *",
  timezone: undefined,
  timeoutMs: 10_000,
  failures: 2,
  successes: 2,
  window: 5,
  connection: "fresh",
  certificateDays: 21,
  slowMs: undefined,
};
