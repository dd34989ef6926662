import { connect as connectPlain, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls } from "node:tls";
import type { LoadTarget } from "../domain/index.ts";

/** What autocannon is to give to `tls.connect`, found out before it starts; `undefined` for plain HTTP. */
export interface TlsOptions {
  readonly ca: string | undefined;
  /** What to send as SNI; `undefined`: nothing, since an address is never sent. */
  readonly servername: string | undefined;
  readonly checkServerIdentity: (
    host: string,
    certificate: Parameters<typeof checkServerIdentity>[1],
  ) => Error | undefined;
}

/**
 * Makes one connection and judges its certificate, since autocannon sends its requests, with the key in them, to anybody:
 * it tries again without a pause where nobody listens, and takes every certificate.
 * @throws Error with a sentence for people
 */
export async function preflight(target: LoadTarget, timeoutMs: number): Promise<TlsOptions | undefined> {
  const url = new URL(target.url);
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  if (url.protocol === "http:") {
    const plain = connectPlain(Number(url.port || 80), host);
    await opened(plain, "connect", url.host, timeoutMs);
    return undefined;
  }
  // autocannon takes 80 for "no port given", and goes to 443.
  if (url.port === "80") throw new Error(`${url.host}: TLS on port 80 cannot be measured in the closed model`);
  const options = {
    servername: isIP(target.tls.serverName) === 0 ? target.tls.serverName : undefined,
    checkServerIdentity: (_host: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(target.tls.serverName, certificate),
  };
  // The inventory's authority stands beside the usual ones. autocannon makes a trust store for every connection, which
  // with all of them takes milliseconds each: it gets the one that the certificate needs.
  const authorities = target.tls.ca === undefined ? [undefined] : [target.tls.ca, undefined];
  const problems: string[] = [];
  for (const ca of authorities) {
    const socket = connectTls({ port: Number(url.port || 443), host, ...options, ca, rejectUnauthorized: false });
    const problem = await opened(socket, "secureConnect", url.host, timeoutMs, () =>
      socket.authorized ? "" : String(socket.authorizationError),
    );
    if (problem === "" || !target.tls.verify) return { ...options, ca };
    problems.push(problem);
  }
  // That an authority is not known says less than what the one that is known has against the certificate.
  const telling = problems.find((problem) => !/^(UNABLE_TO|SELF_SIGNED)/.test(problem));
  throw new Error(distrust(target, telling ?? problems[0] ?? "it is not trusted"));
}

/** What to say of a certificate that does not hold. */
export function distrust(target: LoadTarget, problem: string): string {
  return `the certificate of ${new URL(target.url).host} does not hold for ${target.tls.serverName}: ${problem}`;
}

function opened(
  socket: Socket,
  event: "connect" | "secureConnect",
  place: string,
  timeoutMs: number,
  look: () => string = () => "",
): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no connection within ${timeoutMs} ms`));
    }, timeoutMs);
    socket.once(event, () => {
      clearTimeout(timer);
      const seen = look();
      socket.destroy();
      resolve(seen);
    });
    socket.on("error", (error) => {
      clearTimeout(timer);
      reject(new Error(`no connection to ${place}: ${error.message}`, { cause: error }));
    });
  });
}
