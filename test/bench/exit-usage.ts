import { writeFileSync } from "node:fs";

/** Loaded into a process before all else: at its exit, what it used is written to the file that BENCH_USAGE names. */
process.on("exit", () => {
  const file = process.env["BENCH_USAGE"];
  if (file === undefined) return;
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeFileSync(
    file,
    JSON.stringify({
      cpuMs: (userCPUTime + systemCPUTime) / 1000,
      maxRssMiB: maxRSS / 1024,
      wallMs: performance.now(),
    }),
  );
});
