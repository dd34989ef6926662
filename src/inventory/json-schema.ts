import { z } from "zod";
import { CAUSES, CHECK_KINDS, HEALTHS, REASONS } from "../domain/index.ts";
import { configSchemaSource } from "./schema.ts";

/**
 * JSON Schema (draft 2020-12) of fleet.yaml for editors, made from the schema that loading uses; with the closed
 * vocabularies as `$defs.Reason`, `$defs.Cause`, `$defs.CheckKind` and `$defs.Health`.
 */
export function configSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(configSchemaSource, {
    target: "draft-2020-12",
    io: "input",
    override: ({ jsonSchema }) => {
      if (typeof jsonSchema.pattern === "string") jsonSchema.pattern = orReference(jsonSchema.pattern);
    },
  });
  const words = (description: string, values: readonly string[]): object => ({
    description,
    type: "string",
    enum: [...values],
  });
  return {
    ...schema,
    title: "fleet.yaml",
    $defs: {
      ...schema.$defs,
      Health: words("What a probe says of a target.", HEALTHS),
      Reason: words("Why an observation has its health.", REASONS),
      Cause: words("What an incident is about.", CAUSES),
      CheckKind: words("The kinds of check.", CHECK_KINDS),
    },
  };
}

const REFERENCE = "|\\$\\{(?:env|file):";

/** Any text may come from the environment or a file: an editor must not flag the reference. */
function orReference(pattern: string): string {
  return pattern.endsWith(REFERENCE) ? pattern : `(?:${pattern})${REFERENCE}`;
}
