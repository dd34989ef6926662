import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { loadBalancer } from "../../checks/load-balancer.ts";
import { targetHealth } from "../../checks/target-health.ts";
import { createLoadBalancerReader } from "../../src/aws/load-balancers.ts";
import { elbv2Service } from "../../src/sandbox/aws-elbv2.ts";
import { awsLoadBalancer } from "../../src/sandbox/aws-model.ts";
import { startAws } from "../../src/sandbox/aws-server.ts";
import { seedHealthCheck } from "../../src/sandbox/load-balancer-health.ts";
import { startLoadBalancer } from "../../src/sandbox/load-balancer.ts";
import { systemClock } from "../../src/system/clock.ts";
import { balancerOf, context, core, deployment, fleet } from "../checks/small-fleet.ts";
import { portOf } from "../databases/servers.ts";

/** A core that says Hello until it is closed. */
async function startCore() {
  const server = createServer((_request, response) => response.end("Hello\n"));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const port = portOf(server);
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  };
  onTestFinished(close);
  return { port, url: `http://127.0.0.1:${port}`, close };
}

test("what a dying core does to the load balancer shows in what the checks read from the AWS endpoint", async () => {
  const cores = [await startCore(), await startCore()];
  const targets = cores.map(({ port, url }, index) => ({ id: `i-${index + 1}`, port, zone: "eu-west-1a", url }));
  const healthCheck = { ...seedHealthCheck(1_000), intervalMs: 15, timeoutMs: 3_000 };
  const balancer = await startLoadBalancer({ clock: systemClock, healthCheck, targets, deregistrationDelayMs: 10_000 });
  onTestFinished(() => balancer.stop());
  const plan = {
    region: "eu-west-1",
    account: "123456789012",
    name: "acme-production",
    protocol: "HTTPS",
    port: 443,
  } as const;
  const groups = [{ name: "cores", port: 3567, targets: () => balancer.targets() }];
  const zones = ["eu-west-1a", "eu-west-1b"];
  const model = { account: plan.account, loadBalancers: [awsLoadBalancer({ ...plan, zones, targetGroups: groups })] };
  const aws = await startAws({ clock: systemClock, services: [elbv2Service(model)] });
  onTestFinished(() => aws.stop());

  const input = balancerOf(
    fleet({ deployments: [deployment({ cores: cores.map(({ url }, index) => core(index + 1, { url })) })] }),
  );
  const credentials = { accessKeyId: "AKIASANDBOX", secretAccessKey: "secret" };
  // A reader of its own for each look: what it keeps for a second is not what is tested here.
  const ports = () =>
    context({ loadBalancers: createLoadBalancerReader({ clock: systemClock, endpoint: aws.url, credentials }) });
  const look = async () => ({
    whole: (await loadBalancer.probe(input, ports())).reason,
    targets: (await targetHealth.probe(input, ports())).findings?.map(({ reason }) => reason),
  });

  await expect.poll(look, { timeout: 5_000 }).toEqual({ whole: "ok", targets: ["ok", "ok"] });
  await cores[0]?.close();
  await expect.poll(look, { timeout: 5_000 }).toEqual({ whole: "ok", targets: ["target-unhealthy", "ok"] });
  balancer.deregister("i-1", targets[0]?.port ?? 0);
  expect(await look()).toEqual({ whole: "ok", targets: ["target-draining", "ok"] });
  await cores[1]?.close();
  await expect
    .poll(look, { timeout: 5_000 })
    .toEqual({ whole: "no-healthy-target", targets: ["target-draining", "target-unhealthy"] });
});
