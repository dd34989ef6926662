import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { USE_URL } from "./binaries.ts";

/** The account that the server runs as when corewatch is root: Postgres refuses to be root. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom the server runs as: `undefined` (oneself) for an ordinary user; for root the account `postgres`, else
 * `corewatch`, made here as a system account, else `nobody`. initdb needs an account that has a name, so a bare number
 * would not do.
 * @throws Error when root finds no such account and cannot make one.
 */
export function serverUser(passwd = "/etc/passwd"): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const known = account(passwd, "postgres") ?? account(passwd, "corewatch");
  if (known !== undefined) return known;
  makeAccount();
  const found = account(passwd, "corewatch") ?? account(passwd, "nobody");
  if (found === undefined) {
    throw new Error(
      `corewatch runs as root, Postgres does not, and no account could be made for it: run corewatch as an ordinary user, or ${USE_URL}`,
    );
  }
  return found;
}

/** The account with this uid, for data that somebody's server already owns. */
export function userOf(uid: number, gid: number): ServerUser {
  return { name: String(uid), uid, gid };
}

function account(passwd: string, name: string): ServerUser | undefined {
  for (const line of readFileSync(passwd, "utf8").split("\n")) {
    const [found, , uid, gid] = line.split(":");
    if (found === name && Number(uid) > 0) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** shadow's useradd, else busybox's adduser. */
const ACCOUNT_MAKERS: readonly (readonly [program: string, ...args: string[]])[] = [
  ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false"],
  ["adduser", "-S", "-D", "-H", "-s", "/bin/false"],
];

/** Makes the account `corewatch`; where nothing can, the caller looks for `nobody`. */
function makeAccount(): void {
  for (const [program, ...args] of ACCOUNT_MAKERS) {
    const made = spawnSync(program, [...args, "corewatch"], { stdio: "ignore", timeout: 10_000 });
    if (made.status === 0) return;
  }
}
