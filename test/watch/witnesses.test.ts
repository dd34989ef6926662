import { describe, expect, test } from "vitest";
import { planTasks } from "../../checks/index.ts";
import { createWitnesses } from "../../src/watch/witnesses.ts";
import { database, deployment, endpoint, fleetOf } from "../incidents/support.ts";

const fleet = fleetOf({
  deployments: [
    deployment("acme", 3, { database: "main", loadBalancer: "shared" }),
    deployment("beta", 2, {
      database: "main",
      loadBalancer: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shared/50dc6c495c0c9188",
    }),
    deployment("wide", 100, { loadBalancer: undefined }),
  ],
  databases: [database("main")],
  endpoints: [endpoint("landing")],
});
const witnesses = createWitnesses(fleet, planTasks(fleet));

describe("witnesses", () => {
  test("of a core: the way through the load balancer, what that says, the database, and its siblings", () => {
    expect(new Set(witnesses.of("core:acme/acme-2:hello"))).toEqual(
      new Set([
        "deployment:acme:through-load-balancer",
        "load-balancer:shared:load-balancer",
        "load-balancer:shared:target-health",
        "database:main:postgres",
        "core:acme/acme-1:hello",
        "core:acme/acme-3:hello",
      ]),
    );
  });

  test("of a database: the cores of every deployment that uses it", () => {
    expect(new Set(witnesses.of("database:main:postgres"))).toEqual(
      new Set([
        "core:acme/acme-1:hello",
        "core:acme/acme-2:hello",
        "core:acme/acme-3:hello",
        "core:beta/beta-1:hello",
        "core:beta/beta-2:hello",
      ]),
    );
  });

  test("of a load balancer that deployments share: what is behind it", () => {
    const all = witnesses.of("load-balancer:shared:target-health");
    expect(all).toContain("core:acme/acme-1:hello");
    expect(all).toContain("core:beta/beta-2:hello");
    expect(all).toContain("deployment:beta:through-load-balancer");
    expect(all).not.toContain("load-balancer:shared:target-health");
  });

  test("of a core among a hundred: not all of its siblings", () => {
    const siblings = witnesses.of("core:wide/wide-99:hello").filter((key) => key.startsWith("core:"));
    expect(siblings).toHaveLength(20);
    expect(siblings).toContain("core:wide/wide-100:hello");
    expect(siblings).toContain("core:wide/wide-1:hello");
  });

  test("of an endpoint, or of what is not in the fleet: nobody", () => {
    expect(witnesses.of("endpoint:landing:http")).toEqual([]);
    expect(witnesses.of("core:gone/1:hello")).toEqual([]);
  });
});
