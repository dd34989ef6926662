/** A composite's rule: in ALARM when any of these alarms is. */
export function anyInAlarm(names: readonly string[]): string {
  return names.map((name) => `ALARM("${name.replaceAll('"', '\\"')}")`).join(" OR ");
}

/** The alarms that a rule speaks of, by name, however it quotes them or writes them as ARNs. */
export function namesInRule(rule: string): string[] {
  const found = rule.matchAll(
    /\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"')][^)]*))\s*\)/g,
  );
  return [...found].map(([, double, single, bare]) => {
    const name = (double ?? single ?? bare ?? "").trim().replaceAll(/\\(["'\\])/g, "$1");
    return name.startsWith("arn:") ? name.slice(name.indexOf(":alarm:") + ":alarm:".length) : name;
  });
}
