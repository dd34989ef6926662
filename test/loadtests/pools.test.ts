import { assert, double, integer, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { type PoolQuestion, recommend } from "../../loadtests/pools.ts";
import { bounded, levelOf } from "./closed-curves.ts";

/** Two cores that together carry 3000 requests/s; alone a request takes 4 ms; knee at 12 connections, 6 per core. */
const CURVE = [1, 2, 4, 8, 12, 24, 48].map((n) => levelOf(n, bounded(n, 4, 3_000)));
const QUESTION: PoolQuestion = {
  levels: CURVE,
  rate: 1_000,
  cores: 2,
  instances: 2,
  poolSize: 10,
  databases: 1,
  maxConnections: 100,
  connectionShare: 0.8,
};

function said(question: PoolQuestion): string {
  return recommend(question)?.because.join("\n") ?? "";
}

describe("recommended pools", () => {
  it("follow Little's law at the rate that is left when one core is gone", () => {
    // One core carries 1000/s; both at that load are 2000/s together, where a request takes 4 ms: L = 1000 · 0.004 = 4;
    // with room 4 + 3·√4 = 10. The knee has 12 / 2 = 6 per core.
    const answer = recommend(QUESTION);
    expect(answer).toMatchObject({ maxServerPoolSize: 6, connectionPoolSize: 6, coresPerInstance: 1 });
    expect(answer?.because).toEqual([
      "Throughput stops growing at 3000 requests/s at 12 connections, 4 ms on average; more connections only wait longer.",
      "With one of 2 cores gone, each of the others must carry 1000 of 1000 requests/s; one core's ceiling is 1500: enough.",
      "At 1000 requests/s and 4 ms a core has 4 requests in flight; with room for bunched arrivals (3 · √4) 10.",
      "max_server_pool_size 6, not 10: beyond 6 requests per core in flight, throughput was not seen to grow.",
      "Throughput may have stopped growing because of the pools as they were set while it was measured (10 database connections a core): after a change, tune again.",
      "Of 1000 requests/s per core 100% touch the database and hold a connection for its whole 4 ms: 4 connections in use, with room 6.",
      "2 cores × 6 × 1 database = 12 connections, held open also when idle, within 80% of max_connections 100 = 80; 11 more cores fit.",
      "One core per instance: measured so; when an instance goes, 1 of 2 cores go and the others carry 1500 of 1000 requests/s: enough.",
      "Two per instance were not measured: a second one shares the processors of the first, so its ceiling does not simply add, and both go together.",
      expect.stringMatching(
        /^Not known here: other kinds of requests .* How long a request holds its connection was not measured/,
      ),
    ]);
  });

  it("take the latency between two levels where the rate lies between them", () => {
    // Levels of one core: 500/s at 4 ms and 1000/s at 8 ms. 750/s takes 6 ms: L = 4.5, 4.5 + 3·√4.5 = 10.9 → 11.
    const levels = [levelOf(2, 500), levelOf(8, 1_000), levelOf(32, 4_000)];
    expect(recommend({ ...QUESTION, levels, cores: 1, instances: 1, rate: 750 })).toMatchObject({
      maxServerPoolSize: 11,
    });
  });

  it("hold fewer connections where fewer requests touch the database, and shorter", () => {
    // 1000/s · 0.1 · 2 ms = 0.2 in use; 0.2 + 3·√0.2 = 1.5 → 2.
    const answer = recommend({ ...QUESTION, databaseShare: 0.1, databaseMs: 2 });
    expect(answer).toMatchObject({ maxServerPoolSize: 6, connectionPoolSize: 2 });
    expect(answer?.because.join("\n")).toContain("10% touch the database and hold a connection for 2 ms: 0.2");
  });

  it("are not larger than what fits in max_connections, and say what is missing", () => {
    // 80% of 20 = 16; 2 cores × 2 databases: 4 each fit, 6 are needed: 2 × 6 × 2 / 0.8 = 30.
    const question = { ...QUESTION, databases: 2, maxConnections: 20 };
    expect(recommend(question)).toMatchObject({ connectionPoolSize: 4 });
    expect(said(question)).toContain(
      "Not feasible as needed: 2 cores × 4 × 2 databases = 16 connections are all that fit in 80% of max_connections 20 = 16, 6 a pool are needed; max_connections 30 or fewer cores would do.",
    );
  });

  it("say that nothing fits where not even one connection a core does", () => {
    const question = { ...QUESTION, databases: 50 };
    expect(recommend(question)).toMatchObject({ connectionPoolSize: 1 });
    expect(said(question)).toContain("Not feasible: even 2 cores × 1 × 50 databases = 100 connections are more than");
  });

  it("say that max_connections was not checked where nobody knows it", () => {
    expect(said({ ...QUESTION, maxConnections: undefined })).toContain("max_connections is not known");
  });

  it("say how many cores would carry a rate that these do not", () => {
    expect(said({ ...QUESTION, rate: 4_000 })).toContain(
      "With one of 2 cores gone, each of the others must carry 4000 of 4000 requests/s; one core's ceiling is 1500: not enough. 4 cores would be",
    );
  });

  it("do not call a ceiling what was not seen to be one", () => {
    const levels = CURVE.slice(0, 3);
    const text = said({ ...QUESTION, levels });
    expect(text).toContain("The ceiling was not reached");
    expect(text).toContain("its ceiling is not known: whether that is enough was not measured");
    // 4 ms at the most that was measured; L = 4: what the rate needs, and no claim beyond it.
    expect(recommend({ ...QUESTION, levels })).toMatchObject({ maxServerPoolSize: 10 });
    expect(text).toContain("How many more would be of use was not measured");
  });

  it("are not made from a curve that says nothing", () => {
    expect(recommend({ ...QUESTION, levels: [] })).toBeNull();
    expect(recommend({ ...QUESTION, levels: [levelOf(1, 0)] })).toBeNull();
  });

  it("never take more than the share of max_connections, unless they say that nothing fits", () => {
    const whole = (min: number, max: number) => integer({ min, max });
    assert(
      property(
        record({
          alone: double({ min: 0.2, max: 500, noNaN: true }),
          most: whole(10, 50_000),
          rate: whole(1, 20_000),
          cores: whole(1, 40),
          share: double({ min: 0.05, max: 1, noNaN: true }),
          max: whole(1, 2_000),
          databases: whole(1, 30),
          touching: double({ min: 0, max: 1, noNaN: true }),
          perInstance: whole(1, 3),
        }),
        ({ alone, most, rate, cores, share, max, databases, touching, perInstance }) => {
          const levels = [1, 4, 16, 64, 256].map((n) => levelOf(n, bounded(n, alone, most)));
          const answer = recommend({
            levels,
            rate,
            cores,
            instances: Math.ceil(cores / perInstance),
            poolSize: 10,
            databases,
            maxConnections: max,
            connectionShare: share,
            databaseShare: touching,
          });
          if (answer === null) throw new Error("no answer");
          const taken = cores * databases * answer.connectionPoolSize;
          expect(Number.isInteger(answer.connectionPoolSize) && answer.connectionPoolSize >= 1).toBe(true);
          expect(answer.connectionPoolSize).toBeLessThanOrEqual(Math.max(2, answer.maxServerPoolSize));
          expect(answer.coresPerInstance).toBeGreaterThanOrEqual(1);
          const text = answer.because.join("\n");
          expect(text).not.toMatch(/NaN|Infinity|undefined/);
          expect(text.includes("Not feasible: even")).toBe(taken > share * max);
        },
      ),
      { numRuns: 500, seed: 20_261_121 },
    );
  });
});

describe("cores per instance", () => {
  it("stay two where two were measured and one instance less still carries the rate", () => {
    // Four cores on two instances carry 3000 together: 750 each; without one instance 1500.
    const answer = recommend({ ...QUESTION, cores: 4, instances: 2 });
    expect(answer?.coresPerInstance).toBe(2);
    expect(answer?.because.join("\n")).toContain(
      "2 cores per instance, as measured: when an instance goes, 2 of 4 cores go and the others carry 1500 of 1000 requests/s: enough.",
    );
  });

  it("become one where losing two at once is too much, and losing one is not", () => {
    const answer = recommend({ ...QUESTION, cores: 4, instances: 2, rate: 2_000 });
    expect(answer?.coresPerInstance).toBe(1);
    expect(answer?.because.join("\n")).toContain(
      "the same 4 cores on an instance each would lose one and carry at least 2250",
    );
  });

  it("are one on a single instance, with the number of instances that would do", () => {
    const answer = recommend({ ...QUESTION, cores: 2, instances: 1, rate: 2_000 });
    expect(answer?.coresPerInstance).toBe(1);
    expect(answer?.because.join("\n")).toContain("3 instances with a core each would be");
  });
});
