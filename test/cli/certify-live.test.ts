import { describe, expect, it } from "vitest";
import { createLiveView, type LiveState } from "../../src/cli/certify-live.ts";
import { FakeClock } from "../fakes/clock.ts";

const COUNTS = {
  ok: 0,
  "non-2xx": 0,
  "wrong-body": 0,
  "business-failure": 0,
  lost: 0,
  "timed-out": 0,
  refused: 0,
  dropped: 0,
};

function state(more: Partial<LiveState> = {}): LiveState {
  return {
    plan: "quick",
    stage: { index: 1, of: 3, kind: "sustained", elapsedMs: 30_000, durationMs: 120_000 },
    totalMs: 300_000,
    elapsedMs: 60_000,
    offeredRate: 1_000,
    sentRate: 999.6,
    answeredRate: 998,
    p50Ms: 4.13,
    p99Ms: 18.2,
    counts: { ...COUNTS, ok: 29_985, lost: 12, "timed-out": 3 },
    perCore: [
      { core: "acme-1", rate: 499 },
      { core: "acme-2", rate: 499 },
    ],
    ...more,
  };
}

// eslint-disable-next-line no-control-regex -- what a terminal acts on
const ACTED_ON = /\u001b\[(\d+)A|(\u001b\[J)|(\u001b\[\d+m)|(\r)|(\n)|([^])/g;

const MANY = Array.from({ length: 40 }, (_, i) => ({ core: `acme-${i}`, rate: 25 }));

/** A terminal that keeps what is on it, as far as the view's own sequences go. Any other sequence fails. */
class Terminal {
  readonly lines: string[] = [""];
  #row = 0;
  writes = 0;
  raw = "";

  readonly write = (text: string): void => {
    this.writes++;
    this.raw += text;
    for (const [, up, wipe, colour, cr, nl, other] of text.matchAll(ACTED_ON)) {
      if (up !== undefined) this.#row -= Number(up);
      else if (wipe !== undefined) this.lines.splice(this.#row, Infinity, "");
      else if (nl !== undefined) this.lines[++this.#row] ??= "";
      else if (colour === undefined && cr === undefined) {
        if (other === undefined || other === "\u001b") throw new Error(`an unknown sequence: ${JSON.stringify(text)}`);
        this.lines[this.#row] = (this.lines[this.#row] ?? "") + other;
      }
      if (this.#row < 0) throw new Error("above the first line");
    }
  };
}

function live(options: { isTerminal?: boolean; width?: number; colors?: boolean } = {}) {
  const clock = new FakeClock();
  const terminal = new Terminal();
  const view = createLiveView({ out: terminal.write, isTerminal: true, width: 100, colors: false, clock, ...options });
  return { clock, terminal, view };
}

describe("the live view on a terminal", () => {
  it("shows stage, progress, what is left, rates, latency, failures and cores", () => {
    const { terminal, view } = live();
    view.update(state({ note: "the generator falls behind" }));
    expect(terminal.lines).toEqual([
      "stage 2 of 3, sustained, plan quick",
      "[##########------------------------------]  25%  1:30 left, run 4:00",
      "rate     1,000/s due, 1,000/s sent, 998/s answered",
      "latency  p50 4.13 ms, p99 18.2 ms",
      "failures 15 failed (0.05%): 12 lost, 3 timed out",
      "cores    acme-1 499/s  acme-2 499/s",
      "note     the generator falls behind",
      "",
    ]);
  });

  it("paints in place, four times a second at most, and ends with the newest state", async () => {
    const { clock, terminal, view } = live();
    for (let i = 0; i < 100; i++) {
      view.update(state({ p99Ms: i }));
      await clock.advance(10);
    }
    await clock.advance(250);
    expect(terminal.writes).toBeLessThanOrEqual(6);
    expect(terminal.lines).toHaveLength(7);
    expect(terminal.lines[3]).toBe("latency  p50 4.13 ms, p99 99 ms");
  });

  it("wipes lines that are no longer there", async () => {
    const { clock, terminal, view } = live();
    view.update(state({ note: "soon gone" }));
    await clock.advance(300);
    view.update(state({ perCore: [] }));
    expect(terminal.lines.slice(4)).toEqual(["failures 15 failed (0.05%): 12 lost, 3 timed out", ""]);
  });

  it("leaves a line of each stage that ended, and the last word in its place", async () => {
    const { clock, terminal, view } = live();
    view.update(state());
    view.update(state({ stage: { index: 2, of: 3, kind: "survival", elapsedMs: 0, durationMs: 60_000 } }));
    await clock.advance(1_000);
    view.end("interrupted: the certificate says so");
    view.end("not again");
    view.update(state());
    await clock.advance(1_000);
    expect(terminal.lines).toEqual([
      "stage 2 of 3, sustained ended after 0:30: 30,000 arrivals, 15 failed (0.05%): 12 lost, 3 timed out",
      "stage 3 of 3, survival ended after 0:00: 30,000 arrivals, 15 failed (0.05%): 12 lost, 3 timed out",
      "interrupted: the certificate says so",
      "",
    ]);
    expect(clock.waiting).toBe(0);
  });

  it("ends without a last word when there is none", () => {
    for (const isTerminal of [true, false]) {
      const { terminal, view } = live({ isTerminal });
      view.update(state());
      view.end("");
      expect(terminal.lines.slice(-2)).toEqual([expect.stringContaining("sustained ended after 0:30"), ""]);
    }
  });

  it("shows what is done between stages, and leaves nothing of it at the end", async () => {
    const { clock, terminal, view } = live();
    view.update(state());
    view.update(state({ stage: { ...state().stage, isOver: true }, note: "removing the added core" }));
    await clock.advance(300);
    const ended = "stage 2 of 3, sustained ended after 0:30: 30,000 arrivals, 15 failed (0.05%): 12 lost, 3 timed out";
    expect(terminal.lines).toEqual([ended, "note     removing the added core", ""]);
    view.end("");
    expect(terminal.lines).toEqual([ended, ""]);
  });

  it("never hides the cursor, so that nothing can leave it hidden", async () => {
    const { clock, terminal, view } = live({ colors: true });
    view.update(state());
    await clock.advance(300);
    view.update(state({ note: "x" }));
    expect(terminal.raw).not.toContain("\u001b[?");
  });

  for (const width of [5, 30, 60, 200]) {
    it(`keeps every line within ${width} columns, or within 20 where there are fewer`, () => {
      const { terminal, view } = live({ width });
      view.update(state({ perCore: MANY, note: "a long note ".repeat(30) }));
      expect(Math.max(...terminal.lines.map((line) => line.length))).toBeLessThan(Math.max(20, width));
    });
  }

  it("names as many cores as there is room for, and counts the others", () => {
    const { terminal, view } = live({ width: 60 });
    view.update(state({ perCore: MANY }));
    expect(terminal.lines[5]).toBe("cores    acme-0 25/s  acme-1 25/s  acme-2 25/s  and 37 more");
    const narrow = live({ width: 30 });
    narrow.view.update(state({ perCore: MANY }));
    expect(narrow.terminal.lines[5]).toBe("cores    40 cores");
  });

  it("has no colour without colours, and shows the same words with them", () => {
    const plain = live();
    const coloured = live({ colors: true });
    plain.view.update(state());
    coloured.view.update(state());
    // eslint-disable-next-line no-control-regex -- colour sequences begin with ESC
    expect(plain.terminal.raw).not.toMatch(/\u001b/);
    expect(coloured.terminal.raw).toContain("\u001b[31m15 failed");
    expect(coloured.terminal.lines).toEqual(plain.terminal.lines);
  });

  it("lets names and notes from outside do nothing to the terminal", () => {
    const { terminal, view } = live();
    const evil = "\u001b[2J\u001b]0;owned\u0007\nnew line\u009b1A";
    view.update(state({ note: evil, perCore: [{ core: evil, rate: 1 }] }));
    expect(terminal.lines).toHaveLength(8);
  });

  it("says that nothing was answered rather than a latency", () => {
    const { terminal, view } = live();
    view.update(state({ p50Ms: null, p99Ms: null }));
    expect(terminal.lines[3]).toBe("latency  no answer yet");
  });
});

describe("the live view without a terminal", () => {
  it("says a line at each stage's begin and end, and one every ten seconds", async () => {
    const { clock, terminal, view } = live({ isTerminal: false });
    for (let second = 0; second <= 25; second++) {
      view.update(state({ stage: { ...state().stage, elapsedMs: second * 1_000 }, elapsedMs: second * 1_000 }));
      await clock.advance(1_000);
    }
    view.update(
      state({ stage: { index: 2, of: 3, kind: "fill", elapsedMs: 0, durationMs: 0 }, counts: COUNTS, note: "filling" }),
    );
    view.end("pass");
    expect(terminal.raw.split("\n")).toEqual([
      "stage 2 of 3, sustained began, for 2:00",
      "stage 2 of 3, sustained: 0:10 of 2:00; 1,000/s due, 1,000/s sent, 998/s answered; p50 4.13 ms, p99 18.2 ms; 15 failed (0.05%): 12 lost, 3 timed out; the run ends in 4:50",
      "stage 2 of 3, sustained: 0:20 of 2:00; 1,000/s due, 1,000/s sent, 998/s answered; p50 4.13 ms, p99 18.2 ms; 15 failed (0.05%): 12 lost, 3 timed out; the run ends in 4:40",
      "stage 2 of 3, sustained ended after 0:25: 30,000 arrivals, 15 failed (0.05%): 12 lost, 3 timed out",
      "stage 3 of 3, fill began",
      "note: filling",
      "stage 3 of 3, fill ended after 0:00",
      "pass",
      "",
    ]);
    expect(clock.waiting).toBe(0);
  });

  it("says what is counted as often as the rest, not at every step", async () => {
    const { clock, terminal, view } = live({ isTerminal: false });
    view.update(state({ note: "preparing the load" }));
    for (let second = 0; second < 25; second++) {
      view.update(state({ note: `filling the database: ${second} of 1000000` }));
      await clock.advance(1_000);
    }
    const notes = terminal.raw.split("\n").filter((line) => line.startsWith("note: "));
    expect(notes).toEqual([
      "note: preparing the load",
      "note: filling the database: 0 of 1000000",
      "note: filling the database: 10 of 1000000",
      "note: filling the database: 20 of 1000000",
    ]);
  });

  it("tells a stage's end when it ends, once, and nothing of it while what follows is done", async () => {
    const { clock, terminal, view } = live({ isTerminal: false });
    const over = { ...state().stage, isOver: true };
    view.update(state());
    for (let second = 0; second < 25; second++) {
      view.update(state({ stage: over, note: "removing the added core" }));
      await clock.advance(1_000);
    }
    view.end("");
    expect(terminal.raw.split("\n")).toEqual([
      "stage 2 of 3, sustained began, for 2:00",
      "stage 2 of 3, sustained ended after 0:30: 30,000 arrivals, 15 failed (0.05%): 12 lost, 3 timed out",
      "note: removing the added core",
      "",
    ]);
  });

  it("shows no rate where none is sent: levels and rows are in the notes", async () => {
    const ceiling = { index: 1, of: 9, kind: "ceiling", elapsedMs: 4_000, durationMs: 90_000 } as const;
    const now = state({ stage: ceiling, counts: COUNTS, note: "8 connections: 3,200/s, p99 12 ms" });
    const { terminal, view } = live();
    view.update(now);
    expect(terminal.lines).toEqual([
      "stage 2 of 9, ceiling, plan quick",
      expect.stringContaining("1:26 left, run 4:00"),
      "note     8 connections: 3,200/s, p99 12 ms",
      "",
    ]);
    const plain = live({ isTerminal: false });
    plain.view.update(now);
    await plain.clock.advance(10_000);
    plain.view.update(now);
    expect(plain.terminal.lines).toEqual([
      "stage 2 of 9, ceiling began, for 1:30",
      "note: 8 connections: 3,200/s, p99 12 ms",
      "stage 2 of 9, ceiling: 0:04 of 1:30; the run ends in 4:00",
      "",
    ]);
  });
});
