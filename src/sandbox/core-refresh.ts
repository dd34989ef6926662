import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes, randomUUID } from "node:crypto";

/** What a refresh token holds, encrypted. */
export interface RefreshPayload {
  readonly sessionHandle: string;
  readonly userId: string;
  readonly parentRefreshTokenHash1: string | null;
  readonly nonce: string;
  readonly antiCsrfToken: string | null;
}

const SALT = 64;
const IV = 12;
const TAG = 16;

/** Makes and opens refresh tokens: `<encrypted>.<nonce>.V2`. */
export class RefreshTokens {
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  make(payload: Omit<RefreshPayload, "nonce">): string {
    const nonce = sha256(randomUUID());
    const salt = randomBytes(SALT);
    const iv = randomBytes(IV);
    const cipher = createCipheriv("aes-256-gcm", this.#derive(salt), iv);
    const text = Buffer.concat([cipher.update(JSON.stringify({ ...payload, nonce }), "utf8"), cipher.final()]);
    return `${Buffer.concat([salt, iv, text, cipher.getAuthTag()]).toString("base64")}.${nonce}.V2`;
  }

  /** The payload, or `undefined` for what this database's cores did not issue. */
  open(token: string): RefreshPayload | undefined {
    const [encrypted = "", nonce = "", version, ...rest] = token.split(".");
    const bytes = Buffer.from(encrypted, "base64");
    if (version !== "V2" || rest.length > 0 || bytes.length <= SALT + IV + TAG) return undefined;
    try {
      const decipher = createDecipheriv(
        "aes-256-gcm",
        this.#derive(bytes.subarray(0, SALT)),
        bytes.subarray(SALT, SALT + IV),
      );
      decipher.setAuthTag(bytes.subarray(-TAG));
      const text = decipher.update(bytes.subarray(SALT + IV, -TAG), undefined, "utf8") + decipher.final("utf8");
      const payload: RefreshPayload = JSON.parse(text);
      return payload.nonce === nonce ? payload : undefined;
    } catch {
      return undefined; // Tampered with, or another database's: both are answered as unauthorised.
    }
  }

  #derive(salt: Buffer): Buffer {
    return pbkdf2Sync(this.#key, salt, 100, 32, "sha512");
  }
}

/** Hex SHA-256. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** What `session_info.refresh_token_hash_2` holds for a token. */
export function hash2(token: string): string {
  return sha256(sha256(token));
}
