import { styleText } from "node:util";
import type { Health, Severity } from "../domain/index.ts";

const HEALTH_STYLE = { up: "green", degraded: "yellow", down: "red", unknown: "magenta" } as const;
const SEVERITY_STYLE = { minor: "yellow", major: "yellow", critical: "red" } as const;

/** A health as a word, coloured where the terminal takes it. */
export function healthMark(health: Health, colors: boolean): string {
  return colors ? styleText(HEALTH_STYLE[health], health, { validateStream: false }) : health;
}

/** A severity as a word, coloured where the terminal takes it. */
export function severityMark(severity: Severity, colors: boolean): string {
  return colors ? styleText(SEVERITY_STYLE[severity], severity, { validateStream: false }) : severity;
}

/** Columns aligned by their widest cell; the last one runs free. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, visible(cell))));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell + " ".repeat((widths[i] ?? 0) - visible(cell))))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function visible(text: string): number {
  // eslint-disable-next-line no-control-regex -- colour sequences begin with ESC
  return text.replace(/\u001b\[[0-9;]*m/g, "").length;
}
