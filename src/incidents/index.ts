/** Diagnosis and the life of incidents: pure functions of what is known and what is stored. */
export { acknowledge } from "./acknowledge.ts";
export { diagnose } from "./diagnose.ts";
export { activeWindows, type ActiveWindow } from "./maintenance.ts";
export type { Picture, SeriesView } from "./picture.ts";
export { reconcile } from "./reconcile.ts";
