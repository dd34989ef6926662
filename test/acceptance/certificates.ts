import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { verifyCertificate } from "../../loadtests/certificate-schema.ts";
import type { Certificate } from "../../src/domain/index.ts";
import type { Program } from "./program.ts";

/** What each verdict exits with. */
const EXITS: Readonly<Record<Certificate["verdict"], number>> = { pass: 0, fail: 1, invalid: 3 };

/** Reads the certificate of a folder, and sees that all that stands in the folder tells the same as it does. */
export async function certificateIn(directory: string): Promise<Certificate> {
  const [text = "", report = "", junit = ""] = await Promise.all(
    ["certificate.json", "report.html", "junit.xml"].map((name) => readFile(join(directory, name), "utf8")),
  );
  expect((await readdir(directory)).sort()).toEqual(["certificate.json", "junit.xml", "report.html", "shots"]);
  const certificate = verifyCertificate(text);
  const { verdict, criteria, load, stages, hash } = certificate;
  const count = (outcome: string): number => criteria.filter((one) => one.outcome === outcome).length;
  expect(junit).toContain(`tests="${criteria.length}" failures="${count("fail")}" errors="${count("invalid")}"`);
  expect(report).toContain(hash);
  for (const { id } of criteria) expect(junit).toContain(`name="${id}"`);
  const { offered, ...outcomes } = load;
  expect(Object.values(outcomes).reduce((sum, one) => sum + one, 0)).toBe(offered);
  // The certificate's load is that of its measured stages.
  const measured = stages.filter(({ stage }) => stage !== "warm-up");
  expect(measured.reduce((sum, one) => sum + (one.load?.offered ?? 0), 0)).toBe(offered);
  if (verdict === "pass") expect(count("pass")).toBe(criteria.length);
  else expect(count(verdict)).toBeGreaterThanOrEqual(verdict === "fail" ? 1 : 0);
  if (verdict === "invalid") expect(count("fail")).toBe(0);
  return certificate;
}

/** Sees that a run that was not interrupted exits with its verdict, and prints it. */
export function expectVerdict(
  { verdict }: Certificate,
  code: number | null,
  { stdout }: Pick<Program, "stdout">,
): void {
  expect(code).toBe(EXITS[verdict]);
  expect(stdout).toMatch(new RegExp(`^${verdict.toUpperCase()} `));
}

/** The criterion of that id. */
export function criterion({ criteria }: Certificate, id: string): Certificate["criteria"][number] {
  const found = criteria.find((one) => one.id === id);
  if (found === undefined) throw new Error(`the certificate has no criterion ${id}`);
  return found;
}

/** Everything in a certificate's folder, byte for byte, to look for what must not be there. */
export async function contentsOf(directory: string): Promise<string> {
  const names = await readdir(directory);
  const files = await Promise.all(names.map((name) => readFile(join(directory, name), "latin1")));
  return files.join("\n");
}

/** Processes whose command line names `text`, by id. */
export async function processesOf(text: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process that ends meanwhile has no command line.
      const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return line.includes(text) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
