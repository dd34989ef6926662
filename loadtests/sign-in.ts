import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { ScenarioRun, ScenarioStep, WireRequest } from "../src/domain/index.ts";
import { isRecord, readAnswer, textIn } from "./core-answer.ts";
import { defineScenario, type ScenarioWorld, type Verdict } from "./scenario.ts";
import { SYNTHETIC_PREFIX, jsonHeaders } from "./session-calls.ts";
import { cdiVersion, partOf, whole } from "./setting.ts";

const schema = z.strictObject({
  /** Signed up before the first arrival, over all threads; each costs a core as much CPU as a sign-in. */
  users: whole(1, 500).default(20),
  /** bcrypt's cost parameter on the cores, as far as somebody said: it is stated, and changes nothing. */
  rounds: whole(4, 31).optional(),
  cdiVersion,
});

type Settings = z.output<typeof schema>;

/** Sign-in by e-mail and password. */
export const signIn = defineScenario(schema, {
  name: "sign-in",
  tells: "How many users a second can sign in with e-mail and password.",
  closedExpects: '"status":"OK"',
  endpoints: () => ["sign-in", "sign-up"],
  describe: ({ users, rounds, cdiVersion }) => [
    `100% sign-in, by chance over ${users} users who are signed up beforehand. Requests speak version ${cdiVersion} of the core driver interface.`,
    rounds === undefined
      ? "bcrypt rounds: unknown, the cores' setting. 11, their default, cost 0.15 to 0.35 s of CPU a sign-in, and each round more doubles it."
      : `bcrypt rounds: ${rounds}, as was said. 11 cost 0.15 to 0.35 s of CPU a sign-in, and each round more doubles it.`,
    "An answer is right when its status is 200, its body says status OK, and it names the user who signed up.",
    "It proves how many passwords a second the cores check; the limit is their CPU, and the database reads one user each.",
    "It does not prove that sessions can be made, verified or refreshed (scenario session-mix): a sign-in makes no session by itself.",
    `The users have addresses ${SYNTHETIC_PREFIX}…@corewatch.invalid and passwords that nobody knows; they stay until somebody deletes them.`,
  ],
  start: (settings, world) => new SignInRun(settings, world),

  async closed(settings, world, call) {
    const headers = headersOf(settings);
    const user = newUser(`${world.tag}-closed-${randomBytes(4).toString("hex")}`);
    const { status, body } = await call(signUpOf(headers, user));
    const read = readAnswer(status, body);
    if (read.verdict === "ok") return signInOf(headers, user);
    throw new Error(`sign-in: the user who signs in could not be signed up: ${read.verdict}, ${read.word}`);
  },
});

interface User {
  readonly email: string;
  readonly password: string;
  id: string | undefined;
  state: "new" | "asked" | "there";
}

/** Its users are known before they are signed up, so that a sign-up that got no answer can be sent again. */
class SignInRun implements ScenarioRun {
  readonly #headers: Readonly<Record<string, string>>;
  readonly #random: () => number;
  readonly #users: readonly User[];
  #attempts: number;
  #failure = "no answer";

  constructor(settings: Settings, { random, tag, thread, threads }: ScenarioWorld) {
    const length = Math.max(1, partOf(settings.users, thread, threads));
    this.#headers = headersOf(settings);
    this.#random = random;
    this.#users = Array.from({ length }, (_, index) => newUser(`${tag}-${thread}-${index}`));
    this.#attempts = 2 * length;
  }

  /** @throws Error when users cannot be signed up */
  prepare(): ScenarioStep | undefined {
    const user = this.#users.find(({ state }) => state === "new");
    if (user === undefined) return undefined;
    if (this.#attempts <= 0) {
      throw new Error(
        `scenario sign-in: a user could not be signed up: the last sign-up that failed: ${this.#failure}`,
      );
    }
    this.#attempts--;
    user.state = "asked";
    return {
      endpoint: 1,
      request: signUpOf(this.#headers, user),
      judge: (status, body) => {
        const read = readAnswer(status, body);
        // Our own address, which only this run uses: an earlier sign-up whose answer was lost did happen.
        const there = read.verdict === "ok" || read.word === "EMAIL_ALREADY_EXISTS_ERROR";
        user.state = there ? "there" : "new";
        if (read.verdict === "ok") user.id = idIn(read.answer);
        else this.#failure = `${read.verdict}, ${read.word}`;
        return there ? "ok" : read.verdict;
      },
      abandon: () => {
        user.state = "new";
        this.#failure = "no answer";
      },
    };
  }

  next(): ScenarioStep {
    const user = this.#users[Math.floor(this.#random() * this.#users.length)] ?? newUser("nobody");
    const judge = (status: number, body: string): Verdict => {
      const read = readAnswer(status, body);
      if (read.verdict !== "ok") return read.verdict;
      const id = idIn(read.answer);
      if (id === undefined) return "wrong-body";
      user.id ??= id;
      return id === user.id ? "ok" : "wrong-body";
    };
    return { endpoint: 0, request: signInOf(this.#headers, user), judge, abandon: () => undefined };
  }
}

function idIn(answer: Readonly<Record<string, unknown>>): string | undefined {
  const { user } = answer;
  return isRecord(user) ? textIn(user, "id") : undefined;
}

/** The password is not drawn from the seed, which stands in the certificate. */
function newUser(name: string): User {
  const email = `${SYNTHETIC_PREFIX}${name}@corewatch.invalid`.toLowerCase();
  return { email, password: `Cw1-${randomBytes(18).toString("base64url")}`, id: undefined, state: "new" };
}

function headersOf({ cdiVersion }: Settings): Readonly<Record<string, string>> {
  return { ...jsonHeaders(cdiVersion), rid: "emailpassword" };
}

function signUpOf(headers: Readonly<Record<string, string>>, { email, password }: User): WireRequest {
  return { method: "POST", path: "/recipe/signup", headers, body: JSON.stringify({ email, password }) };
}

function signInOf(headers: Readonly<Record<string, string>>, { email, password }: User): WireRequest {
  return { method: "POST", path: "/recipe/signin", headers, body: JSON.stringify({ email, password }) };
}
