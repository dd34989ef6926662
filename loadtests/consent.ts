// oxlint-disable-next-line no-restricted-imports -- BlockList and isIP only reckon with addresses: nothing is opened
import { BlockList, isIP } from "node:net";
import { type CertifyPlan, type Deployment, listSome } from "../src/domain/index.ts";
import { number, perSecond } from "./report-words.ts";

/** What a decision on putting load on a deployment looks at; addresses are resolved before. */
export interface ConsentInput {
  readonly deployment: Deployment;
  /** What is to be done to it: a person who agrees must know. */
  readonly plan: CertifyPlan;
  /** What the connectionUri's host resolves to, IPv4 and IPv6. */
  readonly addresses: readonly string[];
  /** What the hosts of its cores resolve to. */
  readonly inventoryAddresses: readonly string[];
  /** What the DNS name of its load balancer resolves to; empty where there is none. */
  readonly loadBalancerAddresses: readonly string[];
  /** `--yes-i-own-this` was given. */
  readonly yes: boolean;
}

/** Whether load may be put on a deployment. */
export type Consent =
  | { readonly kind: "allowed" }
  | { readonly kind: "refused"; readonly reason: string; readonly fix: string }
  /** A person has to type `phrase` first. */
  | { readonly kind: "confirm"; readonly phrase: string; readonly because: string };

/** At most this many addresses are named in a sentence. */
const NAMED = 5;

/**
 * Decides whether load may be put on a deployment: the inventory must say so, the connectionUri must lead to what the
 * inventory knows, and a person stands behind load on a production deployment. What runs on this machine alone needs no
 * second word: load on it hurts nobody else.
 */
export function decideConsent(input: ConsentInput): Consent {
  const { deployment, addresses, yes } = input;
  const { id, connectionUri, certify } = deployment;
  if (certify?.allowed !== true)
    return {
      kind: "refused",
      reason: `${id} may not be put under load: fleet.yaml does not allow it`,
      fix: `set certify.allowed: true at deployment ${id} in fleet.yaml, if it is yours and its users can bear it`,
    };
  const { hostname } = new URL(connectionUri);
  if (addresses.length === 0)
    return {
      kind: "refused",
      reason: `${hostname}, the host of ${id}'s connectionUri, resolves to no address`,
      fix: "check the name's DNS record, and connectionUri in fleet.yaml",
    };
  const known = new BlockList();
  const malformed = certify.targets.filter((target) => !allow(known, target));
  if (malformed.length > 0)
    return {
      kind: "refused",
      reason: `certify.targets of ${id} has what is neither an address nor a network: ${listSome(malformed, NAMED)}`,
      fix: "write addresses (203.0.113.7) or networks (203.0.113.0/24, 2001:db8::/32)",
    };
  for (const address of [...input.inventoryAddresses, ...input.loadBalancerAddresses]) allow(known, address);
  const strangers = addresses.filter((address) => !holds(known, address));
  const leads = familyOf(bare(hostname)) === undefined ? `${hostname} resolves` : `the connectionUri of ${id} leads`;
  if (strangers.length > 0)
    return {
      kind: "refused",
      reason: `${leads} to ${listSome(strangers, NAMED)}, which the inventory does not know as ${id}'s`,
      fix: `if it is yours, name its address or network in certify.targets of ${id}, or set loadBalancer`,
    };
  if (yes || deployment.kind !== "production" || addresses.every(isLoopback)) return { kind: "allowed" };
  return {
    kind: "confirm",
    phrase: id,
    because: `${id} is a production deployment: certification ${listSome(doingsOf(input.plan), DOINGS)}; it slows ${id} down and may bring it down for its users`,
  };
}

/** Load, rows, cores taken away, a core added. */
const DOINGS = 4;

function doingsOf({ stages, capacity, sessions, users }: CertifyPlan): string[] {
  const has = (kind: CertifyPlan["stages"][number]["kind"]): boolean => stages.some((stage) => stage.kind === kind);
  const rates = stages.flatMap(({ arrivals }) =>
    arrivals?.kind === "constant" || arrivals?.kind === "poisson" ? [arrivals.rate] : [],
  );
  const most = perSecond(Math.max(0, ...rates));
  return [
    has("ceiling") ? `sends as many requests as it bears, and ${most}` : `sends ${most}`,
    ...(has("fill") && capacity === "fill"
      ? [
          `fills its database to ${number(sessions)} sessions and ${number(users)} users and removes what it added again`,
        ]
      : []),
    ...(has("survival") ? ["takes all its cores but one away for a while"] : []),
    ...(has("scale-out") ? ["adds a core"] : []),
  ];
}

/** Enters an address or a network; `false` when it is neither. */
function allow(list: BlockList, text: string): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  const plain = bare(address);
  const family = familyOf(plain);
  if (family === undefined || rest.length > 0) return false;
  if (prefix === undefined) {
    list.addAddress(plain, family);
    return true;
  }
  const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (!(length <= (family === "ipv4" ? 32 : 128))) return false;
  list.addSubnet(plain, length, family);
  return true;
}

function holds(list: BlockList, address: string): boolean {
  const plain = bare(address);
  const family = familyOf(plain);
  return family !== undefined && list.check(plain, family);
}

function isLoopback(address: string): boolean {
  const plain = bare(address);
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}

/** Without brackets and zone, and IPv4 as itself where it is written as IPv6. */
function bare(address: string): string {
  const inner = address.replace(/^\[(.+)\]$/, "$1").replace(/%.*$/, "");
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(inner);
  return mapped?.[1] ?? inner;
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? "ipv4" : "ipv6";
}
