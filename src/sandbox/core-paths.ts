import { isIP } from "node:net";
import { BASE_TENANT } from "./core-options.ts";
import type { CoreTenant } from "./core-options.ts";

/** A request's place: `[base][/appid-<app>][/<tenant>]<path>[/]`, lower case. */
export interface Place extends CoreTenant {
  /** The API path without prefix and trailing slash; the root is the empty string. */
  readonly path: string;
}

/** Where `url` of a request with this Host header points; `undefined` when no API has such a path. */
export function resolvePlace(
  url: string,
  hostHeader: string,
  basePath: string,
  domains: ReadonlySet<string>,
  paths: ReadonlySet<string>,
): Place | undefined {
  const query = url.indexOf("?");
  let rest = (query === -1 ? url : url.slice(0, query)).toLowerCase().replace(/\/+$/, "");
  const base = basePath.toLowerCase().replace(/\/+$/, "");
  if (rest !== base && !rest.startsWith(`${base}/`)) return undefined;
  rest = rest.slice(base.length);
  const found = /^\/appid-([^/]+)/.exec(rest);
  const app = found?.[1] ?? BASE_TENANT.app;
  if (found !== null) rest = rest.slice(found[0].length);
  const domain = domainOf(hostHeader, domains);
  if (paths.has(rest)) return { domain, app, tenant: BASE_TENANT.tenant, path: rest };
  const [, tenant = "", after = ""] = /^\/([^/]+)(.*)$/.exec(rest) ?? [];
  return tenant !== "" && paths.has(after) ? { domain, app, tenant, path: after } : undefined;
}

/** A probe by IP address, or by a name that no tenant has, reaches the base domain. */
function domainOf(hostHeader: string, domains: ReadonlySet<string>): string {
  const name = hostHeader.toLowerCase().replace(/:\d+$/, "");
  return isIP(name.replace(/^\[|\]$/g, "")) === 0 && domains.has(name) ? name : BASE_TENANT.domain;
}

/** The sentence for an app or tenant that does not exist. */
export function unknownTenant(place: CoreTenant): string {
  return `AppId or tenantId not found => Tenant with the following connectionURIDomain, appId and tenantId combination not found: (${place.domain}, ${place.app}, ${place.tenant})`;
}
