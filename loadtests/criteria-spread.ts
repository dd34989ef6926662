import type { Criterion, SpreadFacts } from "../src/domain/index.ts";
import { criterion, type Finding, judged, met, unmet, untold } from "./evidence.ts";
import type { RunRecord } from "./figures.ts";

const HOW = "From the inventory: instance and zone of each core.";

/** Is it part of this plan? Where cores stand is certified before a launch. */
function isAsked({ head }: RunRecord): boolean {
  return head.plan.name === "launch";
}

function places(record: RunRecord, what: "instance" | "zone", limit: number): Finding {
  const { cores } = record.head.spread;
  if (cores.length === 0) return untold("the inventory lists no core");
  const known = new Set(cores.flatMap((core) => core[what] ?? []));
  const unknown = cores.filter((core) => core[what] === null);
  const words = `${known.size}: ${[...known].join(", ")}`;
  if (known.size >= limit) return met(words);
  return unknown.length === 0
    ? unmet(words)
    : untold(
        `${words || "none"}; the ${what} of ${unknown.map((core) => core.id).join(", ")} is not known: write it into fleet.yaml`,
      );
}

/** Losing an instance does not lose the service. */
export function spreadInstances(record: RunRecord): Criterion | undefined {
  if (!isAsked(record)) return undefined;
  const { instances } = record.head.thresholds;
  return criterion(
    {
      id: "spread-instances",
      title: "Cores stand on several instances",
      target: `at least ${instances}`,
      stage: null,
      how: HOW,
      seed: "Should span across multiple ec2 instances",
    },
    places(record, "instance", instances),
  );
}

/** Losing a zone does not lose the service. */
export function spreadZones(record: RunRecord): Criterion | undefined {
  if (!isAsked(record)) return undefined;
  const { zones } = record.head.thresholds;
  return criterion(
    {
      id: "spread-zones",
      title: "Cores stand in several zones",
      target: `at least ${zones}`,
      stage: null,
      how: HOW,
      seed: "Availability Zones: select all",
    },
    places(record, "zone", zones),
  );
}

/** The runbook asks "two per ec2 instance or one?": more than two of one deployment on an instance go with it at once. */
const MOST_ON_AN_INSTANCE = 2;

/** How many cores each instance has. */
export function coresPerInstance(record: RunRecord): Criterion | undefined {
  if (!isAsked(record)) return undefined;
  return criterion(
    {
      id: "cores-per-instance",
      title: "Cores per instance",
      target: `at most ${MOST_ON_AN_INSTANCE} on one instance`,
      stage: null,
      how: HOW,
      seed: "Should use multiple cores (two per ec2 instance or one?)",
    },
    perInstance(record.head.spread),
  );
}

function perInstance({ cores }: SpreadFacts): Finding {
  const unknown = cores.filter((core) => core.instance === null);
  if (cores.length === 0) return untold("the inventory lists no core");
  if (unknown.length > 0)
    return untold(
      `the instance of ${unknown.map((core) => core.id).join(", ")} is not known: write it into fleet.yaml`,
    );
  const counts = new Map<string, number>();
  for (const { instance } of cores) if (instance !== null) counts.set(instance, (counts.get(instance) ?? 0) + 1);
  const words = [...counts].map(([instance, count]) => `${instance} has ${count}`).join(", ");
  return judged(Math.max(...counts.values()) <= MOST_ON_AN_INSTANCE, words);
}
