import { afterEach, expect, test } from "vitest";
import { parse } from "yaml";
import { Secret } from "../../src/domain/index.ts";
import { startSlack, type SandboxSlack, type SandboxSlackOptions } from "../../src/sandbox/slack-server.ts";
import { SCOPES, slackManifest } from "../../src/slack/manifest.ts";
import { testSlack, type SlackTrial } from "../../src/slack/trial.ts";
import { systemClock } from "../../src/system/clock.ts";
import { recordingLog } from "../notify/support.ts";

const running: SandboxSlack[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((slack) => slack.stop()));
});

async function trial(
  options: SandboxSlackOptions,
  token = "xoxb-right",
): Promise<SlackTrial & { slack: SandboxSlack }> {
  const slack = await startSlack({ token: "xoxb-right", ...options });
  running.push(slack);
  const result = await testSlack({
    token: new Secret(token),
    apiUrl: slack.url,
    channel: "#ops",
    clock: systemClock,
    log: recordingLog(),
    redact: (text) => text,
  });
  return { ...result, slack };
}

test("a good way to Slack passes every step with one message, edited and answered", async () => {
  const { ok, steps, team, slack } = await trial({});
  expect(ok).toBe(true);
  expect(team).toBe("Sandbox");
  expect(steps.map((step) => [step.name, step.outcome])).toEqual([
    ["token", "pass"],
    ["scopes", "pass"],
    ["post", "pass"],
    ["edit", "pass"],
    ["reply", "pass"],
    ["find", "pass"],
  ]);
  expect(slack.messages()).toHaveLength(2);
  expect(slack.messages()[0]).toMatchObject({ edits: 1 });
});

test("missing scopes are named with what they are for; those needed only after a crash do not fail the whole", async () => {
  const { ok, missingScopes, steps } = await trial({ scopes: ["chat:write"] });
  expect(ok).toBe(true);
  expect(missingScopes).toEqual([
    "chat:write.public",
    "channels:history",
    "groups:history",
    "channels:read",
    "groups:read",
  ]);
  expect(steps.find((step) => step.name === "scopes")?.detail).toContain("channels:history is missing: after a crash");
  expect(steps.find((step) => step.name === "find")).toMatchObject({ outcome: "fail" });
});

test("without chat:write it fails and says how to mend it", async () => {
  const { ok, steps } = await trial({ scopes: ["channels:read"] });
  expect(ok).toBe(false);
  expect(steps.at(-1)).toMatchObject({ name: "post", outcome: "fail" });
  expect(steps.at(-1)?.detail).toContain("corewatch slack manifest");
});

test("a wrong token ends it at once", async () => {
  const { ok, steps } = await trial({}, "xoxb-wrong");
  expect(ok).toBe(false);
  expect(steps).toMatchObject([{ name: "token", outcome: "fail" }]);
  expect(JSON.stringify(steps)).not.toContain("xoxb-wrong");
});

test("a channel that is not there fails the post", async () => {
  const { ok, steps } = await trial({ channels: ["#other"] });
  expect(ok).toBe(false);
  expect(steps.at(-1)).toMatchObject({ name: "post", outcome: "fail" });
});

test("the manifest is YAML that asks for exactly the scopes that are explained in it", () => {
  const text = slackManifest();
  const manifest: unknown = parse(text);
  expect(manifest).toMatchObject({ oauth_config: { scopes: { bot: SCOPES.map((scope) => scope.name) } } });
  for (const scope of SCOPES) expect(text).toContain(scope.why);
});
