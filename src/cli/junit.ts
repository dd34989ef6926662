/** One test case of a JUnit report. */
export interface JUnitCase {
  readonly classname: string;
  readonly name: string;
  readonly seconds: number;
  /** `failed`: the verdict is bad; `error`: it could not be told; `skipped`: it is bad, and somebody waived it. */
  readonly outcome: "passed" | "failed" | "error" | "skipped";
  readonly type: string;
  readonly message: string;
}

/** The report that CI systems read: one suite. */
export function junit(suite: string, at: string, cases: readonly JUnitCase[]): string {
  const count = (outcome: JUnitCase["outcome"]): number => cases.filter((one) => one.outcome === outcome).length;
  const total = cases.reduce((sum, one) => sum + one.seconds, 0);
  const head = `name=${attribute(suite)} tests="${cases.length}" failures="${count("failed")}" errors="${count("error")}"`;
  const lines = [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<testsuites ${head} time="${total.toFixed(3)}">`,
    `  <testsuite ${head} skipped="${count("skipped")}" time="${total.toFixed(3)}" timestamp=${attribute(at)}>`,
  ];
  for (const one of cases) {
    const open = `    <testcase classname=${attribute(one.classname)} name=${attribute(one.name)} time="${one.seconds.toFixed(3)}"`;
    if (one.outcome === "passed") lines.push(`${open}/>`);
    else {
      const tag = one.outcome === "failed" ? "failure" : one.outcome;
      const type = one.outcome === "skipped" ? "" : ` type=${attribute(one.type)}`;
      lines.push(`${open}>`, `      <${tag}${type} message=${attribute(one.message)}/>`, `    </testcase>`);
    }
  }
  lines.push("  </testsuite>", "</testsuites>", "");
  return lines.join("\n");
}

function attribute(text: string): string {
  // XML 1.0 has no place for other control characters, not even escaped.
  // eslint-disable-next-line no-control-regex -- they are what is taken out
  const clean = text.replace(/[\u0000-\u0008\u000b-\u001f]/g, "");
  const escaped = clean.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
  return `"${escaped.replace(/\n/g, "&#10;").replace(/\t/g, "&#9;")}"`;
}
