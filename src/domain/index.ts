/** The language of the project: plain types and the ports. Imports nothing from outside this folder. */
export * from "./alarm-ports.ts";
export * from "./alarms.ts";
export * from "./causes.ts";
export * from "./clock.ts";
export * from "./fleet.ts";
export * from "./health.ts";
export * from "./incident.ts";
export * from "./judgement.ts";
export * from "./lifecycle.ts";
export * from "./messenger.ts";
export * from "./observation.ts";
export * from "./ports.ts";
export * from "./secret.ts";
export * from "./store.ts";
export * from "./text.ts";
