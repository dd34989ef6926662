import type { AuditFinding, Deployment, Fleet, Waiver } from "../domain/index.ts";
import type { Answer, AuditContext, Rule } from "./rule.ts";

/** How many of each outcome. */
export type AuditSummary = Readonly<Record<AuditFinding["outcome"], number>>;

/** What a run of the audit gives. */
export interface AuditResult {
  readonly findings: readonly AuditFinding[];
  readonly summary: AuditSummary;
}

/** What the runner needs. */
export interface AuditRun {
  readonly fleet: Fleet;
  readonly deployments: readonly Deployment[];
  readonly rules: readonly Rule[];
  /** Makes the context of one deployment. */
  readonly contextOf: (deployment: Deployment) => AuditContext;
  /** How many deployments are looked at side by side: calls are paced below, so this only keeps memory in bounds. */
  readonly parallel: number;
  readonly onProgress: (done: number, of: number) => void;
  readonly redact: (text: string) => string;
  readonly signal: AbortSignal;
}

/** Asks every rule of every deployment that it applies to. Findings stand in the order of deployments and rules. */
export async function runAudit(run: AuditRun): Promise<AuditResult> {
  const { deployments, parallel, onProgress, signal } = run;
  const found: AuditFinding[][] = deployments.map(() => []);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < deployments.length && !signal.aborted; index = next++) {
      const deployment = deployments[index];
      if (deployment !== undefined) found[index] = await auditOne(run, deployment);
      onProgress(++done, deployments.length);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(parallel, deployments.length)) }, work));
  signal.throwIfAborted();
  const findings = found.flat();
  return { findings, summary: summarise(findings) };
}

async function auditOne(run: AuditRun, deployment: Deployment): Promise<AuditFinding[]> {
  const context = run.contextOf(deployment);
  const asked = run.rules.filter((rule) => rule.applies(deployment, run.fleet));
  return Promise.all(
    asked.map(async (rule) => finding(rule, deployment, await answerOf(rule, context, run), context.now)),
  );
}

async function answerOf(rule: Rule, context: AuditContext, { redact, signal }: AuditRun): Promise<Answer> {
  try {
    const answer = await rule.check(context);
    return { ...answer, actual: redact(answer.actual) };
  } catch (error) {
    if (signal.aborted) throw error;
    const said = redact(error instanceof Error ? error.message : String(error));
    return {
      outcome: "unknown",
      expected: rule.title,
      actual: `could not be read: ${said}`,
      fix: "give corewatch the permission, or mend what is in its way, and run the audit again",
    };
  }
}

function finding(rule: Rule, deployment: Deployment, answer: Answer, now: number): AuditFinding {
  const waiver = answer.outcome === "fail" ? waiverOf(rule, deployment, now) : undefined;
  return {
    rule: rule.id,
    subject: deployment.id,
    outcome: waiver === undefined ? answer.outcome : "waived",
    expected: answer.expected,
    actual: answer.actual,
    fix: answer.outcome === "pass" ? "" : answer.fix,
    seed: rule.seed,
    ...(rule.scanner === undefined ? {} : { scanner: rule.scanner }),
    ...(waiver === undefined ? {} : { waiver: { reason: waiver.reason, until: new Date(waiver.until).toISOString() } }),
  };
}

/** A waiver counts until its day; then the rule fails again. */
function waiverOf(rule: Rule, deployment: Deployment, now: number): Waiver | undefined {
  return deployment.audit?.waive.find((one) => one.rule === rule.id && now < one.until);
}

function summarise(findings: readonly AuditFinding[]): AuditSummary {
  const summary = { pass: 0, fail: 0, unknown: 0, waived: 0 };
  for (const { outcome } of findings) summary[outcome]++;
  return summary;
}
