import type { Outcome } from "../src/domain/index.ts";
import { DEFAULTS, type Check } from "./check.ts";
import { bad, failureOutcome, up } from "./outcome.ts";
import { startWatch } from "./request.ts";

/** A name, and the addresses or names of which its answer has to hold one (none: any answer will do). */
export interface DnsInput {
  readonly name: string;
  readonly expect: readonly string[];
}

/**
 * Asks DNS itself, past every cache of this host. Whether a failure is the name's or this host's own DNS is not for one probe
 * to say: the watch sees all of them.
 */
export const dns: Check<DnsInput> = {
  kind: "dns",
  tells: "Whether a name is found in DNS and stands for what it should.",
  defaults: { ...DEFAULTS, schedule: "15 * * * * *" },

  targets: (fleet) => [
    ...fleet.deployments.flatMap(({ id, connectionUri }) => {
      const name = URL.parse(connectionUri)?.hostname ?? "";
      if (!isLookedUp(name)) return [];
      return [{ target: { kind: "deployment" as const, id, deployment: id }, input: { name, expect: [] } }];
    }),
    ...fleet.endpoints.flatMap(({ id, url, expect }) => {
      const parsed = URL.parse(url);
      if (parsed?.protocol !== "dns:" || parsed.hostname === "") return [];
      return [
        { target: { kind: "endpoint" as const, id, deployment: null }, input: { name: parsed.hostname, expect } },
      ];
    }),
  ],

  async probe({ name, expect }, context) {
    const left = startWatch(context);
    const found = await context.net.dns(name, left(), context.signal);
    if (!found.ok) return failureOutcome(found.failure, found.detail, found.phases);
    const { addresses, names, phases } = found;
    context.trace(`${name} is ${[...addresses, ...(names ?? [])].join(", ")}`);
    const measures = { addresses: addresses.length };
    const held = new Set([...addresses, ...(names ?? [])].map(normal));
    if (expect.length === 0 || expect.some((value) => held.has(normal(value)))) return up(phases, measures);
    if (names === undefined && !expect.every(isAddress)) {
      return bad("down", "dns-failure", `DNS did not say what ${name} is an alias of`, phases, measures);
    }
    return unexpected(name, [...addresses, ...(names ?? [])], expect, up(phases, measures));
  },
};

function unexpected(name: string, got: readonly string[], expect: readonly string[], base: Outcome): Outcome {
  const detail = `${name} is ${listed(got)}, where one of ${listed(expect)} was expected`;
  return { ...base, health: "down", reason: "dns-unexpected-answer", detail };
}

function listed(values: readonly string[]): string {
  const shown = values.slice(0, 8).join(", ");
  return values.length > 8 ? `${shown} and ${values.length - 8} more` : shown;
}

/** Names that DNS is asked for: no address, and not the loopback, which never leaves the host. */
function isLookedUp(name: string): boolean {
  return name !== "" && !isAddress(name) && name !== "localhost" && !name.endsWith(".localhost");
}

function isAddress(text: string): boolean {
  return text.includes(":") || /^\d{1,3}(\.\d{1,3}){3}$/.test(text);
}

/** Letter case and a final dot make no other name; IPv6 has many spellings, of which URLs know the shortest. */
function normal(text: string): string {
  const lower = text.toLowerCase().replace(/\.$/, "");
  return lower.includes(":") ? (URL.parse(`http://[${lower}]`)?.hostname.slice(1, -1) ?? lower) : lower;
}
