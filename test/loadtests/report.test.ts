import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunRecord, StageRecord } from "../../loadtests/figures.ts";
import { renderReport } from "../../loadtests/report.ts";
import { bytes, clockTime, milliseconds, percent } from "../../loadtests/report-words.ts";
import type { Certificate } from "../../src/domain/index.ts";
import { axe, launchBrowser } from "../support/browser.ts";
import { richCertificate } from "./report-certificate.ts";
import { counts, richRecord, START } from "./report-fixture.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

function render(record: RunRecord = richRecord(), more: Partial<Certificate> = {}): string {
  return renderReport(richCertificate(record, more), record);
}

/** The report in a browser, with everything that it asked the outside for or complained about. */
async function open(text: string, options: BrowserContextOptions = {}): Promise<{ page: Page; heard: string[] }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const heard: string[] = [];
  page.on("request", (request) => heard.push(`request ${request.url()}`));
  page.on("console", (message) => heard.push(`console ${message.text()}`));
  page.on("pageerror", (error) => heard.push(`error ${error.message}`));
  page.on("dialog", (dialog) => heard.push(`dialog ${dialog.message()}`));
  await page.setContent(text);
  return { page, heard };
}

function only(record: RunRecord, kinds: readonly string[]): RunRecord {
  return { ...record, stages: record.stages.filter((stage) => kinds.includes(stage.plan.kind)) };
}

function withStage(record: RunRecord, kind: string, change: (stage: StageRecord) => StageRecord): RunRecord {
  return { ...record, stages: record.stages.map((stage) => (stage.plan.kind === kind ? change(stage) : stage)) };
}

describe("the report in a browser", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    it(`has nothing that axe finds wrong in the ${colorScheme} scheme, with all details open`, async () => {
      // Stages alike look alike: these have everything that is ever drawn.
      const record = only(richRecord(), ["ceiling", "empty", "full", "survival"]);
      const { page } = await open(render(record), { colorScheme });
      await page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))");
      expect(await axe(page)).toEqual([]);
    });

    for (const verdict of ["pass", "invalid"] as const) {
      it(`has nothing that axe finds wrong in the ${colorScheme} scheme when the verdict is ${verdict}`, async () => {
        const { page } = await open(render(only(richRecord(), []), { verdict, capacity: [], levels: [] }), {
          colorScheme,
        });
        expect(await axe(page)).toEqual([]);
        expect(await page.locator(".verdict").innerText()).toBe(verdict.toUpperCase());
      });
    }
  }

  for (const width of [360, 1280]) {
    it(`is not wider than a window of ${width} px`, async () => {
      const { page } = await open(render(), { viewport: { width, height: 800 } });
      const wide = await page.evaluate("document.documentElement.scrollWidth");
      expect(wide).toBe(width);
    });
  }

  it("asks nothing of the network, and its own policy stops nothing in it", async () => {
    const { page, heard } = await open(render());
    expect(heard).toEqual([]);
    // The style sheet is in force: its hash in the policy is right.
    expect(await page.evaluate("getComputedStyle(document.querySelector('.verdict')).display")).toBe("flex");
  });

  it("is readable on paper from the dark scheme: black on white, all tables whole", async () => {
    const { page } = await open(render(), { colorScheme: "dark", viewport: { width: 688, height: 1000 } });
    await page.emulateMedia({ media: "print" });
    expect(await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")).toBe(
      "rgb(255, 255, 255)",
    );
    expect(await page.evaluate("getComputedStyle(document.querySelector('.scroll')).overflowX")).toBe("visible");
    // 688 px are 182 mm: A4 within its margins.
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(688);
  });

  it("shows what comes from outside as text, whatever is in it", async () => {
    const evil = `<script>alert(1)</script><img src=x onerror=alert(2)>"'></title></style></svg>\u202e\u0000`;
    const base = richRecord();
    const record: RunRecord = {
      ...base,
      head: {
        ...base.head,
        deployment: evil,
        app: evil,
        fleet: evil,
        endpoints: [evil],
        addresses: [evil],
        coreHeader: evil,
      },
      cores: base.cores.map((core) => core + evil),
      targetHealth: base.targetHealth.map((one) => ({ ...one, core: one.core + evil, state: evil })),
      actions: base.actions.map((one) => ({ ...one, core: evil, ok: false, detail: evil })),
      added: base.added.map((one) => ({ ...one, core: evil, zone: evil })),
      notes: [{ at: START, text: evil }],
      observed: {
        ...base.observed!,
        troubles: [evil],
        incidents: base.observed!.incidents.map((one) => ({ ...one, id: evil, affected: [evil] })),
        alarmChanges: base.observed!.alarmChanges.map((one) => ({ ...one, name: evil })),
        probes: base.observed!.probes.map((one) => ({ ...one, series: evil })),
      },
      capacity: base.capacity.map((one) => ({
        ...one,
        statements: one.statements.map((it) => ({ ...it, name: evil, plan: [evil], scans: [evil] })),
      })),
    };
    const certificate = richCertificate(record);
    const text = renderReport(
      {
        ...certificate,
        summary: evil,
        caveats: [evil],
        connectionUri: evil,
        criteria: certificate.criteria.map((one) => ({
          ...one,
          title: evil,
          target: evil,
          measured: evil,
          how: evil,
          seed: evil,
        })),
        perCore: certificate.perCore.map((one) => ({ ...one, instance: evil, zone: evil })),
        scenario: { name: evil, tells: [evil], settings: { [evil]: evil } },
        environment: { ...certificate.environment, hostname: evil, versions: { [evil]: evil } },
        recommendation: { ...certificate.recommendation!, because: [evil] },
      },
      record,
    );
    const { page, heard } = await open(text);
    expect(heard).toEqual([]);
    expect(await page.locator("script, img, [onerror]").count()).toBe(0);
    expect(await page.locator(".summary").innerText()).toContain("<script>alert(1)</script>");
    expect(text.includes("\u0000") || text.includes("\u202e")).toBe(false);
  });
});

describe("what the report says", () => {
  it("gives the verdict first, then its sentence, then what it does not say, then the criteria, the failed ones on top", () => {
    const text = render();
    const order = [
      `<p class="verdict fail">`,
      "Not ready: 1 of 7",
      "What this certificate does not say",
      "held 4 min rather than 10 min",
      "At least two instances in two zones",
      "Alarms fire when they should",
      "1,000 requests a second are held",
      `<h2 id="load">`,
    ];
    const places = order.map((part) => text.indexOf(part, text.indexOf("<body>")));
    expect(places.every((place) => place > 0)).toBe(true);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it("has words for every plot and headings for every table", async () => {
    const { page } = await open(render());
    const bad = await page.evaluate(`[
      ...[...document.querySelectorAll("svg[role=img]")].filter((one) => !one.querySelector("title")?.textContent || !one.querySelector("desc")?.textContent).map((one) => one.outerHTML.slice(0, 80)),
      ...[...document.querySelectorAll("figure")].filter((one) => !one.querySelector("figcaption")?.textContent || !one.querySelector("details table")).map((one) => one.textContent),
      ...[...document.querySelectorAll("table")].filter((one) => !one.caption?.textContent || [...one.querySelectorAll("th")].some((th) => !th.scope)).map((one) => one.outerHTML.slice(0, 80)),
    ]`);
    expect(bad).toEqual([]);
    // Per stage: latency, rate, distribution, cores; five stages; two closed curves; empty against full.
    expect(await page.locator("svg[role=img]").count()).toBe(5 * 4 + 2 + 1);
  });

  it("marks the knee where throughput stops growing", () => {
    expect(render()).toContain("The knee, mark K, is at 32 connections");
  });

  it("tells the story of the survival: cores away, incident, Slack, cores back, resolved, each at its mark", async () => {
    const { page } = await open(render());
    const rows = await page
      .locator("table", { hasText: "Survival: what happened meanwhile" })
      .locator("tbody tr")
      .allInnerTexts();
    expect(rows.map((row) => row.replace(/\t/g, " | "))).toEqual([
      "1:00.0 | A | acme-2, acme-3 and acme-4 taken away",
      "1:06.0 | B | incident 17 opened: Only one core is left",
      "1:07.2 | C | incident 17 in Slack, 1.2 s after it opened",
      "1:16.0 |  | load balancer: acme-2, acme-3 and acme-4 unhealthy",
      "1:50.0 |  | alarm acme-production UnHealthyHosts is ALARM",
      "2:30.0 | D | acme-2, acme-3 and acme-4 brought back",
      "2:32.0 |  | load balancer: acme-2, acme-3 and acme-4 initial",
      "2:40.0 |  | load balancer: acme-2, acme-3 and acme-4 healthy",
      "3:02.0 | E | incident 17 resolved after 1:56.0",
      "3:30.0 |  | alarm acme-production UnHealthyHosts is OK",
    ]);
  });

  it("draws cores by what they counted themselves where answers do not name them", () => {
    const base = richRecord();
    const record: RunRecord = {
      ...base,
      stages: base.stages.map((stage) =>
        stage.figures === undefined
          ? stage
          : {
              ...stage,
              figures: {
                ...stage.figures,
                cores: [],
                windows: stage.figures.windows.map((window) => ({ ...window, byCore: [window.offered] })),
              },
            },
      ),
    };
    expect(render()).not.toContain("Requests that each core counted itself");
    const text = render(record);
    expect(text).toContain("Requests that each core counted itself");
    expect(text).not.toContain("Sustained: answers by core");
  });

  it("leaves a gap where nothing was sent, and never draws it as quick", () => {
    const record = withStage(richRecord(), "sustained", (stage) => ({
      ...stage,
      figures: {
        ...stage.figures!,
        windows: stage.figures!.windows.map((window, i) =>
          i >= 100 && i < 120
            ? { ...window, counts: counts(0, { dropped: window.offered }), p50Ms: 0, p99Ms: 0, maxMs: 0 }
            : window,
        ),
      },
    }));
    const drawn = render(record).match(/Sustained: latency and failures over time<\/title>[\s\S]*?<\/svg>/)?.[0] ?? "";
    const median = /class="line c1 "><path d="([^"]+)"/.exec(drawn)?.[1] ?? "";
    expect(median.match(/M/g)).toHaveLength(2);
  });

  it("says so of a run that was killed, was not watched and measured nothing", async () => {
    const base = richRecord();
    const record: RunRecord = {
      ...base,
      stages: [],
      levels: [],
      capacity: [],
      fill: undefined,
      actions: [],
      targetHealth: [],
      coreMinutes: [],
      observed: undefined,
      endedAt: null,
      cut: "interrupted",
    };
    const { page } = await open(
      render(record, {
        verdict: "invalid",
        criteria: [],
        caveats: [],
        perCore: [],
        perEndpoint: [],
        recommendation: null,
        load: { offered: 0, ...counts(0) },
      }),
    );
    expect(await axe(page)).toEqual([]);
    const text = await page.innerText("body");
    expect(text).toContain("the record ends before the run did");
    expect(text).toContain("Nobody watched");
    expect(text).toContain("No stage sent requests");
    expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  it("stays below 2 MB for the largest run", () => {
    const base = richRecord();
    const many = <T>(one: T | undefined, count: number): T[] => Array.from({ length: count }, () => one!);
    const record: RunRecord = {
      ...base,
      cores: Array.from({ length: 300 }, (_, i) => `acme-${i}`),
      stages: base.stages.map((stage) => {
        if (stage.figures === undefined) return stage;
        const windows = Array.from({ length: 5_000 }, (_, i) => ({
          ...stage.figures!.windows[i % 60]!,
          fromMs: i * 1_000,
          toMs: (i + 1) * 1_000,
          byCore: many(7, 301),
        }));
        return { ...stage, endedAt: stage.beganAt + 5_000_000, figures: { ...stage.figures, windows } };
      }),
      targetHealth: many(base.targetHealth, 500).flatMap((all, i) => all.map((one) => ({ ...one, core: `c-${i}` }))),
      observed: {
        ...base.observed!,
        probes: many(base.observed!.probes[0], 3_000),
        incidents: Array.from({ length: 2_000 }, (_, i) => ({ ...base.observed!.incidents[0]!, id: String(i) })),
        alarmChanges: Array.from({ length: 10_000 }, (_, i) => ({
          ...base.observed!.alarmChanges[0]!,
          at: START + i * 900,
        })),
      },
      notes: many(base.notes[0], 5_000),
    };
    expect(Buffer.byteLength(render(record))).toBeLessThan(2_000_000);
  });
});

describe("figures in words", () => {
  it("keep the digits that decide, and a share that is not nothing never reads as nothing", () => {
    expect([0, 0.000001, 0.00104, 0.0141, 0.25, 1].map(percent)).toEqual([
      "0%",
      "<0.001%",
      "0.104%",
      "1.41%",
      "25%",
      "100%",
    ]);
    expect([0, 4.126, 41.26, 499.6, 1_254, 61_000, Number.NaN].map(milliseconds)).toEqual([
      "0 ms",
      "4.13 ms",
      "41.3 ms",
      "500 ms",
      "1.25 s",
      "1 min",
      "–",
    ]);
    expect([0, 1_023, 681 * 2 ** 20, 1.5 * 2 ** 40].map(bytes)).toEqual(["0 B", "1,023 B", "681 MiB", "1.5 TiB"]);
    expect([0, 67_249, 3_727_000, -1_500].map(clockTime)).toEqual(["0:00.0", "1:07.2", "1:02:07", "−0:01.5"]);
  });
});
