import type { Command } from "commander";
import type { CommonOptions } from "./context.ts";
import type { AdoptOptions, ApplyCommandOptions, PlanOptions } from "./alarms.ts";
import type { DrillCommandOptions } from "./alarms-drill.ts";
import type { Doors } from "./doors.ts";
import type { ExitCode } from "./exit.ts";

/** Adds `alarms …` to the program; SDKs and plans are loaded by the command that needs them. */
export function addAlarms(
  program: Command,
  common: (command: Command, level?: string) => Command,
  doors: Doors,
  done: (code: ExitCode) => void,
): void {
  const alarms = program.command("alarms").description("CloudWatch alarms and topics against the inventory");
  common(alarms.command("plan").description("what CloudWatch and SNS lack, have wrong or have too much"))
    .option("--out <file>", "save the plan for apply")
    .option("--detailed-exitcode", "exit 2 when there are changes")
    .option("--iam [command]", "print the least IAM policy of a command, or of each")
    .action(async (options: PlanOptions & { iam?: string | true }) => {
      if (options.iam === undefined) return done(await (await import("./alarms.ts")).planAlarms(options, doors));
      const command = options.iam === true ? undefined : options.iam;
      done(await (await import("./alarms-iam.ts")).printPolicies(command, options, doors));
    });
  common(alarms.command("apply").description("does what a plan says, of a saved plan exactly that"))
    .argument("[file]", "a plan that plan --out wrote; refused when things have changed since")
    .option("--force", "also when more than 30% of the fleet's alarms would be changed or deleted")
    .action(async (file: string | undefined, options: ApplyCommandOptions) =>
      done(await (await import("./alarms.ts")).applyAlarms(file, options, doors)),
    );
  common(alarms.command("adopt").description("takes over alarms and topics that were made by hand"))
    .option("--dry-run", "only show what would be taken over")
    .action(async (options: AdoptOptions) => done(await (await import("./alarms.ts")).adoptAlarms(options, doors)));
  common(alarms.command("drill").description("proves the path from alarm to Slack with an alarm made for it"))
    .option("--real", "set off an alarm of the fleet instead: its real actions run")
    .action(async (options: DrillCommandOptions) =>
      done(await (await import("./alarms-drill.ts")).drillAlarms(options, doors)),
    );
  common(alarms.command("status").description("drift, states, and subscriptions that nobody confirmed")).action(
    async (options: CommonOptions) => done(await (await import("./alarms-status.ts")).alarmsStatus(options, doors)),
  );
}
