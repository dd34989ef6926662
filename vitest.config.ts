import { defineConfig } from "vitest/config";
import WaitingFirst from "./test/support/waiting-first.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", "./test/support/closing-line.ts"],
    pool: "forks",
    // One more than the two cores that the suite is meant for: much of it waits for processes and clocks.
    maxWorkers: 3,
    sequence: { sequencer: WaitingFirst },
    // What drives processes waits for its turn on a busy machine; each wait within a test has a bound of its own.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: ["./test/support/postgres.ts"],
    coverage: { provider: "v8", include: ["checks/**", "alarms/**", "loadtests/**", "src/**"] },
  },
});
