import type { Command } from "commander";
import type { CommonOptions } from "./context.ts";
import type { CertifyOptions } from "./certify-options.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";

type Common = (command: Command, level?: string, formats?: readonly string[]) => Command;

/** Load certification, comparing certificates, and making reports from a shots file again. */
export function addCertify(program: Command, common: Common, doors: Doors, done: (code: ExitCode) => void): void {
  const certify = common(
    program.command("certify").description("puts load on a deployment, and certifies what it bears"),
    "warn",
    ["text", "json", "junit"],
  )
    .argument("[deployment]")
    .option("--plan <name>", "launch: all of it; quick: two minutes; soak: hours", "launch")
    .option(
      "--scenario <name>",
      "what is sent: hello, session-verify, session-mix, sign-in, or a scenario file (default: fleet.yaml's, else session-mix)",
    )
    .option("--rate <n>", "requests a second (default: the thresholds')")
    .option("--duration <time>", "how long the rate is held; other stages become shorter with it")
    .option("--sessions <n>", "sessions (and users) that the database is to hold")
    .option("--users <n>", "users, where they are to be another number")
    .option("--count-only", "only count what the database holds, write nothing to it")
    .option("--poisson", "independent arrivals rather than even ones")
    .option("--seed <n>", "of everything random, to do the same again")
    .option("--out <dir>", "where the certificate goes (default: certificates/DEPLOYMENT/TIME here)")
    .option("--yes-i-own-this", "no question before load is put on a production deployment")
    .option("--clean", "only remove what an earlier run left in the database")
    .option("--agents <n>", "not part of this version")
    .addHelpText(
      "after",
      "\nExits 0 when every criterion is met, 1 when one is not, 3 when it could not be told, 130 when interrupted.",
    )
    .action(async (deployment: string | undefined, options: CertifyOptions) => {
      if (deployment === undefined)
        throw new Problem(EXIT.usage, "say which deployment: corewatch certify DEPLOYMENT [--plan quick]");
      done(await (await import("./certify.ts")).certify(deployment, options, doors));
    });
  common(certify.command("compare").description("whether the second certificate is worse than the first"))
    .argument("<first>", "a certificate.json")
    .argument("<second>", "a later one")
    .option("--anyway", "also when deployment, scenario or rate differ")
    .action(async (first: string, second: string, _options: CommonOptions, command: Command) =>
      done(await (await import("./certify-compare.ts")).compare(first, second, given(command), doors)),
    );
  common(certify.command("report").description("makes certificate and reports from a shots file again"), "warn", [
    "text",
    "json",
    "junit",
  ])
    .argument("<shots>")
    .option("--out <dir>", "where they go (default: beside the shots file, if there are none yet)")
    .action(async (shots: string, _options: CommonOptions, command: Command) =>
      done(await (await import("./certify-report.ts")).report(shots, given(command), doors)),
    );
}

/** commander gives options that parent and subcommand share to the parent. */
function given(command: Command): CommonOptions & { readonly out?: string; readonly anyway?: boolean } {
  const own = command.opts<CommonOptions & { readonly out?: string; readonly anyway?: boolean }>();
  const parent = command.parent;
  const theirs = Object.entries(parent?.opts() ?? {}).filter(([name]) => parent?.getOptionValueSource(name) === "cli");
  return { ...own, ...Object.fromEntries(theirs) };
}
