import { randomBytes, randomUUID, scrypt, timingSafeEqual } from "node:crypto";
import { textField } from "./core-api.ts";
import type { Answer, Call, Route } from "./core-api.ts";
import type { CoreStorage, UserRow } from "./core-storage.ts";

/** N = 32768, r = 8, p = 3: about 0.18 s of CPU, between the 0.15 and 0.35 s of bcrypt with 11 rounds. */
const DEFAULT_COST = 32_768;

/** Sign-up, sign-in and the user count. Passwords are hashed by scrypt: the same cost to the CPU as a real core's bcrypt. */
export function userRoutes(storage: CoreStorage, passwordCost: number = DEFAULT_COST): Route[] {
  async function signUp({ place, body }: Call): Promise<Answer> {
    const email = textField(body, "email").trim().toLowerCase();
    const salt = randomBytes(16);
    const hash = await derive(textField(body, "password"), salt, passwordCost);
    const user: UserRow = {
      id: randomUUID(),
      email,
      passwordHash: `${passwordCost}$${salt.toString("hex")}$${hash.toString("hex")}`,
      joinedAt: Date.now(),
    };
    const added = await storage.addUser(place.app, place.tenant, user);
    if (!added) return { json: { status: "EMAIL_ALREADY_EXISTS_ERROR" } };
    return { json: { status: "OK", user: shown(user, place.tenant), recipeUserId: user.id } };
  }

  async function signIn({ place, body }: Call): Promise<Answer> {
    const password = textField(body, "password");
    const user = await storage.userByEmail(place.app, place.tenant, textField(body, "email").trim().toLowerCase());
    if (user === undefined || !(await matches(password, user.passwordHash))) {
      return { json: { status: "WRONG_CREDENTIALS_ERROR" } };
    }
    return { json: { status: "OK", user: shown(user, place.tenant), recipeUserId: user.id } };
  }

  async function count({ place }: Call): Promise<Answer> {
    return { json: { status: "OK", count: await storage.countUsers(place.app) } };
  }

  return [
    { method: "POST", path: "/recipe/signup", handle: signUp },
    { method: "POST", path: "/recipe/signin", handle: signIn },
    { method: "GET", path: "/users/count", handle: count },
  ];
}

function shown(user: UserRow, tenant: string): Record<string, unknown> {
  return {
    id: user.id,
    isPrimaryUser: false,
    tenantIds: [tenant],
    emails: [user.email],
    phoneNumbers: [],
    thirdParty: [],
    timeJoined: user.joinedAt,
    loginMethods: [
      {
        recipeId: "emailpassword",
        recipeUserId: user.id,
        tenantIds: [tenant],
        email: user.email,
        timeJoined: user.joinedAt,
        verified: false,
      },
    ],
  };
}

async function matches(password: string, stored: string): Promise<boolean> {
  const [cost = "", salt = "", hash = ""] = stored.split("$");
  const expected = Buffer.from(hash, "hex");
  const found = await derive(password, Buffer.from(salt, "hex"), Number(cost));
  return expected.length === found.length && timingSafeEqual(expected, found);
}

function derive(password: string, salt: Buffer, cost: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, { N: cost, r: 8, p: 3, maxmem: 256 * cost * 8 }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
