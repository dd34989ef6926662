import { expect, test } from "vitest";
import { openStage } from "./stage.ts";

test(
  "a daemon that is told to stop the moment it watches ends at once, cleanly",
  { timeout: 30_000 },
  async (context) => {
    const stage = await openStage(context);
    await stage.write();
    const signals = ["SIGTERM", "SIGINT", "SIGTERM"] as const;
    for (const signal of signals) {
      const daemon = stage.launch("start", "--config", "fleet.yaml", "--listen", "127.0.0.1:0");
      await daemon.logged(/health at /);
      const told = performance.now();
      daemon.signal(signal);
      expect(await daemon.ended).toBe(signal === "SIGINT" ? 130 : 0);
      // What is under way gets a moment to end; nothing may hold it for longer.
      expect(performance.now() - told).toBeLessThan(5_000);
    }
  },
);
