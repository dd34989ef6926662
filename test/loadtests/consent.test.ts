import { expect, test } from "vitest";
import { decideConsent, type ConsentInput } from "../../loadtests/consent.ts";
import type { CertifySettings, Deployment } from "../../src/domain/index.ts";
import { deployment } from "../checks/small-fleet.ts";
import { planOf } from "../../loadtests/plans.ts";
import { DEFAULT_THRESHOLDS } from "../../loadtests/thresholds.ts";
import { certify } from "./run-support.ts";

const ABLE = { hasCapacity: true, hasSurvival: true, hasScale: true };

type Given = Partial<Omit<ConsentInput, "deployment">> & {
  readonly settings?: Partial<CertifySettings> | null;
  readonly kind?: Deployment["kind"];
};

function decide({ settings = {}, kind = "production", ...given }: Given) {
  const of = deployment({ kind, ...(settings === null ? {} : { certify: { ...certify(), ...settings } }) });
  const inventory = {
    addresses: ["10.0.0.1"],
    inventoryAddresses: ["10.0.0.1"],
    loadBalancerAddresses: [],
    plan: planOf("quick", ABLE, DEFAULT_THRESHOLDS),
    yes: false,
  };
  return decideConsent({ deployment: of, ...inventory, ...given });
}

const cases: readonly (readonly [name: string, given: Given, kind: "allowed" | "refused" | "confirm"])[] = [
  ["a deployment without certify", { settings: null }, "refused"],
  ["certify without allowed", { settings: { allowed: false } }, "refused"],
  ["certify without allowed, with yes", { settings: { allowed: false }, yes: true }, "refused"],
  ["a name that resolves to nothing", { addresses: [], yes: true }, "refused"],
  ["production at a core's address", {}, "confirm"],
  ["production with yes", { yes: true }, "allowed"],
  ["development", { kind: "development" }, "allowed"],
  ["an address that nobody knows", { addresses: ["10.0.0.9"], yes: true }, "refused"],
  ["one of two addresses that nobody knows", { addresses: ["10.0.0.1", "10.0.0.9"], yes: true }, "refused"],
  ["a load balancer's address", { addresses: ["52.1.1.1"], loadBalancerAddresses: ["52.1.1.1"], yes: true }, "allowed"],
  [
    "an address in certify.targets",
    { addresses: ["52.1.1.1"], settings: { targets: ["52.1.1.1"] }, yes: true },
    "allowed",
  ],
  [
    "a network in certify.targets",
    { addresses: ["52.1.1.9"], settings: { targets: ["52.1.1.0/28"] }, yes: true },
    "allowed",
  ],
  ["beside a network", { addresses: ["52.1.1.16"], settings: { targets: ["52.1.1.0/28"] }, yes: true }, "refused"],
  ["an IPv6 network", { addresses: ["2001:db8::7"], settings: { targets: ["2001:db8::/32"] }, yes: true }, "allowed"],
  ["IPv6 written in brackets", { addresses: ["::1"], inventoryAddresses: ["[::1]"] }, "allowed"],
  [
    "IPv6 in another spelling",
    { addresses: ["2001:db8:0:0::7"], inventoryAddresses: ["2001:db8::7"], yes: true },
    "allowed",
  ],
  ["IPv4 that is written as IPv6", { addresses: ["::ffff:10.0.0.1"], yes: true }, "allowed"],
  ["a target that is no address", { settings: { targets: ["acme.example.com"] }, yes: true }, "refused"],
  ["a network that is too narrow", { settings: { targets: ["10.0.0.0/33"] }, yes: true }, "refused"],
  ["production on this machine", { addresses: ["127.4.1.1"], inventoryAddresses: ["127.4.1.1"] }, "allowed"],
  [
    "production half on this machine",
    { addresses: ["127.0.0.1", "10.0.0.1"], inventoryAddresses: ["127.0.0.1", "10.0.0.1"] },
    "confirm",
  ],
];

for (const [name, given, kind] of cases)
  test(`${name}: ${kind}`, () => {
    const said = decide(given);
    const sentence = expect.stringMatching(/^.{20,}$/) as string;
    const whole = {
      allowed: { kind },
      refused: { kind, reason: sentence, fix: sentence },
      confirm: { kind, phrase: "acme", because: sentence },
    };
    expect(said).toEqual(whole[kind]);
  });

test("a refusal names the address that is a stranger, and where it can be allowed", () => {
  const said = decide({ addresses: ["10.0.0.1", "203.0.113.9"], yes: true });
  expect(said).toEqual({
    kind: "refused",
    reason: "acme.example.com resolves to 203.0.113.9, which the inventory does not know as acme's",
    fix: "if it is yours, name its address or network in certify.targets of acme, or set loadBalancer",
  });
});

test("whoever is asked is told all that will be done", () => {
  const quick = decide({});
  expect(quick).toMatchObject({
    because:
      "acme is a production deployment: certification sends 1,000/s; it slows acme down and may bring it down for its users",
  });
  const launch = decide({ plan: planOf("launch", ABLE, DEFAULT_THRESHOLDS) });
  expect(launch).toMatchObject({
    because: expect.stringContaining(
      "sends as many requests as it bears, and 1,000/s, fills its database to 1,000,000 sessions and 1,000,000 users and removes " +
        "what it added again, takes all its cores but one away for a while and adds a core;",
    ),
  });
  const counted = decide({ plan: planOf("launch", { ...ABLE, capacity: "count" }, DEFAULT_THRESHOLDS) });
  expect(counted.kind === "confirm" && counted.because).not.toContain("database");
});
