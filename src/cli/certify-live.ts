import { stripVTControlCharacters, styleText } from "node:util";
import { failures, failureWords, milliseconds, number, percent, perSecond } from "../../loadtests/report-words.ts";
import type { Clock, OutcomeCounts, PlanName, StageKind, Timer } from "../domain/index.ts";

/** Where a certification stands. Rates are requests a second over the last seconds. */
export interface LiveState {
  readonly plan: PlanName;
  /** `index` from 0. A duration of 0: it takes as long as it takes. */
  readonly stage: {
    readonly index: number;
    readonly of: number;
    readonly kind: StageKind;
    readonly elapsedMs: number;
    readonly durationMs: number;
    /** It has ended, or not begun: what goes on until the next begins is its note alone. */
    readonly isOver?: boolean;
  };
  /** Of the whole run, as planned. */
  readonly totalMs: number;
  readonly elapsedMs: number;
  readonly offeredRate: number;
  readonly sentRate: number;
  readonly answeredRate: number;
  /** Of the last seconds; `null` while nothing was answered. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Of the stage so far. */
  readonly counts: OutcomeCounts;
  /** Answers a second by core; empty where answers do not name their core. */
  readonly perCore: readonly { readonly core: string; readonly rate: number }[];
  /** A warning (the generator falls behind, the circuit breaker) or what is being done. */
  readonly note?: string;
}

/** What a live view writes to. `width` in columns. `colors` false: no colour, also not in the words' weight. */
export interface LiveScreen {
  readonly out: (text: string) => void;
  readonly isTerminal: boolean;
  readonly width: number;
  readonly colors: boolean;
  readonly clock: Clock;
}

/** Shows a run while it goes on. */
export interface LiveView {
  update(state: LiveState): void;
  /** Leaves what came of the last stage, and `line`, in the view's place (an empty one leaves nothing); nothing is written after it. */
  end(line: string): void;
}

/** Four times a second at most. */
const REPAINT_MS = 250;
/** Between plain lines, where there is no terminal. */
const PLAIN_MS = 10_000;

/**
 * A view that is painted in place on a terminal, and plain lines elsewhere. The cursor is never hidden and stands at a
 * line's begin between paints, so that a terminal is whole however the process ends.
 */
export function createLiveView(screen: LiveScreen): LiveView {
  return screen.isTerminal ? new TerminalView(screen) : new PlainView(screen);
}

class TerminalView implements LiveView {
  readonly #screen: LiveScreen;
  #state: LiveState | undefined;
  #painted = 0;
  #paintedAt = -Infinity;
  #timer: Timer | undefined;
  #ended = false;

  constructor(screen: LiveScreen) {
    this.#screen = screen;
  }

  update(state: LiveState): void {
    if (this.#ended) return;
    const before = this.#state;
    this.#state = state;
    if (before !== undefined && endsStage(before, state)) this.#leave(stageEnd(endOf(before, state)));
    const due = this.#paintedAt + REPAINT_MS - this.#screen.clock.monotonic();
    if (due <= 0) this.#paint();
    else this.#timer ??= this.#screen.clock.after(due, () => this.#paint());
  }

  end(line: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.clear();
    if (this.#state !== undefined && this.#state.stage.isOver !== true) this.#leave(stageEnd(this.#state));
    else this.#screen.out(this.#back());
    if (line !== "") this.#leave(line);
  }

  #paint(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    if (this.#state === undefined || this.#ended) return;
    const lines = frame(this.#state, this.#screen);
    this.#screen.out(`${this.#back()}${lines.join("\n")}\n`);
    this.#painted = lines.length;
    this.#paintedAt = this.#screen.clock.monotonic();
  }

  /** Puts a line above the view that stays. */
  #leave(line: string): void {
    this.#screen.out(`${this.#back()}${clean(line)}\n`);
    this.#painted = 0;
  }

  /** To the view's first line, with everything below wiped. */
  #back(): string {
    return this.#painted === 0 ? "" : `\u001b[${this.#painted}A\r\u001b[J`;
  }
}

class PlainView implements LiveView {
  readonly #screen: LiveScreen;
  #state: LiveState | undefined;
  #saidAt = 0;
  #ended = false;

  constructor(screen: LiveScreen) {
    this.#screen = screen;
  }

  update(state: LiveState): void {
    if (this.#ended) return;
    const before = this.#state;
    this.#state = state;
    const now = this.#screen.clock.monotonic();
    if (before !== undefined && endsStage(before, state)) this.#say(stageEnd(endOf(before, state)));
    if (beginsStage(before, state)) {
      const { durationMs } = state.stage;
      this.#say(`${stageName(state)} began${durationMs > 0 ? `, for ${timeWords(durationMs)}` : ""}`);
      this.#saidAt = now;
    }
    const isDue = now - this.#saidAt >= PLAIN_MS;
    if (isDue) this.#saidAt = now;
    if (isDue && state.stage.isOver !== true) this.#say(progressLine(state));
    // What is counted goes on with each look: it is said as often as the rest.
    if (
      state.note !== undefined &&
      (wordsOf(state.note) !== wordsOf(before?.note) || (isDue && state.note !== before?.note))
    )
      this.#say(`note: ${state.note}`);
  }

  end(line: string): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#state !== undefined && this.#state.stage.isOver !== true) this.#say(stageEnd(this.#state));
    if (line !== "") this.#say(line);
  }

  #say(line: string): void {
    this.#screen.out(`${clean(line)}\n`);
  }
}

function frame(state: LiveState, { width, colors }: LiveScreen): string[] {
  // The last column stays free: some terminals wrap when it is written.
  const room = Math.max(20, width) - 1;
  const style = (format: "bold" | "dim" | "red" | "yellow", text: string): string =>
    colors ? styleText(format, text, { validateStream: false }) : text;
  const row = (label: string, text: string, format?: "red" | "yellow"): string => {
    const value = fit(text, room - 9);
    return `${style("dim", label.padEnd(9))}${format === undefined ? value : style(format, value)}`;
  };
  const { stage } = state;
  if (stage.isOver === true) return [row("note", state.note ?? "the next stage is prepared", "yellow")];
  const offered = total(state.counts);
  const head = [
    style("bold", fit(`${stageName(state)}, plan ${state.plan}`, room)),
    fit(progressBar(stage.durationMs > 0 ? stage.elapsedMs / stage.durationMs : 0, timeLeft(state), room), room),
  ];
  const note = state.note === undefined ? [] : [row("note", state.note, "yellow")];
  if (!hasRate(state)) return [...head, ...note];
  const lines = [
    ...head,
    row(
      "rate",
      `${perSecond(state.offeredRate)} due, ${perSecond(state.sentRate)} sent, ${perSecond(state.answeredRate)} answered`,
    ),
    row("latency", latencyWords(state)),
    row("failures", failureLine(state.counts, offered), failures(state.counts) > 0 ? "red" : undefined),
  ];
  if (state.perCore.length > 0) lines.push(row("cores", coreWords(state.perCore, room - 9)));
  return [...lines, ...note];
}

function stageName({ stage }: LiveState): string {
  return `stage ${stage.index + 1} of ${stage.of}, ${stage.kind}`;
}

/** `0:07`, `12:30`, `1:02:03`: whole seconds, so that how far a stage is can be seen. */
function timeWords(ms: number): string {
  const seconds = Math.round(Math.max(0, ms) / 1_000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** The stage of `before` is over with `now`, and that was not said yet. */
function endsStage(before: LiveState, now: LiveState): boolean {
  if (before.stage.isOver === true) return false;
  return before.stage.index !== now.stage.index || now.stage.isOver === true;
}

/** The stage of `now` is under way, and that was not said yet. */
function beginsStage(before: LiveState | undefined, now: LiveState): boolean {
  if (now.stage.isOver === true) return false;
  return before === undefined || before.stage.isOver === true || before.stage.index !== now.stage.index;
}

/** The newest state of the stage that ends. */
function endOf(before: LiveState, now: LiveState): LiveState {
  return before.stage.index === now.stage.index ? now : before;
}

/** A note without what it counts. */
function wordsOf(note: string | undefined): string | undefined {
  return note?.replace(/\d+/g, "");
}

function stageEnd(state: LiveState): string {
  const offered = total(state.counts);
  const arrivals = offered === 0 ? "" : `: ${number(offered)} arrivals, ${failureLine(state.counts, offered)}`;
  return `${stageName(state)} ended after ${timeWords(state.stage.elapsedMs)}${arrivals}`;
}

/** Stages that send nothing at a rate: what comes of them is in their notes. */
const WITHOUT_RATE: readonly StageKind[] = ["ceiling", "tune", "fill"];

function hasRate({ stage: { kind } }: LiveState): boolean {
  return !WITHOUT_RATE.includes(kind);
}

function progressLine(state: LiveState): string {
  const { elapsedMs, durationMs } = state.stage;
  const time = `${timeWords(elapsedMs)}${durationMs > 0 ? ` of ${timeWords(durationMs)}` : ""}`;
  const rates = `${perSecond(state.offeredRate)} due, ${perSecond(state.sentRate)} sent, ${perSecond(state.answeredRate)} answered`;
  const run = `the run ends in ${timeWords(state.totalMs - state.elapsedMs)}`;
  if (!hasRate(state)) return `${stageName(state)}: ${time}; ${run}`;
  return `${stageName(state)}: ${time}; ${rates}; ${latencyWords(state)}; ${failureLine(state.counts, total(state.counts))}; ${run}`;
}

function timeLeft({ stage, totalMs, elapsedMs }: LiveState): string {
  const ofStage = stage.durationMs > 0 ? `${timeWords(stage.durationMs - stage.elapsedMs)} left, ` : "";
  return `${ofStage}run ${timeWords(totalMs - elapsedMs)}`;
}

function progressBar(share: number, words: string, room: number): string {
  const done = Math.min(1, Math.max(0, share));
  const size = Math.min(40, room - words.length - 10);
  const figure = `${Math.floor(done * 100)}%`.padStart(4);
  if (size < 5) return `${figure.trim()}  ${words}`;
  const full = Math.floor(done * size);
  return `[${"#".repeat(full)}${"-".repeat(size - full)}] ${figure}  ${words}`;
}

function latencyWords({ p50Ms, p99Ms }: LiveState): string {
  if (p50Ms === null || p99Ms === null) return "no answer yet";
  return `p50 ${milliseconds(p50Ms)}, p99 ${milliseconds(p99Ms)}`;
}

function failureLine(counts: OutcomeCounts, offered: number): string {
  const failed = failures(counts);
  if (failed === 0) return "none failed";
  return `${number(failed)} failed (${percent(failed / Math.max(1, offered))}): ${failureWords(counts)}`;
}

/** As many cores as there is room for. */
function coreWords(perCore: LiveState["perCore"], room: number): string {
  const words = perCore.map(({ core, rate }) => `${clean(core)} ${perSecond(rate)}`);
  for (let shown = words.length; shown > 1; shown--) {
    const more = words.length - shown;
    const line = words.slice(0, shown).join("  ") + (more > 0 ? `  and ${more} more` : "");
    if (line.length <= room) return line;
  }
  return words.length > 1 ? `${words.length} cores` : (words[0] ?? "");
}

function total(counts: OutcomeCounts): number {
  return counts.ok + failures(counts);
}

function fit(text: string, room: number): string {
  const line = clean(text);
  return line.length <= room ? line : `${line.slice(0, Math.max(0, room - 1))}…`;
}

/** One line without anything that a terminal would act on: names and notes can come from outside. */
function clean(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is taken out
  return stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}
