import type {
  AuditCloud,
  AuditExpectations,
  CloudPlace,
  ControlDatabaseReader,
  DatabaseFacts,
  Deployment,
  EcsServiceFacts,
  Fleet,
  LoadBalancerConfig,
} from "../domain/index.ts";

/** What one rule says of one subject; the runner adds rule, subject, seed and waiver. `undefined` from a rule: it does not apply. */
export type Answer =
  | { readonly outcome: "pass"; readonly expected: string; readonly actual: string }
  | { readonly outcome: "fail"; readonly expected: string; readonly actual: string; readonly fix: string }
  /** What is there does not let itself be judged: what could not be read throws, and comes here by itself. */
  | { readonly outcome: "unknown"; readonly expected: string; readonly actual: string; readonly fix: string };

/** A certificate of `corewatch certify`, as far as the checklist asks. */
export interface CertifiedFacts {
  /** Epoch ms. */
  readonly at: number;
  readonly verdict: "pass" | "fail" | "invalid";
  /** Ids of criteria with their outcomes. */
  readonly criteria: Readonly<Record<string, "pass" | "fail" | "invalid">>;
  readonly rate: number;
  /** How long the rate was planned to be held, ms; 0: not at all. */
  readonly heldMs: number;
  readonly sessions: number;
  /** Where it lies. */
  readonly file: string;
}

/** What corewatch itself knows: its store and its certificates. @throws Error with a sentence when it cannot be read */
export interface OwnKnowledge {
  /** Certificates of a deployment, newest first. */
  certificates(deployment: string): Promise<readonly CertifiedFacts[]>;
  /** Series (`kind:id:check`) with when they were last observed, epoch ms. */
  observed(): Promise<ReadonlyMap<string, number>>;
  /** When a drill last arrived, by every topic of the fleet, epoch ms; `undefined`: never. */
  lastDrill(): Promise<number | undefined>;
}

/** What a rule may look at. Everything that reads may throw, and the finding is `unknown` then. */
export interface AuditContext {
  readonly fleet: Fleet;
  readonly deployment: Deployment;
  readonly expect: AuditExpectations;
  readonly place: CloudPlace;
  /** Deployments whose cores could not be found now, with the reason: what is known of them is from before, or nothing. */
  readonly unread?: ReadonlyMap<string, string>;
  /** Epoch ms. */
  readonly now: number;
  readonly cloud: AuditCloud;
  readonly control: ControlDatabaseReader;
  readonly own: OwnKnowledge;
  /** Facts of the deployment's database. @throws Error */
  readonly database: () => Promise<DatabaseFacts>;
  /** Addresses of a name, by a real look-up. @throws Error */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  /** The load balancer that fleet.yaml names. @throws CloudError */
  readonly loadBalancer: () => Promise<LoadBalancerConfig>;
  /** The ECS service that fleet.yaml names. @throws CloudError */
  readonly ecs: () => Promise<EcsServiceFacts>;
}

/** One rule of the checklist. One file each; `index.ts` has them all. */
export interface Rule {
  readonly id: string;
  /** What it asks, in a few words. */
  readonly title: string;
  /** The runbook's or the article's line. */
  readonly seed: string;
  /** The public scanner's check for the same. */
  readonly scanner?: string;
  /** Whether it is asked of this deployment at all. Only what fleet.yaml says: no reading. */
  applies(deployment: Deployment, fleet: Fleet): boolean;
  /** @throws CloudError or Error: `unknown`, with what it says */
  check(context: AuditContext): Promise<Answer>;
}

/** A pass. */
export function pass(expected: string, actual: string): Answer {
  return { outcome: "pass", expected, actual };
}

/** A failure, with the call that mends it. */
export function fail(expected: string, actual: string, fix: string): Answer {
  return { outcome: "fail", expected, actual, fix };
}

/** Passes when `isMet`; else fails with `fix`. */
export function judge(isMet: boolean, expected: string, actual: string, fix: string): Answer {
  return isMet ? pass(expected, actual) : fail(expected, actual, fix);
}

/** `a, b and 3 more` of names, or `none`. */
export function named(names: readonly string[], most = 5): string {
  if (names.length === 0) return "none";
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** `1 day`, `2 days` */
export function dayText(days: number): string {
  return `${days} ${days === 1 ? "day" : "days"}`;
}

/** Rules that read the load balancer. */
export function isBalanced(deployment: Deployment): boolean {
  return deployment.loadBalancer !== undefined;
}

/** Rules that read the ECS service. */
export function isOnEcs(deployment: Deployment): boolean {
  return deployment.ecs !== undefined;
}

/** @throws Error where the cores of one of these deployments could not be found now: nothing is said of what is not known */
export function wantCores({ unread }: AuditContext, deployments: readonly Deployment[]): void {
  for (const { id } of deployments) {
    const why = unread?.get(id);
    if (why !== undefined) throw new Error(`the cores of ${id}: ${why}`);
  }
}
