import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { awsLoadBalancer } from "../../src/sandbox/aws-model.ts";
import { seedHealthCheck } from "../../src/sandbox/load-balancer-health.ts";
import { startLoadBalancer } from "../../src/sandbox/load-balancer.ts";
import { systemClock } from "../../src/system/clock.ts";
import { ACCOUNT, account, call, place, REGION } from "../aws/alarm-account.ts";
import { portOf } from "../databases/servers.ts";

test("a core that dies behind a real load balancer turns the host alarm, its 5XX the error alarm, and both come back", async () => {
  const server = createServer((_request, response) => response.end("Hello\n"));
  const listen = (port: number) => new Promise<void>((resolve) => void server.listen(port, "127.0.0.1", resolve));
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  };
  await listen(0);
  onTestFinished(close);
  const port = portOf(server);
  const balancer = await startLoadBalancer({
    clock: systemClock,
    healthCheck: { ...seedHealthCheck(1_000), intervalMs: 15, timeoutMs: 3_000 },
    targets: [{ id: "i-1", port, zone: "eu-west-1a", url: `http://127.0.0.1:${port}` }],
  });
  onTestFinished(() => balancer.stop());
  const made = awsLoadBalancer({
    region: REGION,
    account: ACCOUNT,
    name: "acme",
    zones: ["eu-west-1a"],
    protocol: "HTTP",
    port: balancer.port,
    targetGroups: [{ name: "acme", port, targets: () => balancer.targets() }],
    minutes: () => balancer.minutes(),
  });
  const model = { account: ACCOUNT, loadBalancers: [made] };
  // A period of a minute lasts 50 ms.
  const { writer, reader, start } = await account({ clock: systemClock, model, speed: 1_200 });
  const suffix = made.arn.split(":loadbalancer/")[1] ?? "";
  const group = made.targetGroups[0]?.arn.split(":").at(-1) ?? "";
  const alarm = (name: string, metric: string, statistic: string, dimensions: Record<string, string>) =>
    writer.putMetricAlarm(
      place,
      {
        kind: "metric",
        name,
        description: "",
        actionsEnabled: true,
        alarmActions: [],
        okActions: [],
        insufficientDataActions: [],
        metric: {
          namespace: "AWS/ApplicationELB",
          metric,
          dimensions: Object.entries(dimensions).map(([name, value]) => ({ name, value })),
          statistic,
          periodSeconds: 300,
        },
        comparison: "GreaterThanOrEqualToThreshold",
        threshold: 1,
        evaluationPeriods: 1,
        treatMissingData: "notBreaching",
      },
      {},
      call,
    );
  await alarm("errors", "HTTPCode_ELB_5XX_Count", "Sum", { LoadBalancer: suffix });
  await alarm("hosts", "UnHealthyHostCount", "Maximum", { TargetGroup: group, LoadBalancer: suffix });
  start();
  const states = async () =>
    Object.fromEntries((await reader.alarms(place, call)).map((one) => [one.definition.name, one.state]));
  await expect.poll(() => balancer.targets()[0]?.state).toBe("healthy");
  await expect.poll(states, { timeout: 5_000 }).toEqual({ errors: "OK", hosts: "OK" });
  expect((await fetch(balancer.url)).status).toBe(200);
  await close();
  expect((await fetch(balancer.url)).status).toBe(502);
  await expect.poll(states, { timeout: 5_000 }).toEqual({ errors: "ALARM", hosts: "ALARM" });
  await listen(port);
  await expect.poll(states, { timeout: 5_000 }).toEqual({ errors: "OK", hosts: "OK" });
});
