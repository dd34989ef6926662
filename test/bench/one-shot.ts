import { spawn } from "node:child_process";
import { once } from "node:events";
import { BenchDaemon, DOOR } from "./daemon.ts";
import { Farm } from "./farm.ts";

/** `corewatch sweep` on a 10-core fleet with a running store: wall time from node's start to its exit, ms. */
export async function measureOneShot(runs: number, basePort: number): Promise<unknown> {
  const cores = 10;
  const farm = await Farm.start({ count: cores, basePort, tls: undefined });
  const lines = [
    "version: 1",
    "fleet: one-shot",
    "deployments:",
    "  - id: acme",
    "    app: acme",
    "    kind: production",
    `    connectionUri: http://localhost:${basePort}`,
    "    cores:",
    ...Array.from({ length: cores }, (_, i) => `      - { id: c${i}, url: "http://127.0.0.1:${basePort + i}" }`),
  ];
  const daemon = new BenchDaemon(`${lines.join("\n")}\n`);
  try {
    await daemon.start();
    const times: number[] = [];
    // The first run fills node's compile cache, as the second run of a cron job finds it.
    for (let run = 0; run <= runs; run++) {
      const started = performance.now();
      const child = spawn(DOOR, ["sweep", "--config", daemon.config, "--format", "json"], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      const [code] = (await once(child, "exit")) as [number];
      if (code !== 0) throw new Error(`corewatch sweep ended with ${code}`);
      if (run > 0) times.push(performance.now() - started);
    }
    times.sort((a, b) => a - b);
    return {
      runs,
      medianMs: Math.round(times[Math.floor(times.length / 2)] ?? 0),
      maxMs: Math.round(times.at(-1) ?? 0),
    };
  } finally {
    await daemon.stop();
    await farm.stop();
  }
}
