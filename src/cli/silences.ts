import { CHECKS } from "../../checks/index.ts";
import type { CheckKind, Fleet, Incident, Match } from "../domain/index.ts";
import { CAUSES, CHECK_KINDS } from "../domain/index.ts";
import { nearest } from "../inventory/nearest.ts";
import type { CommonOptions } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";
import { iso } from "./json.ts";
import { table } from "./text.ts";
import { oneLine, whoIs } from "./who.ts";
import { withStore } from "./with-store.ts";

/** Options of `incidents silence`. */
export interface SilenceOptions extends CommonOptions {
  readonly deployment?: string;
  readonly check?: string;
  readonly target?: string;
  readonly cause?: string;
  readonly for: string;
  readonly reason: string;
  readonly by?: string;
}

/** The longest silence: what lasts longer belongs into fleet.yaml, where it is reviewed. */
const LONGEST_SILENCE_MS = 30 * 86_400_000;
const LONGEST_REASON = 300;

/** Suppresses alerting (never monitoring, never a resolution) for a time. */
export async function silence(options: SilenceOptions, doors: Doors): Promise<ExitCode> {
  const check = kindOf(options.check);
  const by = whoIs(options, doors);
  const reason = oneLine("--reason", options.reason, LONGEST_REASON);
  const { parseDuration } = await import("../inventory/index.ts");
  const length = parseDuration(options.for);
  if (length === undefined || length <= 0 || length > LONGEST_SILENCE_MS) {
    throw new Problem(
      EXIT.usage,
      `--for ${options.for}: a silence lasts up to 30d; write a duration such as 30m, 2h or 1d`,
    );
  }
  return withStore(options, doors, async ({ store }, { fleet }) => {
    const match = matchOf(options, check, fleet, await store.open());
    const now = doors.clock.now();
    const made = { id: `silence-${now.toString(36)}`, match, from: now, until: now + length, reason, by };
    await store.addSilence(made);
    if (options.format === "json")
      doors.out(`${JSON.stringify({ ...made, from: iso(made.from), until: iso(made.until) }, null, 2)}\n`);
    else
      doors.out(
        `${made.id}: silent until ${iso(made.until)}; probing goes on; end it with "corewatch incidents unsilence ${made.id}"\n`,
      );
    return EXIT.good;
  });
}

function kindOf(name: string | undefined): CheckKind | undefined {
  if (name === undefined) return undefined;
  const kind = CHECK_KINDS.find((one) => one === name);
  if (kind !== undefined) return kind;
  throw new Problem(
    EXIT.usage,
    `--check ${name}: there is no such check${meant(name, CHECK_KINDS)}; the kinds are ${CHECK_KINDS.join(", ")}`,
  );
}

/**
 * What to silence. A silence of what is not there would silence nothing, and nobody would notice until the next page.
 * @throws Problem 64
 */
function matchOf(
  { deployment, target, cause }: SilenceOptions,
  check: CheckKind | undefined,
  fleet: Fleet,
  open: readonly Incident[],
): Match {
  // What was taken out of the fleet may have an incident still.
  const affected = open.flatMap((one) => one.affected.map((each) => each.target));
  const deployments = [...fleet.deployments.map((one) => one.id), ...open.flatMap((one) => one.deployment ?? [])];
  const targets = [...CHECK_KINDS.flatMap((kind) => CHECKS[kind].targets(fleet).map((one) => one.target)), ...affected];
  mustFit("--deployment", deployment, deployments, `is no deployment of fleet ${fleet.name}`);
  mustFit("--target", target, [...new Set(targets.map((one) => one.id))], `is no target of fleet ${fleet.name}`);
  mustFit("--cause", cause, CAUSES, "is no cause");
  const match: Match = {
    ...(deployment === undefined ? {} : { deployment }),
    ...(check === undefined ? {} : { check }),
    ...(target === undefined ? {} : { target }),
    ...(cause === undefined ? {} : { cause }),
  };
  if (Object.keys(match).length === 0) {
    throw new Problem(EXIT.usage, "say what to silence: --deployment, --check, --target or --cause");
  }
  return match;
}

/** `*` at the end matches any rest, of one name at least. */
function mustFit(option: string, pattern: string | undefined, known: readonly string[], otherwise: string): void {
  if (pattern === undefined) return;
  const fits = pattern.endsWith("*")
    ? known.some((one) => one.startsWith(pattern.slice(0, -1)))
    : known.includes(pattern);
  if (!fits) throw new Problem(EXIT.usage, `${option} ${pattern}: it ${otherwise}${meant(pattern, known)}`);
}

function meant(word: string, known: Iterable<string>): string {
  const near = nearest(word, known);
  return near === undefined ? "" : `; did you mean ${near}?`;
}

/** Ends a silence now. */
export async function unsilence(id: string, options: CommonOptions, doors: Doors): Promise<ExitCode> {
  return withStore(options, doors, async ({ store }) => {
    if (!(await store.endSilence(id, doors.clock.now()))) {
      throw new Problem(EXIT.usage, `there is no active silence ${id}: "corewatch incidents silences" lists them`);
    }
    doors.out(options.format === "json" ? `${JSON.stringify({ id, ended: true })}\n` : `${id} ended\n`);
    return EXIT.good;
  });
}

/** The silences that people made and that have not expired. */
export async function listSilences(options: CommonOptions, doors: Doors): Promise<ExitCode> {
  return withStore(options, doors, async ({ store }, { fleet }) => {
    const now = doors.clock.now();
    const all = [...(await store.silences(now)), ...fleet.silences.filter((one) => one.until > now)];
    if (options.format === "json") {
      doors.out(
        `${JSON.stringify(
          all.map((one) => ({ ...one, from: iso(one.from), until: iso(one.until) })),
          null,
          2,
        )}\n`,
      );
    } else if (all.length === 0) doors.out("no silences\n");
    else {
      doors.out(
        `${table(all.map((one) => [one.id, JSON.stringify(one.match), `until ${iso(one.until)}`, one.by, one.reason]))}\n`,
      );
    }
    return EXIT.good;
  });
}
