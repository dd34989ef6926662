import { expect, test } from "vitest";
import { launchInstance, terminateInstance } from "../../src/sandbox/aws-ec2-life.ts";
import { openAccount, REGION } from "./source-stage.ts";

test("every instance with all the tags has a core on each port", async () => {
  const { find, model, clock } = await openAccount();
  const launch = (id: string, tags: Record<string, string>) =>
    launchInstance(model, {
      id,
      zone: `${REGION}a`,
      type: "t3.small",
      privateIp: `10.0.0.${id.length}`,
      at: clock.now() - 9,
      tags,
    });
  launch("i-1", { app: "acme*", stage: "dev" });
  launch("i-12", { app: "acme-other", stage: "dev" });
  launch("i-123", { app: "acme*" });
  const discover = { from: "tags", tags: { app: "acme*", stage: "dev" }, ports: [3567, 3568] } as const;
  expect((await find(discover)).map(({ key, host, state }) => [key, host, state])).toEqual([
    ["i-1:3567", "10.0.0.3", "serving"],
    ["i-1:3568", "10.0.0.3", "serving"],
  ]);
  terminateInstance(model, "i-1", clock.now());
  expect((await find(discover)).map(({ state }) => state)).toEqual(["draining", "draining"]);
  await clock.advance(3_000);
  expect(await find(discover)).toEqual([]);
});
