import { RULES } from "../audit/index.ts";
import { renderHtml } from "../audit/report-html.ts";
import { renderMarkdown } from "../audit/report-markdown.ts";
import { renderText, summaryLine } from "../audit/report-text.ts";
import type { AuditContext } from "../audit/rule.ts";
import { type AuditResult, runAudit } from "../audit/run.ts";
import type { AuditFinding, Deployment, Fleet } from "../domain/index.ts";
import type { CommonOptions } from "./context.ts";
import type { AuditWorld, Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";
import { loadFound } from "./found.ts";
import { iso } from "./json.ts";
import { junit, type JUnitCase } from "./junit.ts";

/** Options of `corewatch audit`. */
export interface AuditOptions extends CommonOptions {
  readonly deployment?: readonly string[];
}

/** Deployments side by side: their calls are paced together anyway. */
const PARALLEL = 8;
/** Progress is said this often at most, ms. */
const SAY_EVERY_MS = 5_000;

/** Asks the launch checklist. 1 when a rule failed, 3 when one could not be told, 0 when all is as it should be or waived. */
export async function audit(options: AuditOptions, doors: Doors): Promise<ExitCode> {
  const { fleet, path, log, found } = await loadFound(options, doors, { mayLack: true });
  const unread = new Map(
    found.sources.flatMap((one) => (one.error === null ? [] : [[one.deployment, one.error] as const])),
  );
  const deployments = chosen(fleet, options.deployment);
  const world = await doors.audit({ fleet, configPath: path, log });
  try {
    const at = doors.clock.now();
    const result = await runAudit({
      fleet,
      deployments,
      rules: RULES,
      contextOf: (deployment) => ({ ...contextOf(deployment, fleet, world, at), unread }),
      parallel: PARALLEL,
      onProgress: progress(doors),
      redact: (text) => doors.redactor.redact(text),
      signal: doors.signal,
    });
    doors.out(print(result, fleet, at, options.format));
    if (options.format !== "text") doors.err(`${summaryLine(result.summary)}\n`);
    if (result.summary.fail > 0) return EXIT.bad;
    return result.summary.unknown > 0 ? EXIT.unsure : EXIT.good;
  } finally {
    await world.close();
  }
}

function chosen(fleet: Fleet, ids: readonly string[] | undefined): readonly Deployment[] {
  const missing = ids?.filter((id) => fleet.deployments.every((one) => one.id !== id)) ?? [];
  if (missing.length > 0) throw new Problem(EXIT.usage, `there is no deployment ${missing.join(", ")} in fleet.yaml`);
  return ids === undefined ? fleet.deployments : fleet.deployments.filter((one) => ids.includes(one.id));
}

/** What rules look at; the load balancer and the service are read once for all of them. */
function contextOf(deployment: Deployment, fleet: Fleet, world: AuditWorld, now: number): AuditContext {
  const place = { region: deployment.region ?? fleet.region, roleArn: deployment.roleArn };
  const { cloud } = world;
  return {
    fleet,
    deployment,
    place,
    now,
    cloud,
    expect: deployment.audit?.expect ?? {},
    control: world.control,
    own: world.own,
    database: () => world.database(deployment),
    resolve: (name) => world.resolve(name),
    loadBalancer: () => cloud.loadBalancer(deployment.loadBalancer ?? "", place),
    ecs: () => cloud.ecsService(deployment.ecs?.cluster ?? "", deployment.ecs?.service ?? "", place),
  };
}

function progress(doors: Pick<Doors, "clock" | "err">): (done: number, of: number) => void {
  let said = doors.clock.monotonic();
  return (done, of) => {
    if (of < 2 || (done < of && doors.clock.monotonic() - said < SAY_EVERY_MS)) return;
    said = doors.clock.monotonic();
    doors.err(`${done} of ${of} deployments\n`);
  };
}

const JUNIT: Readonly<Record<AuditFinding["outcome"], JUnitCase["outcome"]>> = {
  pass: "passed",
  fail: "failed",
  unknown: "error",
  waived: "skipped",
};

function messageOf({ expected, actual, fix, waiver }: AuditFinding): string {
  const waived = waiver === undefined ? "" : `waived until ${waiver.until}: ${waiver.reason}; `;
  return `${waived}expected ${expected}; there is ${actual}; fix: ${fix}`;
}

function print(result: AuditResult, fleet: Fleet, at: number, format: string): string {
  switch (format) {
    case "json":
      return `${JSON.stringify(result, null, 2)}\n`;
    case "markdown":
      return renderMarkdown(result, fleet.name, at);
    case "html":
      return renderHtml(result, fleet.name, at);
    case "junit":
      return junit(
        `corewatch audit ${fleet.name}`,
        iso(at),
        result.findings.map((one) => ({
          classname: `audit.${one.subject}`,
          name: one.rule,
          seconds: 0,
          outcome: JUNIT[one.outcome],
          type: one.outcome,
          message: messageOf(one),
        })),
      );
    default:
      return renderText(result);
  }
}
