import { existsSync } from "node:fs";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import { inflate } from "@sparticuz/chromium";
import { type Browser, type Page, chromium as playwright } from "playwright-core";

/**
 * A headless Chromium out of an npm package: nothing of the distribution but its C library is needed, since the package
 * brings the libraries (NSS, expat) and fonts that it was linked with.
 * @throws Error when it does not start
 */
export async function launchBrowser(): Promise<Browser> {
  const home = await unpacked();
  return playwright.launch({
    executablePath: join(home, "chromium"),
    headless: true,
    chromiumSandbox: false,
    args: ["--no-zygote", "--disable-gpu", "--font-render-hinting=none"],
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: home,
      LD_LIBRARY_PATH: join(home, "al2023", "lib"),
      FONTCONFIG_PATH: join(home, "fonts"),
    },
  });
}

/** What axe finds wrong with a page: a line each, `rule: element: why`. None when it is well. */
export async function axe(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary ?? rule.help}`),
  );
}

/** Where the browser lies unpacked. Test files run at the same time: whoever is first puts it there whole. */
async function unpacked(): Promise<string> {
  const packed = join(dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium"))), "..");
  const { version } = JSON.parse(await readFile(join(packed, "package.json"), "utf8")) as { version: string };
  const home = join(tmpdir(), `corewatch-browser-${version}-${process.getuid?.() ?? "user"}`);
  if (existsSync(home)) return home;
  const making = await mkdtemp(`${home}-`);
  const before = process.env["TMPDIR"];
  // The package unpacks to the folder for temporary files, whichever that is.
  process.env["TMPDIR"] = making;
  try {
    await Promise.all(["chromium.br", "fonts.tar.br", "al2023.tar.br"].map((one) => inflate(join(packed, "bin", one))));
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
  await writeFile(
    join(making, "fonts", "fonts.conf"),
    `<?xml version="1.0"?><fontconfig><dir prefix="relative">.</dir><cachedir>${join(home, "cache")}</cachedir></fontconfig>`,
  );
  try {
    await rename(making, home);
  } catch (error) {
    // Another process was quicker; anything else is told.
    if (!existsSync(home)) throw error;
    await rm(making, { recursive: true });
  }
  return home;
}
