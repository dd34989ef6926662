import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { Secret } from "../../src/domain/index.ts";
import { callRequest } from "../../src/load/hook-request.ts";
import { createTicker } from "../../src/cron/ticker.ts";
import { createAlarmServices } from "../../src/sandbox/aws-cloudwatch-services.ts";
import { launchInstance } from "../../src/sandbox/aws-ec2-life.ts";
import { emptyEc2 } from "../../src/sandbox/aws-ec2-model.ts";
import { createComputeServices } from "../../src/sandbox/aws-ec2-services.ts";
import { elbv2Service } from "../../src/sandbox/aws-elbv2.ts";
import { modelTargets } from "../../src/sandbox/aws-elbv2-targets.ts";
import { awsLoadBalancer, type AwsModel } from "../../src/sandbox/aws-model.ts";
import { startAws } from "../../src/sandbox/aws-server.ts";
import { systemClock } from "../../src/system/clock.ts";
import { cards, openStage } from "./stage.ts";
import { until } from "./until.ts";

const region = "eu-west-1";
const account = "123456789012";

test(
  "after the runbook's scale call the new instance is probed and audited, without anybody touching a file",
  { timeout: 40_000 },
  async (context) => {
    const stage = await openStage(context, 4);
    const clock = systemClock;
    const ports = stage.cores.map(({ url }) => Number(new URL(url).port));
    const model: AwsModel = {
      account,
      loadBalancers: [],
      ec2: emptyEc2(region, { timing: { pendingMs: 0 } }),
    };
    const zoneOf = (id: string): string | undefined => model.ec2?.instances.find((one) => one.id === id)?.zone;
    const targets = modelTargets({ now: () => clock.now(), zoneOf, initialMs: 1_500 });
    const groups = [{ name: "cores", port: 3567, targets: () => targets.targets(), changes: targets.changes }];
    const zones = [`${region}a`, `${region}b`];
    const plan = { region, account, name: "acme", zones, protocol: "HTTPS", port: 3567 } as const;
    model.loadBalancers.push(awsLoadBalancer({ ...plan, targetGroups: groups }));
    const alarms = await createAlarmServices({ clock, ticker: createTicker({ clock }), model });
    stage.later(() => alarms.stop());
    const { services } = createComputeServices({ clock, model });
    const aws = await startAws({ clock, services: [elbv2Service(model), ...services, ...alarms.services] });
    stage.later(() => aws.stop());
    Object.assign(stage.env, {
      AWS_ENDPOINT_URL: aws.url,
      AWS_ACCESS_KEY_ID: "AKIDACCEPTANCE",
      AWS_SECRET_ACCESS_KEY: "secret-of-acceptance",
      AWS_EC2_METADATA_DISABLED: "true",
      SCALE_PASSWORD: "scale-password-5150",
    });
    const add = (number: number): void => {
      const zone = `${region}${number % 2 === 0 ? "b" : "a"}`;
      const id = `i-0a${number}`;
      launchInstance(model, { id, zone, type: "t2.micro", privateIp: "127.0.0.1", at: clock.now() - 1 });
      targets.changes.register(id, ports[number - 1] ?? 0);
    };
    add(1);
    add(2);
    // The hosted service's own call, as the runbook has it.
    const operator = createServer((request, response) => {
      void text(request).then((body) => {
        const { password, scaleTo } = JSON.parse(body) as { password: string; scaleTo: string };
        if (password !== "scale-password-5150") return response.writeHead(403).end();
        for (let number = 3; number <= Number(scaleTo); number++) add(number);
        return response.end("{}");
      });
    });
    const operatorPort = await stage.listen(operator);
    const { cores: _cores, ...deployment } = stage.deployment();
    await stage.write({
      region,
      inventory: { schedule: "* * * * * *" },
      deployments: [
        {
          ...deployment,
          loadBalancer: "acme",
          discover: "target-group",
          discovery: { protocol: "http" },
        },
      ],
    });
    const daemon = await stage.start();
    await daemon.logged(/core-appeared acme\/acme-2/);
    await daemon.logged(/core-ready acme\/acme-2/);

    const params = {
      password: new Secret("scale-password-5150"),
      appId: new Secret("{{app}}"),
      scaleTo: new Secret("{{cores}}"),
    };
    await callRequest(
      {
        kind: "request",
        method: "POST",
        url: `http://127.0.0.1:${operatorPort}/0/manual/app/scale/deployment`,
        headers: {},
        params,
        as: "json",
        timeoutMs: 5_000,
      },
      { app: "acme", cores: "3" },
      new AbortController().signal,
    );
    await daemon.logged(/core-appeared acme\/acme-3/);
    await daemon.logged(/core-ready acme\/acme-3/);
    expect(stage.cores[2]?.asked.length).toBeGreaterThan(0);
    // What the daemon saw of the new core is in the store by the time that the checklist asks.
    await until("the new core to be settled", 10_000, async () => {
      const rows = await stage.sql<{ n: number }>("SELECT count(*)::int AS n FROM corewatch.series");
      return (rows[0]?.n ?? 0) >= 3;
    });
    const swept = await stage.run("sweep", "--no-notify", "--only", "hello,target-health", "--format", "json");
    const { observations } = JSON.parse(swept.stdout) as {
      observations: { target: { id: string }; health: string }[];
    };
    expect(observations.map(({ target, health }) => `${target.id} ${health}`).toSorted()).toEqual([
      "acme up",
      "acme/acme-1 up",
      "acme/acme-2 up",
      "acme/acme-3 up",
    ]);
    const found = await until("the checklist to find the new core, watched", 20_000, async () => {
      const audited = await stage.run("audit", "--deployment", "acme", "--format", "json");
      const { findings } = JSON.parse(audited.stdout) as {
        findings: { rule: string; outcome: string; actual: string }[];
      };
      const isWatched = findings.some((one) => one.rule === "checks-running" && one.outcome === "pass");
      return isWatched && findings;
    });
    expect(found.find(({ rule }) => rule === "cores-per-instance")).toMatchObject({
      outcome: "pass",
      actual: expect.stringContaining("i-0a3: 1 of it"),
    });
    expect(cards(stage.slack)).toEqual([]);
    expect(await daemon.stop()).toBe(0);
  },
);
