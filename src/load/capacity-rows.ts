import { hash } from "node:crypto";
import type { Catalog } from "./capacity-catalog.ts";
import { CapacityError } from "./capacity-connection.ts";
import { passwordShape, writePassword } from "./capacity-password.ts";
import { Scatter, runPrefix, writeSix } from "./capacity-tag.ts";
import type { Tag } from "./capacity-tag.ts";

/** What all rows of one run have in common. */
export interface RunOfRows {
  readonly app: string;
  readonly tenant: string;
  readonly tag: Tag;
  readonly run: number;
  readonly seed: number;
  /** Sessions and users that this run adds: session i belongs to user i modulo `users`. */
  readonly sessions: number;
  readonly users: number;
  /** Epoch ms: nothing was made after it. */
  readonly now: number;
  /** A password hash of this database, if there is one. */
  readonly passwordSample: string | undefined;
}

/** Rows of one table, all of the same length, ready to be sent by COPY in text format. */
export interface TableRows {
  readonly table: string;
  /** `COPY … FROM STDIN` with the columns that the rows have. */
  readonly copy: string;
  /** Rows `from` up to, not including, `to`. Pieces are parts of the ring's buffers: each holds until the ring comes round again. */
  pieces(from: number, to: number, ring: Ring): Generator<Buffer>;
}

/** Buffers that are used in turn, so that memory does not depend on when garbage is collected. */
export class Ring {
  readonly #buffers = Array.from({ length: 4 }, () => Buffer.allocUnsafeSlow(PIECE));
  #next = 0;

  take(): Buffer {
    const buffer = this.#buffers[this.#next++ % this.#buffers.length];
    if (buffer === undefined) throw new Error("a ring has buffers");
    return buffer;
  }
}

/** What can differ from row to row; one object is used for all of them. */
interface Row {
  index: number;
  readonly session: Scatter;
  readonly user: Scatter;
}

/** Writes at its place in a buffer that already holds {@link Cell.text}. */
type Patch = (buffer: Buffer, at: number, row: Row) => void;

/** One column's text in the first row, always as long, and what changes in it. */
interface Cell {
  readonly text: string;
  readonly patch?: Patch;
}

const DAY_MS = 86_400_000;
/** Life of a session unless the cores are told otherwise: 100 days. */
const SESSION_MS = 100 * DAY_MS;
/** Sessions and users were made evenly over these days before now, one after another, as in real life. */
const AGE_MS = 30 * DAY_MS;
/** Bytes of one piece: more than a socket takes at once (64 KiB), so that whoever waits for it knows that it is sent. */
const PIECE = 128 * 1024;

/** Rows of session_info. @throws CapacityError when it has a column that must be filled and that we do not know */
export function sessionRows(catalog: Catalog, run: RunOfRows): TableRows {
  const own = ownCells(run, run.sessions);
  return tableRows(catalog, run, "session_info", {
    ...own.place,
    session_handle: id(run, "session"),
    user_id: id(run, "user"),
    refresh_token_hash_2: {
      text: "0".repeat(64),
      patch: (buffer, at, { index }) =>
        void buffer.write(refreshTokenHash2(refreshToken(run.seed, run.run, index)), at, 64, "latin1"),
    },
    session_data: number(`{"corewatch":{"seed":${run.seed},"run":${run.run},"index":"`, '"}}'),
    expires_at: own.time(SESSION_MS),
    created_at_time: own.time(0),
    jwt_user_payload: { text: '{"iss":"https://filled.invalid/auth"}' },
    use_static_key: { text: "f" },
  });
}

/** Rows of every table that a user with e-mail and password is in, in the order in which they refer to each other. */
export function userRows(catalog: Catalog, run: RunOfRows): TableRows[] {
  const own = ownCells(run, run.users);
  const user = id(run, "user");
  // The tag's part keeps addresses of two tags in one tenant apart; nobody receives mail below .invalid (RFC 2606).
  const mark = `${run.tag.prefix.slice(9, 13)}-${String(run.run).padStart(6, "0")}`;
  const email = number(`corewatch-${mark}-`, "@filled.invalid");
  const joined = own.time(0);
  const recipe: Cell = { text: "emailpassword" };
  const no: Cell = { text: "f" };
  const empty: Cell = { text: "" };
  const shape = passwordShape(run.passwordSample);
  const info = {
    recipe_user_id: user,
    recipe_id: recipe,
    account_info_type: { text: "email" },
    account_info_value: email,
  };
  const tables: Readonly<Record<string, Readonly<Record<string, Cell>>>> = {
    app_id_to_user_id: {
      app_id: own.place.app_id,
      user_id: user,
      recipe_id: recipe,
      primary_or_recipe_user_id: user,
      is_linked_or_is_a_primary_user: no,
      time_joined: joined,
      primary_or_recipe_user_time_joined: joined,
    },
    all_auth_recipe_users: {
      ...own.place,
      user_id: user,
      primary_or_recipe_user_id: user,
      is_linked_or_is_a_primary_user: no,
      recipe_id: recipe,
      time_joined: joined,
      primary_or_recipe_user_time_joined: joined,
    },
    emailpassword_users: {
      app_id: own.place.app_id,
      user_id: user,
      email,
      password_hash: {
        text: shape.text,
        patch: (buffer, at, { index }) => writePassword(shape, buffer, at, `${run.seed}/${run.run}/${index}`),
      },
      time_joined: joined,
    },
    emailpassword_user_to_tenant: { ...own.place, user_id: user, email },
    // Since core 12 these take the place of the tables above, step by step; the empty texts are what cores write.
    recipe_user_account_infos: { app_id: own.place.app_id, ...info, third_party_id: empty, third_party_user_id: empty },
    recipe_user_tenants: { ...own.place, ...info, third_party_id: empty, third_party_user_id: empty },
    user_last_active: { app_id: own.place.app_id, user_id: user, last_active_time: joined },
  };
  return Object.entries(tables)
    .filter(([table]) => catalog.tables.has(table))
    .map(([table, cells]) => tableRows(catalog, run, table, cells));
}

/** The refresh token of a filled session. A core takes none that it has not encrypted itself, so it opens nothing. */
export function refreshToken(seed: number, run: number, index: number): string {
  return `corewatch-${seed}-${run}-${index}`;
}

/** What session_info keeps of a refresh token. */
export function refreshTokenHash2(token: string): string {
  return hash("sha256", hash("sha256", token, "hex"), "hex");
}

function ownCells(run: RunOfRows, total: number) {
  const stepMs = AGE_MS / Math.max(1, total);
  return {
    place: { app_id: { text: escaped(run.app) }, tenant_id: { text: escaped(run.tenant) } },
    /** Epoch ms, `later` than the row was made. */
    time: (later: number): Cell => ({
      text: "0".repeat(13),
      patch: (buffer, at, { index }) => {
        const ms = Math.max(0, Math.floor(run.now - AGE_MS + index * stepMs)) + later;
        buffer[at] = 48 + Math.floor(ms / 1e12);
        writeSix(buffer, at + 1, Math.floor(ms / 1e6) % 1e6);
        writeSix(buffer, at + 7, ms % 1e6);
      },
    }),
  };
}

function id(run: RunOfRows, which: "session" | "user"): Cell {
  const before = runPrefix(run.tag, run.run);
  return {
    text: `${before}${"0".repeat(12)}${which === "session" ? escaped(run.tag.suffix) : ""}`,
    patch: (buffer, at, row) => {
      writeSix(buffer, at + before.length, row[which].high);
      writeSix(buffer, at + before.length + 6, row[which].low);
    },
  };
}

/** Text with the row's number in it, in 12 digits. */
function number(before: string, after: string): Cell {
  return {
    text: `${before}${"0".repeat(12)}${after}`,
    patch: (buffer, at, { index }) => {
      writeSix(buffer, at + before.length, Math.floor(index / 1_000_000));
      writeSix(buffer, at + before.length + 6, index % 1_000_000);
    },
  };
}

/** As COPY's text format wants it. */
function escaped(text: string): string {
  return text.replace(/[\\\t\n\r]/g, (sign) => `\\${{ "\t": "t", "\n": "n", "\r": "r" }[sign] ?? sign}`);
}

function tableRows(catalog: Catalog, run: RunOfRows, table: string, cells: Readonly<Record<string, Cell>>): TableRows {
  const known = new Map(Object.entries(cells));
  const used: (readonly [name: string, cell: Cell])[] = [];
  for (const { name, optional } of catalog.tables.get(table) ?? []) {
    const cell = known.get(name);
    if (cell !== undefined) used.push([name, cell]);
    else if (!optional) {
      throw new CapacityError(
        `${table}.${name} must be filled (NOT NULL, without a default), and corewatch does not know with what: nothing was written; count what is there instead, or update corewatch`,
      );
    }
  }
  const columns = used.map(([name]) => `"${name.replaceAll('"', '""')}"`).join(", ");
  const line = compile(used.map(([, cell]) => cell));
  return {
    table,
    copy: `COPY ${table} (${columns}) FROM STDIN`,
    *pieces(from, to, ring) {
      const row: Row = {
        index: 0,
        session: new Scatter(run.seed, run.run, "session"),
        user: new Scatter(run.seed, run.run, "user"),
      };
      const each = Math.max(1, Math.floor(PIECE / line.text.length));
      const unchanging = Buffer.alloc(each * line.text.length, line.text);
      for (let next = from; next < to; next += each) {
        const count = Math.min(each, to - next);
        const buffer = ring.take().subarray(0, count * line.text.length);
        unchanging.copy(buffer);
        for (let done = 0; done < count; done++) {
          row.index = next + done;
          row.session.set(row.index);
          // Users of a run that adds none are those that its sessions alone know of: a session's user need not exist.
          row.user.set(run.users > 0 ? row.index % run.users : row.index);
          line.write(buffer, done * line.text.length, row);
        }
        yield buffer;
      }
    },
  };
}

/** One line with all that does not change, and what does. */
function compile(cells: readonly Cell[]): { readonly text: Buffer; write(buffer: Buffer, at: number, row: Row): void } {
  const text = Buffer.from(`${cells.map((cell) => cell.text).join("\t")}\n`, "utf8");
  const patches: { readonly offset: number; readonly patch: Patch }[] = [];
  let offset = 0;
  for (const cell of cells) {
    if (cell.patch !== undefined) patches.push({ offset, patch: cell.patch });
    offset += Buffer.byteLength(cell.text) + 1;
  }
  return {
    text,
    write(buffer, at, row) {
      for (const { offset, patch } of patches) patch(buffer, at + offset, row);
    },
  };
}
