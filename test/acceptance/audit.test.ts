import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RULES } from "../../src/audit/index.ts";
import type { AuditResult } from "../../src/audit/run.ts";
import type { AuditFinding } from "../../src/domain/index.ts";
import { TOLD } from "./audit-expected.ts";
import { Program } from "./program.ts";

/** Ready-made fleets, each with a broken twin. */
const FLEETS = ["supertokens-dedicated", "supertokens-multi-tenant", "ecs-spot-alb", "ecs-spot-no-lb"] as const;
const ids = RULES.map(({ id }) => id);
/** Fleets that run at once: the machine has two cores. */
const AT_ONCE = 2;

interface Audited {
  readonly code: number | null;
  readonly findings: readonly AuditFinding[];
}

let folder: string;
const audited = new Map<string, Audited>();

/** As a user runs it: a sandbox, one audit on it, its exit code. */
async function audit(fleet: string): Promise<Audited> {
  const args = ["sandbox", "exec", "--fleet", fleet, "--", "audit", "--format", "json"];
  const program = new Program(args, { directory: folder, env: {} });
  const code = await program.ended;
  if (!program.stdout.startsWith("{")) throw new Error(`${fleet} was not audited: ${program.stderr}`);
  const { findings }: AuditResult = JSON.parse(program.stdout);
  return { code, findings };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "corewatch-audit-"));
  const waiting = FLEETS.flatMap((name) => [name, `${name}-broken`]);
  const work = async (): Promise<void> => {
    for (let fleet = waiting.shift(); fleet !== undefined; fleet = waiting.shift())
      audited.set(fleet, await audit(fleet));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}, 150_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const of = (fleet: string): Audited => {
  const found = audited.get(fleet);
  if (found === undefined) throw new Error(`${fleet} was not audited`);
  return found;
};

describe.each(FLEETS)("the fleet %s", (fleet) => {
  test("passes every rule that applies to it", () => {
    const { code, findings } = of(fleet);
    const others = findings.filter(({ outcome }) => outcome !== "pass");
    expect(others.map(({ subject, rule, outcome, actual }) => `${subject} ${rule}: ${outcome}, ${actual}`)).toEqual([]);
    expect({ code, none: findings.length === 0 }).toEqual({ code: 0, none: false });
  });

  test("has a twin on which every one of them fails, with what is expected, what is there and the call that mends it", () => {
    const { code, findings } = of(`${fleet}-broken`);
    const applying = new Set(of(fleet).findings.map(({ rule }) => rule));
    expect(new Set(findings.map(({ rule }) => rule))).toEqual(applying);
    expect(findings.filter(({ outcome }) => outcome === "unknown" || outcome === "waived")).toEqual([]);
    expect(code).toBe(1);
    const missed = [...applying].filter((rule) => {
      const { expected, actual, fix } = TOLD[rule] ?? {};
      return !findings.some(
        (one) =>
          one.rule === rule &&
          one.outcome === "fail" &&
          expected?.test(one.expected) === true &&
          actual?.test(one.actual) === true &&
          fix?.test(one.fix) === true,
      );
    });
    expect(missed.map((rule) => ({ rule, findings: findings.filter((one) => one.rule === rule).slice(0, 3) }))).toEqual(
      [],
    );
  });

  test("says of each finding which line of the runbook or the articles asks for it", () => {
    const all = [...of(fleet).findings, ...of(`${fleet}-broken`).findings];
    expect(all.filter(({ seed }) => !/\w{3}/.test(seed)).map(({ rule }) => rule)).toEqual([]);
  });
});

test("no rule is without both cases", () => {
  const over = (twin: string, outcome: AuditFinding["outcome"]): Set<string> =>
    new Set(
      FLEETS.flatMap((fleet) => of(`${fleet}${twin}`).findings.filter((one) => one.outcome === outcome)).map(
        ({ rule }) => rule,
      ),
    );
  expect(ids.filter((id) => !over("", "pass").has(id))).toEqual([]);
  expect(ids.filter((id) => !over("-broken", "fail").has(id))).toEqual([]);
  expect(Object.keys(TOLD).sort()).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
});
