import picocolors from 'picocolors';
import { type Colors, formatBar, formatLine, type ProgressState } from './progress_text.ts';
import { wrapWords } from './wrap_words.ts';

/** What the trainer reports; the display tells the time left itself. */
export type ProgressUpdate = Omit<ProgressState, 'remainingMs'>;

/** Where progress is shown: what it needs of `process.stderr`. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** How progress is shown. */
export interface ProgressOptions {
  /** Default `process.stderr`, so that output stays clean for pipes. */
  readonly stream?: ProgressStream;
  /** Shows nothing, for commands whose output is JSON. */
  readonly silent?: boolean;
  /** Time between two plain lines where there is no terminal. Default 10 s. */
  readonly intervalMs?: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** The display of a long task. */
export interface Progress {
  update(state: ProgressUpdate): void;
  /** Prints a line of its own, above the bar. */
  message(text: string): void;
  /** Shows the last state, however recent the one before, and leaves the cursor on a new line. */
  finish(): void;
}

const REDRAW_MS = 100;
const PLAIN_INTERVAL_MS = 10_000;
/** Weight that a speed loses in the smoothed one for each second. */
const SMOOTHING_PER_SECOND = 0.8;

/** Shows progress on a terminal as one bar that is drawn again and again, elsewhere as a plain line per interval. */
export function createProgress(options: ProgressOptions = {}): Progress {
  const { stream = process.stderr, now = () => performance.now(), environment = process.env } = options;
  if (options.silent) return { update: () => {}, message: () => {}, finish: () => {} };
  const redraws = stream.isTTY === true && environment.TERM !== 'dumb';
  const colors = picocolors.createColors(redraws && !environment.NO_COLOR);
  const intervalMs = redraws ? REDRAW_MS : (options.intervalMs ?? PLAIN_INTERVAL_MS);
  return new Display(redraws ? new Terminal(stream, colors) : new Plain(stream), now, intervalMs);
}

/** Where states and messages appear. */
interface Screen {
  show(state: ProgressState): void;
  message(text: string, latest: ProgressState | undefined): void;
  finish(): void;
}

class Plain implements Screen {
  private readonly stream: ProgressStream;

  constructor(stream: ProgressStream) {
    this.stream = stream;
  }

  show(state: ProgressState): void {
    this.stream.write(`${formatLine(state)}\n`);
  }

  message(text: string): void {
    this.stream.write(`${text}\n`);
  }

  finish(): void {}
}

class Terminal implements Screen {
  private readonly stream: ProgressStream;
  private readonly colors: Colors;
  /** Characters of the bar on the screen. */
  private width = 0;

  constructor(stream: ProgressStream, colors: Colors) {
    this.stream = stream;
    this.colors = colors;
  }

  private get columns(): number {
    return this.stream.columns ?? 80;
  }

  show(state: ProgressState): void {
    this.stream.write(this.clear() + formatBar(state, this.columns, this.colors));
    this.width = formatBar(state, this.columns).length;
  }

  message(text: string, latest: ProgressState | undefined): void {
    this.stream.write(`${this.clear()}${wrapWords(text, this.columns)}\n`);
    this.width = 0;
    if (latest) this.show(latest);
  }

  finish(): void {
    this.stream.write('\n');
    this.width = 0;
  }

  /** Takes the bar away, which covers several lines where the terminal has become narrower. */
  private clear(): string {
    const linesAbove = Math.max(0, Math.ceil(this.width / this.columns) - 1);
    return `\r${linesAbove > 0 ? `\x1b[${linesAbove}A` : ''}\x1b[J`;
  }
}

class Display implements Progress {
  private readonly screen: Screen;
  private readonly now: () => number;
  private readonly intervalMs: number;
  private first: { readonly step: number; readonly timeMs: number } | undefined;
  private latest: ProgressState | undefined;
  private shown: ProgressState | undefined;
  private shownMs = Number.NEGATIVE_INFINITY;
  private rate: { readonly value: number; readonly timeMs: number } | undefined;

  constructor(screen: Screen, now: () => number, intervalMs: number) {
    this.screen = screen;
    this.now = now;
    this.intervalMs = intervalMs;
  }

  update(update: ProgressUpdate): void {
    const timeMs = this.now();
    this.first ??= { step: update.step, timeMs };
    this.rate = { value: this.smoothed(update.imagesPerSecond, timeMs), timeMs };
    const left = remainingMs(update, this.first, timeMs);
    this.latest = { ...update, imagesPerSecond: this.rate.value, remainingMs: left };
    if (timeMs - this.shownMs >= this.intervalMs) this.showLatest(timeMs);
  }

  message(text: string): void {
    this.screen.message(text, this.latest);
  }

  finish(): void {
    if (this.latest !== this.shown) this.showLatest(this.now());
    if (this.latest) this.screen.finish();
    this.latest = this.shown = this.rate = undefined;
  }

  private smoothed(rate: number, timeMs: number): number {
    if (!this.rate || !Number.isFinite(this.rate.value)) return rate;
    const kept = SMOOTHING_PER_SECOND ** ((timeMs - this.rate.timeMs) / 1000);
    return kept * this.rate.value + (1 - kept) * rate;
  }

  private showLatest(timeMs: number): void {
    if (!this.latest) return;
    this.screen.show(this.latest);
    this.shown = this.latest;
    this.shownMs = timeMs;
  }
}

/** Time left at the pace since the first report; undefined at that report. */
function remainingMs(
  { step, total }: ProgressUpdate,
  first: { step: number; timeMs: number },
  timeMs: number,
): number | undefined {
  const steps = step - first.step;
  return steps > 0 ? ((total - step) * (timeMs - first.timeMs)) / steps : undefined;
}
