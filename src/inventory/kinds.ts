import type { CheckKind } from "../domain/index.ts";

/** One value for each kind of check; a kind that is missing here does not compile. */
export function forEachKind<T>(make: (kind: CheckKind) => T): Record<CheckKind, T> {
  return {
    hello: make("hello"),
    jwks: make("jwks"),
    postgres: make("postgres"),
    mysql: make("mysql"),
    "through-load-balancer": make("through-load-balancer"),
    "load-balancer": make("load-balancer"),
    "target-health": make("target-health"),
    tls: make("tls"),
    dns: make("dns"),
    tcp: make("tcp"),
    session: make("session"),
    http: make("http"),
    heartbeat: make("heartbeat"),
  };
}
