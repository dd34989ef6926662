/**
 * A core's own process: gets its cores' options from its parent, says when each of them answers, and dies with the
 * parent. Several cores in one process make a host.
 */
import { startCore } from "./core.ts";
import type { RunningCore } from "./core.ts";
import type { CoreOptions } from "./core-options.ts";

/** What the parent says. */
export type ToCore =
  | { readonly start: readonly CoreOptions[] }
  /** Closes one core of several; the process goes on. */
  | { readonly halt: string }
  | { readonly stop: true };
/** What the process says. */
export type FromCore =
  | { readonly ready: { readonly id: string; readonly url: string; readonly port: number } }
  | { readonly halted: string }
  | { readonly failed: string };

const running = new Map<string, RunningCore>();
const aborted = new AbortController();

process.on("disconnect", () => process.exit(0));
// Interrupting the terminal's whole group leaves the order of stopping to the parent.
process.on("SIGINT", () => undefined);
process.on("message", (message: ToCore) => {
  if ("stop" in message) {
    aborted.abort();
    void Promise.all([...running.values()].map((core) => core.stop())).finally(() => process.exit(0));
  } else if ("halt" in message) void halt(message.halt);
  else for (const options of message.start) void begin(options);
});

async function halt(id: string): Promise<void> {
  await running.get(id)?.stop();
  running.delete(id);
  tell({ halted: id });
}

async function begin(options: CoreOptions): Promise<void> {
  try {
    const core = await startCore(options, aborted.signal);
    running.set(core.id, core);
    tell({ ready: { id: core.id, url: core.url, port: core.port } });
  } catch (error) {
    if (!aborted.signal.aborted)
      tell({ failed: `${options.id}: ${error instanceof Error ? error.message : "failed"}` });
  }
}

function tell(message: FromCore): void {
  process.send?.(message);
}
