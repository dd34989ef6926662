import { isIP } from "node:net";
import { generate } from "selfsigned";

/** A key with its certificate, PEM. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 86_400_000;

/** An authority of its own. */
export async function createAuthority(name = "Test Authority"): Promise<KeyPair> {
  const made = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(Date.now() - 30 * DAY_MS),
    notAfterDate: new Date(Date.now() + 3650 * DAY_MS),
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { key: made.private, cert: made.cert };
}

/** A server's certificate for `names` (DNS names, wildcards or addresses); `days` until it expires, negative when it has. */
export async function createCertificate(
  names: readonly string[],
  options: { readonly authority?: KeyPair; readonly days?: number; readonly startsInDays?: number } = {},
): Promise<KeyPair> {
  const { authority, days = 365, startsInDays = -20 } = options;
  const made = await generate([{ name: "commonName", value: names[0] ?? "" }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(Date.now() + startsInDays * DAY_MS),
    notAfterDate: new Date(Date.now() + days * DAY_MS),
    extensions: [
      { name: "basicConstraints", cA: false },
      {
        name: "subjectAltName",
        altNames: names.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })),
      },
    ],
    ...(authority === undefined ? {} : { ca: authority }),
  });
  return { key: made.private, cert: made.cert };
}
