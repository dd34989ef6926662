import { coreDown } from "./story-core-down.ts";
import { databaseDown } from "./story-database-down.ts";
import { oneCoreLeft } from "./story-one-core-left.ts";
import { storm } from "./story-storm.ts";
import type { Story } from "./story.ts";

/** Every story, in the order in which a newcomer would play them. */
export const STORIES: readonly Story[] = [coreDown, databaseDown, oneCoreLeft, storm];
