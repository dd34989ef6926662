import type { Deployment, Fleet, Hook, TlsSettings } from "../domain/index.ts";
import { type Change, diffPlain } from "./diff.ts";

/** The resolved fleet as JSON: durations in milliseconds, secrets as `[secret]`. */
interface InventoryDescription {
  readonly fleet: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** `true` when it is the last good configuration because the file on disk was rejected. */
  readonly stale: boolean;
  readonly deployments: readonly Record<string, unknown>[];
  readonly databases: readonly Record<string, unknown>[];
  readonly endpoints: readonly Record<string, unknown>[];
  readonly heartbeats: readonly Record<string, unknown>[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly changes: readonly Change[];
}

/** What `corewatch inventory` prints. `at` is epoch milliseconds. */
export function describeInventory(
  fleet: Fleet,
  at: number,
  extra: { readonly stale?: boolean; readonly changes?: readonly Change[] } = {},
): InventoryDescription {
  const { name, deployments, databases, endpoints, heartbeats, ...settings } = fleet;
  const described = {
    fleet: name,
    at: new Date(at).toISOString(),
    stale: extra.stale ?? false,
    deployments: deployments.map(describeDeployment),
    databases,
    endpoints: endpoints.map((one) => ({ ...one, url: withoutSecrets(one.url), tls: one.tls && describeTls(one.tls) })),
    heartbeats,
    settings,
    changes: extra.changes ?? [],
  };
  // Through JSON, which is what people get: secrets write themselves as `[secret]`.
  const plain: InventoryDescription = JSON.parse(JSON.stringify(described));
  return plain;
}

function describeDeployment(deployment: Deployment): unknown {
  const { certify, scale } = deployment;
  const survival = certify?.survival;
  return {
    ...deployment,
    tls: describeTls(deployment.tls),
    certify: certify && {
      ...certify,
      survival: survival && { away: describeHook(survival.away), back: describeHook(survival.back) },
    },
    scale: scale && { request: describeHook(scale.request), remove: scale.remove && describeHook(scale.remove) },
  };
}

/** Not read as a URL: it may begin with a placeholder. */
function describeHook(hook: Hook): Hook {
  return hook.kind === "request" ? { ...hook, url: hook.url.replace(/[?#].*$/s, "") } : hook;
}

/** An endpoint's address as far as it says where: what stands in a query, or before the host, can be a key. */
function withoutSecrets(address: string): string {
  const url = new URL(address);
  url.username = "";
  url.password = "";
  url.search = "";
  url.hash = "";
  return url.href;
}

/** A bundle of authorities is pages long: how many there are is what a person looks for. */
function describeTls(tls: TlsSettings): unknown {
  const authorities = tls.ca?.split("-----BEGIN CERTIFICATE-----").length ?? 1;
  return { ...tls, ca: tls.ca === undefined ? undefined : `${authorities - 1} certificates` };
}

/** What changed since an earlier description; `before` is what a store kept, and anything else counts as no earlier look. */
export function diffDescriptions(before: unknown, after: InventoryDescription): Change[] {
  return typeof before === "object" && before !== null && "deployments" in before ? diffPlain(before, after) : [];
}
