import type { NetFailure } from "../domain/index.ts";

/** Where an attempt was when it failed. */
export type Stage = "dns" | "connect" | "tls" | "exchange";

/** How the network failed an attempt: thrown inside the adapters, turned into data at their edge. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly failure: NetFailure;
  constructor(failure: NetFailure, message: string) {
    super(message);
    this.failure = failure;
  }
}

/**
 * System error codes → failure. EHOSTUNREACH is a router's word about the target (or nobody answered ARP for it);
 * ENETUNREACH and its kin mean that this host has no way out at all.
 */
const CODES: Readonly<Record<string, NetFailure>> = {
  ECONNREFUSED: "connection-refused",
  ECONNRESET: "connection-reset",
  ECONNABORTED: "connection-reset",
  EPIPE: "connection-reset",
  EHOSTUNREACH: "host-unreachable",
  EHOSTDOWN: "host-unreachable",
  ENETUNREACH: "local-network",
  ENETDOWN: "local-network",
  EADDRNOTAVAIL: "local-network",
  EADDRINUSE: "local-network",
  EAFNOSUPPORT: "local-network",
  EINVAL: "local-network",
  EPERM: "local-network",
  EACCES: "local-network",
  EMFILE: "local-resources",
  ENFILE: "local-resources",
  ENOBUFS: "local-resources",
  ENOMEM: "local-resources",
};

const SENTENCES: Readonly<Partial<Record<NetFailure, string>>> = {
  "connection-refused": "refused the connection: nothing listens there, or a firewall rejects it",
  "connection-reset": "reset the connection",
  "host-unreachable": "cannot be reached: the network says that there is no way to this host",
};

/** The fault that a socket's error is, at `peer` (`10.0.1.11:3567`), in a stage of the attempt. */
export function faultOf(error: Error, peer: string, stage: Stage): Fault {
  if (error instanceof Fault) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const failure = classify(error, code, stage);
  if (failure === "local-network") return new Fault(failure, `this host has no way to ${peer} (${code})`);
  if (failure === "local-resources") return new Fault(failure, `this host is out of files or buffers (${code})`);
  if (failure === "tls-handshake-failed") {
    return new Fault(failure, `${peer} failed the TLS handshake (${handshakeWords(error, code)})`);
  }
  const sentence = SENTENCES[failure];
  if (sentence !== undefined) return new Fault(failure, `${peer} ${sentence}`);
  return new Fault(failure, `${peer}: ${code === "" ? error.message.slice(0, 200) : code}`);
}

function classify(error: Error, code: string, stage: Stage): NetFailure {
  if (code === "ETIMEDOUT") return stage === "connect" ? "connect-timeout" : "timeout";
  // An orderly close in the middle of the handshake bears ECONNRESET too, but no system call.
  if (stage === "tls" && (code === "EPROTO" || code.startsWith("ERR_") || !("syscall" in error))) {
    return "tls-handshake-failed";
  }
  return CODES[code] ?? (stage === "tls" ? "tls-handshake-failed" : "protocol-error");
}

function handshakeWords(error: Error, code: string): string {
  if (code === "ECONNRESET") return "it closed the connection in the middle";
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG")
    return "it does not speak TLS";
  return code === "" ? error.message.slice(0, 200) : code;
}
