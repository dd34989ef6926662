import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Program } from "./program.ts";

/** Each story has to end within this, starting and stopping included, ms. */
const WHOLE_MS = 40_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "corewatch-stories-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Told {
  readonly passed: boolean;
  readonly failure?: string;
  readonly timeline: readonly { readonly atMs: number; readonly who: string; readonly text: string }[];
}

/** Plays a story as a user does; gives what its timeline says, `who: text` a line. */
async function play(name: string): Promise<string[]> {
  const began = performance.now();
  const args = ["sandbox", "story", name, "--format", "json", "--log-level", "error"];
  const program = new Program(args, { directory: folder, env: {} });
  const code = await program.ended;
  expect(program.stderr).toBe("");
  const told: Told = JSON.parse(program.stdout);
  expect(told.failure ?? "").toBe("");
  expect({ code, passed: told.passed }).toEqual({ code: 0, passed: true });
  expect(performance.now() - began).toBeLessThan(WHOLE_MS);
  const times = told.timeline.map(({ atMs }) => atMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  return told.timeline.map(({ who, text }) => `${who}: ${text}`);
}

/** Lines for which these hold, in this order, others between them. */
function inOrder(lines: readonly string[], patterns: readonly RegExp[]): void {
  let at = 0;
  for (const pattern of patterns) {
    const found = lines.findIndex((line, index) => index >= at && pattern.test(line));
    expect(found, `${pattern} after line ${at} of\n${lines.join("\n")}`).toBeGreaterThanOrEqual(at);
    at = found + 1;
  }
}

describe.concurrent("corewatch sandbox story", () => {
  test("core-down: one incident and one message, which names the core to the end", { timeout: 60_000 }, async () => {
    const lines = await play("core-down");
    // Whichever speaks first, the probes or the CloudWatch alarm: it is one message, and says the cause in the end.
    inOrder(lines, [
      /^fleet: core sandbox-production\/acme-2 killed$/,
      /^slack: #ops message: .*\(INC-1, major\)/,
      /^fleet: core sandbox-production\/acme-2 started again$/,
      /^slack: #ops message edited: .*Resolved: .*\(INC-1, major at worst\) Was affected: sandbox-production\/acme-2/,
      /^slack: #ops thread, shown in the channel: .*Over after .*Affected: sandbox-production\/acme-2/,
    ]);
    inOrder(lines, [
      /^corewatch: INC-1 open: core-down of deployment sandbox-production \(major\)/,
      /^corewatch: INC-1 resolved: core-down/,
    ]);
    inOrder(lines, [
      /^slack: #ops message(?: edited)?: .*A core is down \(INC-1, major\) Affected: sandbox-production\/acme-2/,
    ]);
    expect(lines.filter((line) => line.startsWith("slack: #ops message:"))).toHaveLength(1);
  });

  test(
    "database-down: one incident for every core, and its end says that nobody could sign in",
    { timeout: 60_000 },
    async () => {
      const lines = await play("database-down");
      inOrder(lines, [
        /^fleet: database main stopped$/,
        /^corewatch: INC-1 open: database-down of database main \(critical\)/,
        /^slack: #ops message: .*The database is down \(INC-1, critical\) Affected: .*Users can sign in: no/,
        /^fleet: database main started again$/,
        /^corewatch: INC-1 resolved: database-down of database main \(critical\)/,
        /^slack: #ops message edited: .*Resolved: .*Was affected: database main/,
        /^slack: #ops thread, shown in the channel: .*users could not sign in\. Affected: database main/,
      ]);
      expect(lines.join("\n")).not.toMatch(/INC-2/);
    },
  );
});

test("stories leave nothing behind", async () => {
  const left = await readdir(folder, { recursive: true, withFileTypes: true });
  expect(left.filter((one) => !one.isDirectory()).map(({ parentPath, name }) => join(parentPath, name))).toEqual([]);
});
