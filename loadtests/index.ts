import { hello } from "./hello.ts";
import { http } from "./http-scenario.ts";
import type { Scenario } from "./scenario.ts";
import { sessionMix } from "./session-mix.ts";
import { sessionVerify } from "./session-verify.ts";
import { signIn } from "./sign-in.ts";

/** Every scenario. A new one is a file beside this one and a line here. */
export const SCENARIOS = {
  hello,
  "session-verify": sessionVerify,
  "session-mix": sessionMix,
  "sign-in": signIn,
  http,
} satisfies Readonly<Record<string, Scenario>>;

/** The scenario of that name. @throws Error that names those there are */
export function scenarioNamed(name: string): Scenario {
  const found = Object.entries(SCENARIOS).find(([known]) => known === name);
  if (found !== undefined) return found[1];
  throw new Error(`there is no scenario "${name.slice(0, 60)}": choose one of ${Object.keys(SCENARIOS).join(", ")}`);
}
