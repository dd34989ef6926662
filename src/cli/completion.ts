import type { Command } from "commander";
import { EXIT, type ExitCode, Problem } from "./exit.ts";

const SHELLS = ["bash", "zsh", "fish"];

/** Adds `completion`, which prints a shell's script. */
export function addCompletion(program: Command, done: (code: ExitCode) => void): void {
  program
    .command("completion")
    .description(`prints the completion script of a shell: ${SHELLS.join(", ")}`)
    .argument("<shell>")
    .action(async (shell: string) => {
      if (!SHELLS.includes(shell)) {
        throw new Problem(EXIT.usage, `there is no completion for ${shell}: choose ${SHELLS.join(", ")}`);
      }
      const { default: tab } = await import("@bomb.sh/tab");
      tab.setup(program.name(), program.name(), shell);
      done(EXIT.good);
    });
}

/** Adds `complete`, which that script calls at each press of the tab key. */
export async function addComplete(program: Command): Promise<void> {
  const { default: tab } = await import("@bomb.sh/tab/commander");
  tab(program, { completionCommandName: "completion" });
}
