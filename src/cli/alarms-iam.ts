import { IAM_COMMANDS, iamPolicy, type IamCommand } from "../../alarms/iam.ts";
import { load, wantFormat, type CommonOptions } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";

/** The least IAM policy of one command, ready to be pasted, or of each command. Asks neither AWS nor the store. */
export async function printPolicies(
  command: string | undefined,
  options: CommonOptions,
  doors: Doors,
): Promise<ExitCode> {
  const format = wantFormat(options.format, ["text", "json"]);
  const wanted = command === undefined ? undefined : commandOf(command);
  const { fleet } = await load(options, doors);
  const policyOf = (one: IamCommand): string => iamPolicy(one, fleet);
  if (wanted !== undefined) doors.out(policyOf(wanted));
  else if (format === "json") {
    const all = Object.fromEntries(IAM_COMMANDS.map((one) => [one, JSON.parse(policyOf(one)) as unknown]));
    doors.out(`${JSON.stringify(all, null, 2)}\n`);
  } else {
    const titled = IAM_COMMANDS.map(
      (one) => `# corewatch ${one === "start" ? "start" : `alarms ${one}`}\n${policyOf(one)}`,
    );
    doors.out(titled.join("\n"));
  }
  return EXIT.good;
}

function commandOf(name: string): IamCommand {
  const known = IAM_COMMANDS.find((one) => one === name);
  if (known !== undefined) return known;
  throw new Problem(EXIT.usage, `--iam ${name}: choose ${IAM_COMMANDS.join(", ")}, or leave it out for all`);
}
