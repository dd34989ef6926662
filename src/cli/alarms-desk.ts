import type { ApplyPorts } from "../../alarms/apply.ts";
import { COLOURS, type Paint, PLAIN } from "../../alarms/paint.ts";
import type { Fleet, Log, Store } from "../domain/index.ts";
import type { CommonOptions } from "./context.ts";
import type { Doors } from "./doors.ts";
import type { ExitCode } from "./exit.ts";
import { loadFound } from "./found.ts";

/** What every command of `alarms` works with. */
export interface Desk {
  readonly fleet: Fleet;
  readonly store: Store;
  readonly ports: ApplyPorts;
  readonly log: Log;
  /** Aborts at the first SIGINT or SIGTERM: what runs is finished, what waits is left. */
  readonly signal: AbortSignal;
}

/** Loads the fleet, opens store and AWS, runs `work`, and lets go of both. @throws Problem */
export async function withAlarms(
  options: CommonOptions,
  doors: Doors,
  work: (desk: Desk) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { fleet, path, log } = await loadFound(options, doors);
  const { signal } = doors;
  const [opened, cloud] = await Promise.all([doors.openStore(fleet, path, log), doors.alarmCloud(log)]);
  try {
    const { reader, writer, pacer } = cloud;
    return await work({ fleet, store: opened.store, ports: { reader, writer, pacer, signal }, log, signal });
  } finally {
    cloud.close();
    await opened.stop();
  }
}

/** Colours where the terminal takes them. */
export function paintOf(options: Pick<CommonOptions, "color">, doors: Doors): Paint {
  return doors.colors && options.color ? COLOURS : PLAIN;
}
