import type { CommonOptions, Loaded } from "./context.ts";
import { load } from "./context.ts";
import type { Doors, OpenedStore } from "./doors.ts";

/** Loads the configuration and runs `use` with its store, which is let go of afterwards. */
export async function withStore<T>(
  options: CommonOptions,
  doors: Doors,
  use: (opened: OpenedStore, loaded: Loaded) => Promise<T>,
): Promise<T> {
  const loaded = await load(options, doors);
  const opened = await doors.openStore(loaded.fleet, loaded.path, loaded.log);
  try {
    doors.signal.throwIfAborted();
    return await use(opened, loaded);
  } finally {
    await opened.stop();
  }
}
