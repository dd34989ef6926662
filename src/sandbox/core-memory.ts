import { makeKeys } from "./core-keys.ts";
import { BASE_TENANT } from "./core-options.ts";
import type { CoreTenant } from "./core-options.ts";
import type { CoreStorage, SessionChange, SessionRow, SharedKeys, UserRow } from "./core-storage.ts";

/** A core without database settings: it says hello, and shares neither keys nor sessions with anybody. */
export class MemoryStorage implements CoreStorage {
  #tenants: readonly CoreTenant[] = [BASE_TENANT];
  readonly #sessions = new Map<string, SessionRow>();
  readonly #users = new Map<string, UserRow>();

  open(tenants: readonly CoreTenant[]): Promise<SharedKeys> {
    this.#tenants = [BASE_TENANT, ...tenants];
    return makeKeys();
  }

  async hello(): Promise<void> {}

  async tenants(): Promise<readonly CoreTenant[]> {
    return this.#tenants;
  }

  async createSession(row: SessionRow): Promise<void> {
    this.#sessions.set(key(row.app, row.tenant, row.handle), row);
  }

  async session(app: string, tenant: string, handle: string): Promise<SessionRow | undefined> {
    return this.#sessions.get(key(app, tenant, handle));
  }

  async changeSession<T>(
    app: string,
    tenant: string,
    handle: string,
    decide: (row: SessionRow | undefined) => { result: T; change: SessionChange },
  ): Promise<T> {
    const place = key(app, tenant, handle);
    const { result, change } = decide(this.#sessions.get(place));
    if (change !== undefined && "remove" in change) this.#sessions.delete(place);
    else if (change !== undefined) this.#sessions.set(place, change.keep);
    return result;
  }

  async sessionsOfUser(app: string, tenant: string, userId: string): Promise<string[]> {
    const rows = [...this.#sessions.values()].filter((r) => r.app === app && r.tenant === tenant);
    return rows.filter((r) => r.userId === userId).map((r) => r.handle);
  }

  async removeSessions(app: string, tenant: string, handles: readonly string[]): Promise<string[]> {
    return handles.filter((handle) => this.#sessions.delete(key(app, tenant, handle)));
  }

  async addUser(app: string, tenant: string, user: UserRow): Promise<boolean> {
    const place = key(app, tenant, user.email);
    if (this.#users.has(place)) return false;
    this.#users.set(place, user);
    return true;
  }

  async userByEmail(app: string, tenant: string, email: string): Promise<UserRow | undefined> {
    return this.#users.get(key(app, tenant, email));
  }

  async countUsers(app: string): Promise<number> {
    const prefix = `${app}\u0000`;
    return [...this.#users.keys()].filter((place) => place.startsWith(prefix)).length;
  }

  async close(): Promise<void> {}
}

function key(...parts: readonly string[]): string {
  return parts.join("\u0000");
}
