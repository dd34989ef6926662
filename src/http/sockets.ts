// HTTP is spoken over the sockets of src/net: one resolver, one judgement of certificates, one table of system errors for
// both probers. This file is the only door between the two adapters.
export { dial } from "../net/dial.ts";
export type { Timing } from "../net/dial.ts";
export { Fault, faultOf } from "../net/fault.ts";
export { createResolver } from "../net/resolver.ts";
export type { Resolver } from "../net/resolver.ts";
export { Stop } from "../net/stop.ts";
export { atTime, inspect } from "../net/trust.ts";
