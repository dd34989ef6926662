import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", "./test/support/closing-line.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    globalSetup: ["./test/support/postgres.ts"],
    coverage: { provider: "v8", include: ["checks/**", "alarms/**", "loadtests/**", "src/**"] },
  },
});
