import { healthCheckTiming } from "./health-check-timing.ts";
import type { Rule } from "./rule.ts";

/** Every rule, in the order of the runbook. */
export const RULES: readonly Rule[] = [healthCheckTiming];
