import { createPrivateKey, createPublicKey, generateKeyPair, randomBytes, randomUUID, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { promisify } from "node:util";
import type { SharedKeys, StoredKey } from "./core-storage.ts";

const generate = promisify(generateKeyPair);

/** New keys, as the first core of a database makes them: one static and one rotating RSA-2048 key. */
export async function makeKeys(): Promise<SharedKeys> {
  const make = async (use: StoredKey["use"]): Promise<StoredKey> => {
    const { privateKey } = await generate("rsa", { modulusLength: 2048 });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    return { kid: `${use[0]}-${randomUUID()}`, pem, use };
  };
  return {
    signing: await Promise.all([make("static"), make("dynamic")]),
    refresh: `1000:${randomBytes(64).toString("hex")}`,
  };
}

/** Claims of an access token; times are epoch seconds. */
export interface AccessClaims {
  readonly iat: number;
  readonly exp: number;
  readonly sub: string;
  readonly tId: string;
  readonly rsub: string;
  readonly sessionHandle: string;
  readonly refreshTokenHash1: string;
  readonly parentRefreshTokenHash1: string | null;
  readonly antiCsrfToken: string | null;
  readonly [claim: string]: unknown;
}

interface LoadedKey {
  readonly kid: string;
  readonly use: StoredKey["use"];
  readonly secret: KeyObject;
  readonly open: KeyObject;
}

/** Signs and checks access tokens (RS256), and publishes the keys. Holds no connection: it works without the database. */
export class AccessTokens {
  readonly #keys: readonly LoadedKey[];

  constructor(keys: SharedKeys) {
    this.#keys = keys.signing.map(({ kid, pem, use }) => {
      const secret = createPrivateKey(pem);
      return { kid, use, secret, open: createPublicKey(secret) };
    });
  }

  /** The JSON Web Key Set. */
  jwks(): { keys: Record<string, unknown>[] } {
    return {
      keys: this.#keys.map(({ kid, open }) => {
        const { kty, n, e } = open.export({ format: "jwk" });
        return { kty, kid, n, e, alg: "RS256", use: "sig" };
      }),
    };
  }

  /** A signed token. */
  async sign(claims: AccessClaims, use: StoredKey["use"]): Promise<string> {
    const key = this.#keys.find((k) => k.use === use);
    if (key === undefined) throw new Error(`no ${use} signing key`);
    const head = encode({ kid: key.kid, typ: "JWT", version: "5", alg: "RS256" });
    const body = `${head}.${encode(claims)}`;
    const signature = await new Promise<Buffer>((resolve, reject) => {
      sign("sha256", Buffer.from(body), key.secret, (error, made) => (error === null ? resolve(made) : reject(error)));
    });
    return `${body}.${signature.toString("base64url")}`;
  }

  /** The claims of a token that one of the keys signed and that has not expired at `now` (epoch ms). */
  check(token: string, now: number): AccessClaims | undefined {
    const [head = "", body = "", signature = ""] = token.split(".");
    const header = decodeHeader(head);
    const key = this.#keys.find((k) => k.kid === header?.kid);
    if (key === undefined || header?.alg !== "RS256") return undefined;
    const good = verify("sha256", Buffer.from(`${head}.${body}`), key.open, Buffer.from(signature, "base64url"));
    // What our own key signed has our own shape.
    if (!good) return undefined;
    const claims: AccessClaims = JSON.parse(decode(body));
    return claims.exp * 1000 > now ? claims : undefined;
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(part: string): string {
  return Buffer.from(part, "base64url").toString("utf8");
}

function decodeHeader(part: string): { kid?: string; alg?: string } | null {
  try {
    return JSON.parse(decode(part));
  } catch {
    return null; // Not a token of ours: the caller answers that.
  }
}
