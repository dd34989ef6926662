import { describe, expect, it } from "vitest";
import { faultOf } from "../../src/net/fault.ts";
import type { Stage } from "../../src/net/fault.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`connect ${code} 10.0.0.1:3567`), { code, syscall: "connect" });
}

describe("a socket's error", () => {
  it.each([
    ["ECONNREFUSED", "connect", "connection-refused"],
    ["ECONNRESET", "connect", "connection-reset"],
    ["ECONNRESET", "tls", "connection-reset"],
    ["EPIPE", "exchange", "connection-reset"],
    ["ETIMEDOUT", "connect", "connect-timeout"],
    ["ETIMEDOUT", "exchange", "timeout"],
    ["EHOSTUNREACH", "connect", "host-unreachable"],
    ["ENETUNREACH", "connect", "local-network"],
    ["EADDRNOTAVAIL", "connect", "local-network"],
    ["EMFILE", "connect", "local-resources"],
    ["ENOBUFS", "exchange", "local-resources"],
    ["EPROTO", "tls", "tls-handshake-failed"],
  ] as const)("%s in stage %s is %s", (code, stage: Stage, failure) => {
    expect(faultOf(systemError(code), "10.0.0.1:3567", stage)).toMatchObject({ failure });
  });

  it("of OpenSSL, and an orderly close in the middle of the handshake, are a failed handshake", () => {
    const closed = Object.assign(new Error("closed before the secure connection"), { code: "ECONNRESET" });
    expect(faultOf(closed, "peer", "tls").message).toMatch(/closed the connection in the middle/);
    const version = Object.assign(new Error("wrong version"), { code: "ERR_SSL_WRONG_VERSION_NUMBER" });
    expect(faultOf(version, "peer", "tls")).toMatchObject({ failure: "tls-handshake-failed" });
    expect(faultOf(version, "peer", "tls").message).toMatch(/does not speak TLS/);
  });
});
