import { z } from "zod";
import type { WireRequest } from "../src/domain/index.ts";
import { defineScenario, type Verdict } from "./scenario.ts";

const REQUEST: WireRequest = { method: "GET", path: "/hello", headers: {}, body: undefined };

/** `GET /hello`, as load balancers ask. */
export const hello = defineScenario(z.strictObject({}), {
  name: "hello",
  tells: "How many requests a second the way to the cores and their HTTP servers carry.",
  closedExpects: "Hello",
  endpoints: () => ["hello"],
  describe: () => [
    "100% GET /hello; an answer is right when its status is 2xx and its body Hello.",
    "It proves that the load balancer, the network and the cores' HTTP servers carry the rate.",
    "It proves nothing about the database beyond 5 requests a second per core: over that a core says Hello without asking its database, and the answer looks the same.",
    "It proves nothing about sessions or sign-ins, and leaves nothing behind.",
  ],
  start: () => ({
    prepare: () => undefined,
    next: () => ({ endpoint: 0, request: REQUEST, judge, abandon: () => undefined }),
  }),
  closed: async () => REQUEST,
});

function judge(status: number, body: string): Verdict {
  if (status < 200 || status > 299) return "non-2xx";
  return body === "Hello\n" || body.trim() === "Hello" ? "ok" : "wrong-body";
}
