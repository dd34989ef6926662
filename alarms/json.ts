import type { ChangeResult } from "./apply.ts";
import { canonical } from "./hash.ts";
import type { Conflict, Drift } from "./change.ts";
import type { Estimate } from "./estimate.ts";
import type { Lint } from "./lint.ts";
import type { FieldChange } from "./normalise.ts";
import type { AlarmPlan, Unresolved } from "./plan.ts";
import type { Problem } from "./world.ts";

/** `alarms plan --format json`, and the file that `--out` writes. */
export interface PlanDocument {
  readonly hash: string;
  readonly changes: readonly {
    readonly verb: "create" | "update" | "delete";
    readonly kind: string;
    readonly name: string;
    readonly fields: readonly FieldChange[];
    readonly account: string;
    readonly region: string;
  }[];
  readonly conflicts: readonly Conflict[];
  readonly drift: readonly Drift[];
  readonly unchanged: number;
  readonly foreign: number;
  readonly lint: readonly Lint[];
  readonly estimate: Estimate;
  readonly complete: boolean;
  readonly unresolved: readonly Unresolved[];
  readonly problems: readonly Problem[];
}

/** A plan as people's scripts read it. */
export function planDocument(plan: AlarmPlan): PlanDocument {
  return {
    hash: plan.hash,
    changes: plan.changes.map(({ verb, kind, name, fields, account, region }) => ({
      verb,
      kind,
      name,
      fields,
      account,
      region,
    })),
    conflicts: plan.conflicts,
    drift: plan.drift,
    unchanged: plan.unchanged,
    foreign: plan.foreign,
    lint: plan.lint,
    estimate: plan.estimate,
    complete: plan.complete,
    unresolved: plan.unresolved,
    problems: plan.problems,
  };
}

/** A saved plan that somebody looked at. */
export interface Reviewed {
  readonly hash: string;
  /** The changes as they stand in the file. */
  readonly changes: unknown;
}

/** Whether the file's changes are those of the plan: a hash alone would let an edited file pass for what was reviewed. */
export function isSamePlan({ hash, changes }: Reviewed, plan: AlarmPlan): boolean {
  return hash === plan.hash && canonical(changes) === canonical(planDocument(plan).changes);
}

/** A saved plan: what it would do is planned anew and has to come out the same. @throws SyntaxError when the text is no plan */
export function reviewedPlan(text: string): Reviewed {
  const parsed: unknown = JSON.parse(text);
  const hash: unknown = typeof parsed === "object" && parsed !== null ? Reflect.get(parsed, "hash") : undefined;
  const changes: unknown = typeof parsed === "object" && parsed !== null ? Reflect.get(parsed, "changes") : undefined;
  if (typeof hash !== "string" || !/^[0-9a-f]{64}$/.test(hash) || !Array.isArray(changes))
    throw new SyntaxError("the file is no plan: `corewatch alarms plan --out FILE` writes one");
  return { hash, changes };
}

/** `alarms apply --format json`. */
export interface ApplyDocument {
  readonly planHash: string;
  readonly results: readonly {
    readonly verb: "create" | "update" | "delete";
    readonly kind: string;
    readonly name: string;
    readonly account: string;
    readonly region: string;
    readonly outcome: ChangeResult["outcome"];
    readonly error?: string;
  }[];
}

/** The results of an apply as people's scripts read them. */
export function applyDocument(plan: AlarmPlan, results: readonly ChangeResult[]): ApplyDocument {
  return {
    planHash: plan.hash,
    results: results.map(({ change: { verb, kind, name, account, region }, outcome, error }) => ({
      verb,
      kind,
      name,
      account,
      region,
      outcome,
      ...(error === undefined ? {} : { error }),
    })),
  };
}
