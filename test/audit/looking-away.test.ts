import { describe, expect, test } from "vitest";
import { checksRunning } from "../../src/audit/checks-running.ts";
import { connectionBudget } from "../../src/audit/connection-budget.ts";
import { coresPerInstance } from "../../src/audit/cores-per-instance.ts";
import { ecsScaleInProtection } from "../../src/audit/ecs-scale-in-protection.ts";
import { httpRedirect } from "../../src/audit/http-redirect.ts";
import { listenerCertificate } from "../../src/audit/listener-certificate.ts";
import { securityPolicyRunbook } from "../../src/audit/security-policy-runbook.ts";
import { securityPolicyToday } from "../../src/audit/security-policy-today.ts";
import type { AcmCertificate, ListenerFacts } from "../../src/domain/index.ts";
import { core, deployment } from "../checks/small-fleet.ts";
import { contextOf, DAY_MS, NOW, provider } from "./contexts.ts";

const listener = (more: Partial<ListenerFacts>): ListenerFacts => ({
  arn: `arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/acme/0123456789abcdef/${more.port ?? 3567}`,
  port: 3567,
  protocol: "HTTPS",
  sslPolicy: "ELBSecurityPolicy-2016-08",
  certificateArns: [],
  actions: [{ type: "forward" }],
  ...more,
});
const plain = (port: string, protocol = "HTTPS"): ListenerFacts =>
  listener({
    port: 80,
    protocol: "HTTP",
    actions: [{ type: "redirect", redirect: { protocol, port, status: "HTTP_301" } }],
  });

describe("cores that are not known", () => {
  test("none at all: that no check is silent is no pass", async () => {
    expect(await checksRunning.check(contextOf({ deployment: { cores: [], database: undefined } }))).toMatchObject({
      outcome: "fail",
      actual: "no core of acme-production is there",
    });
  });
  test("of which fleet.yaml gives no instance: who is beside them is not told", async () => {
    const cores = [core(1), core(2, { instance: undefined })];
    expect(coresPerInstance.applies(deployment({ cores: [core(1, { instance: undefined })] }), contextOf().fleet)).toBe(
      true,
    );
    expect(await coresPerInstance.check(contextOf({ deployment: { cores } }))).toMatchObject({
      outcome: "unknown",
      actual: "no instance is known of c2",
    });
  });
  test("that an instance has too many of fails, whatever is not known of others", async () => {
    const cores = [1, 2, 3].map((number) => core(number, { instance: "i-1" }));
    const context = contextOf({ deployment: { cores: [...cores, core(4, { instance: undefined })] } });
    expect(await coresPerInstance.check(context)).toMatchObject({ outcome: "fail" });
  });
  test("since their source cannot be read: nothing that rests on them passes", async () => {
    const seen = contextOf({ maxConnections: 1_000, others: [deployment({ id: "beside", database: "main" })] });
    const here = { ...seen, unread: new Map([["acme-production", "AWS could not be reached"]]) };
    const beside = { ...seen, unread: new Map([["beside", "AWS could not be reached"]]) };
    for (const rule of [checksRunning, coresPerInstance, connectionBudget])
      await expect(rule.check(here)).rejects.toThrow("the cores of acme-production: AWS could not be reached");
    for (const rule of [coresPerInstance, connectionBudget])
      await expect(rule.check(beside)).rejects.toThrow("the cores of beside: AWS could not be reached");
  });
});

describe("a plain listener", () => {
  const judged = (...listeners: ListenerFacts[]) => httpRedirect.check(contextOf({ balancer: { listeners } }));

  test("may redirect to the port where the HTTPS listener is, and nowhere else", async () => {
    expect(await judged(listener({}), plain("3567"))).toMatchObject({ outcome: "pass" });
    expect(await judged(listener({}), plain("443"))).toMatchObject({
      outcome: "fail",
      actual: "port 80: redirect to 443, where no HTTPS listener is",
    });
    expect(await judged(listener({}), plain("#{port}"))).toMatchObject({ outcome: "fail" });
    expect(await judged(listener({}), plain("3567", "HTTP"))).toMatchObject({ outcome: "fail" });
  });
  test("is mended by a redirect to a port that is there: 443 where it is", async () => {
    const open = listener({ port: 80, protocol: "HTTP" });
    expect(await judged(listener({}), open)).toMatchObject({ fix: expect.stringContaining("Port=3567,") });
    expect(await judged(listener({}), listener({ port: 443 }), open)).toMatchObject({
      fix: expect.stringContaining("Port=443,"),
    });
  });
});

test("of several certificates those for the name that users call must have days left", async () => {
  const arn = (id: string): string => `arn:aws:acm:eu-west-1:123456789012:certificate/${id}`;
  const days: Readonly<Record<string, readonly [string, number]>> = {
    [arn("default")]: ["other.example.com", 200],
    [arn("own")]: ["*.example.com", 5],
    [arn("stranger")]: ["other.example.net", 1],
  };
  const certificate = (one: string): Promise<AcmCertificate> => {
    const [name = "", left = 0] = days[one] ?? [];
    return Promise.resolve({ arn: one, status: "ISSUED", names: [name], notAfter: NOW + left * DAY_MS });
  };
  const judged = (...ids: string[]) =>
    listenerCertificate.check(
      contextOf({ balancer: { listeners: [listener({ certificateArns: ids.map(arn) })] }, cloud: { certificate } }),
    );
  expect(await judged("default", "own", "stranger")).toMatchObject({
    outcome: "fail",
    actual: "*.example.com: ISSUED, 5 days left",
    fix: expect.stringContaining(arn("own")),
  });
  expect(await judged("default", "stranger")).toMatchObject({ outcome: "pass" });
});

test("a TLS policy stricter than the runbook's passes as that, and only what is current passes today", async () => {
  const judged = async (sslPolicy: string) => {
    const context = contextOf({ balancer: { listeners: [listener({ sslPolicy })] } });
    const answers = [await securityPolicyRunbook.check(context), await securityPolicyToday.check(context)];
    return answers.map(({ outcome }) => outcome);
  };
  expect(await judged("ELBSecurityPolicy-TLS-1-0-2015-04")).toEqual(["fail", "fail"]);
  expect(await judged("ELBSecurityPolicy-2016-08")).toEqual(["pass", "fail"]);
  expect(await judged("ELBSecurityPolicy-TLS-1-2-Ext-2018-06")).toEqual(["pass", "fail"]);
  expect(await judged("ELBSecurityPolicy-TLS13-1-2-2021-06")).toEqual(["pass", "pass"]);
});

test("scale-in protection is mended by name, the group before its capacity provider", async () => {
  const off = { ...provider({ protectedFromScaleIn: false }), managedTerminationProtection: false };
  const answer = await ecsScaleInProtection.check(contextOf({ ecs: { capacityProviders: [off] } }));
  expect("fix" in answer ? answer.fix.split("\n") : []).toEqual([
    "aws autoscaling update-auto-scaling-group --auto-scaling-group-name shop --new-instances-protected-from-scale-in",
    "aws ecs update-capacity-provider --name spot --auto-scaling-group-provider managedTerminationProtection=ENABLED",
  ]);
});
