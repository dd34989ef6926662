/** fleet.yaml → one resolved Fleet: loading, what is wrong with it, what changed, and watching the file. */
export { describeInventory, diffDescriptions } from "./describe.ts";
export { type Change, diffFleets } from "./diff.ts";
export { parseDuration } from "./duration.ts";
export { parseEnvFile } from "./env-file.ts";
export { configSchema } from "./json-schema.ts";
export { type LoadOptions, type LoadResult, loadFleet } from "./load.ts";
export type { Located } from "./located.ts";
export { FleetFile, type FleetFileOptions, type FileWatch } from "./reload.ts";
export { renderErrors } from "./render.ts";
export { starterFleet } from "./starter.ts";
