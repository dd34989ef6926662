import { hash } from "node:crypto";

/** Characters of a hash that differ from user to user. */
interface Run {
  readonly at: number;
  readonly length: number;
  readonly encoding: "hex" | "base64";
}

/** A password hash as the cores of this database write it, and what varies in it. */
export interface PasswordShape {
  readonly text: string;
  readonly runs: readonly Run[];
  readonly bcrypt: boolean;
}

/** What cores write unless they are told otherwise: bcrypt with 11 rounds. */
const DEFAULT = `$2a$11$${"O".repeat(53)}`;
/** Salts and digests in base64 or hex are at least as long: 16 bytes. */
const PART = /[A-Za-z0-9+/]{22,}/g;

/**
 * Shape of the hashes in this database, from one of them: same algorithm, same cost, same length. What identifies the user
 * whose hash it was is written over for every row.
 */
export function passwordShape(sample: string | undefined): PasswordShape {
  const cost = /^\$2[abxy]?\$\d\d\$/.exec(sample ?? DEFAULT)?.[0];
  if (cost !== undefined) return bcryptShape(cost);
  const text = sample ?? DEFAULT;
  const runs = [...text.matchAll(PART)].map(([part], index, all): Run => {
    const at = all[index]?.index ?? 0;
    // The last character of base64 has bits that must be zero: the sample's stays.
    if (/^[0-9a-f]+$/.test(part)) return { at, length: part.length, encoding: "hex" };
    return { at, length: part.length - 1, encoding: "base64" };
  });
  if (runs.length === 0 || !/^[\x20-\x5b\x5d-\x7e]+$/.test(text)) return bcryptShape("$2a$11$");
  return { text, runs, bcrypt: false };
}

/** 22 characters of salt and 31 of digest; of the last of each some bits must be zero, as in `O`. */
function bcryptShape(cost: string): PasswordShape {
  const at = cost.length;
  return {
    text: cost + "O".repeat(53),
    runs: [
      { at, length: 21, encoding: "base64" },
      { at: at + 22, length: 30, encoding: "base64" },
    ],
    bcrypt: true,
  };
}

/**
 * Writes what varies. The digest is made from nothing that is a password, so nobody can sign in as a user of ours.
 * @param key differs from user to user
 */
export function writePassword(shape: PasswordShape, buffer: Buffer, at: number, key: string): void {
  for (const run of shape.runs) {
    let text = hash("sha512", `${key}/${run.at}`, run.encoding).replace(/=+$/, "");
    while (text.length < run.length) text += text;
    // bcrypt has its own base64, with `.` for `+`.
    if (shape.bcrypt) text = text.replaceAll("+", ".");
    buffer.write(text, at + run.at, run.length, "latin1");
  }
}
