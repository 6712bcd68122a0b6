import picocolors from 'picocolors';

/** How far training is. */
export interface ProgressState {
  readonly step: number;
  readonly total: number;
  readonly imagesPerSecond: number;
  /** Named numbers to show, such as losses. */
  readonly values: Readonly<Record<string, number>>;
  /** Time left; undefined while it cannot be told. */
  readonly remainingMs?: number | undefined;
}

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
const CLEAR_LINE = '\r\x1b[2K';
const LARGEST_BAR = 30;
const SMALLEST_BAR = 5;
const SEPARATOR = '  ';

type Colors = ReturnType<typeof picocolors.createColors>;

/** Shows progress on a terminal as one bar that is drawn again and again, elsewhere as a plain line per interval. */
export function createProgress(options: ProgressOptions = {}): Progress {
  const { stream = process.stderr, now = () => performance.now(), environment = process.env } = options;
  if (options.silent) return { update: () => {}, message: () => {}, finish: () => {} };
  const redraws = stream.isTTY === true && environment.TERM !== 'dumb';
  const colors = picocolors.createColors(redraws && !environment.NO_COLOR);
  const intervalMs = redraws ? REDRAW_MS : (options.intervalMs ?? PLAIN_INTERVAL_MS);
  const show = (state: ProgressState): void => {
    stream.write(redraws ? CLEAR_LINE + formatBar(state, stream.columns ?? 80, colors) : `${formatLine(state)}\n`);
  };
  return new Display(stream, show, now, intervalMs, redraws);
}

class Display implements Progress {
  readonly #stream: ProgressStream;
  readonly #show: (state: ProgressState) => void;
  readonly #now: () => number;
  readonly #intervalMs: number;
  readonly #redraws: boolean;
  #first: { readonly step: number; readonly timeMs: number } | undefined;
  #latest: ProgressState | undefined;
  #shown: ProgressState | undefined;
  #shownMs = Number.NEGATIVE_INFINITY;

  constructor(
    stream: ProgressStream,
    show: (state: ProgressState) => void,
    now: () => number,
    intervalMs: number,
    redraws: boolean,
  ) {
    this.#stream = stream;
    this.#show = show;
    this.#now = now;
    this.#intervalMs = intervalMs;
    this.#redraws = redraws;
  }

  update(update: ProgressUpdate): void {
    const timeMs = this.#now();
    this.#first ??= { step: update.step, timeMs };
    this.#latest = { ...update, remainingMs: remainingMs(update, this.#first, timeMs) };
    if (timeMs - this.#shownMs >= this.#intervalMs) this.#showLatest(timeMs);
  }

  message(text: string): void {
    this.#stream.write(`${this.#redraws ? CLEAR_LINE : ''}${text}\n`);
    if (this.#redraws && this.#latest) this.#show(this.#latest);
  }

  finish(): void {
    if (this.#latest !== this.#shown) this.#showLatest(this.#now());
    if (this.#redraws && this.#latest) this.#stream.write('\n');
    this.#latest = this.#shown = undefined;
  }

  #showLatest(timeMs: number): void {
    if (!this.#latest) return;
    this.#show(this.#latest);
    this.#shown = this.#latest;
    this.#shownMs = timeMs;
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

/** One line for a terminal, no wider than `columns` but for the step count: `█████░░░░░ 500/1000  312 img/s  d 0.6930  2m 05s left`.
 *  Values that do not fit are left out from the back, then all but the count. */
export function formatBar(
  state: ProgressState,
  columns: number,
  colors: Colors = picocolors.createColors(false),
): string {
  const [count = '', ...details] = fitting(state, columns - SMALLEST_BAR - 1);
  const room = columns - [count, ...details].join(SEPARATOR).length - 1;
  const size = Math.max(SMALLEST_BAR, Math.min(LARGEST_BAR, room));
  const filled = Math.round(size * Math.min(1, state.step / Math.max(1, state.total)));
  const bar = colors.green('█'.repeat(filled)) + colors.dim('░'.repeat(size - filled));
  return [`${bar} ${colors.bold(count)}`, ...details].join(SEPARATOR);
}

/** One plain line: `step 500/1000  312 img/s  d 0.6930  g 0.7120  2m 05s left`. */
export const formatLine = (state: ProgressState): string => `step ${parts(state, formatValues(state)).join(SEPARATOR)}`;

/** `42s`, `2m 05s`, `3h 07m`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  const twoDigits = (value: number): string => String(value).padStart(2, '0');
  if (minutes === 0) return `${seconds}s`;
  if (minutes < 60) return `${minutes}m ${twoDigits(seconds % 60)}s`;
  return `${Math.floor(minutes / 60)}h ${twoDigits(minutes % 60)}m`;
}

function fitting(state: ProgressState, columns: number): string[] {
  for (let values = formatValues(state); ; values = values.slice(0, -1)) {
    const texts = parts(state, values);
    if (texts.join(SEPARATOR).length <= columns) return texts;
    if (values.length === 0) return texts.slice(0, 1);
  }
}

const parts = (
  { step, total, imagesPerSecond, remainingMs: left }: ProgressState,
  values: readonly string[],
): string[] => [
  `${step}/${total}`,
  `${formatRate(imagesPerSecond)} img/s`,
  ...values,
  ...(left === undefined ? [] : [`${formatDuration(left)} left`]),
];

const formatValues = ({ values }: ProgressState): string[] =>
  Object.entries(values).map(([name, value]) => `${name} ${formatValue(value)}`);

const formatRate = (value: number): string => (value < 999.5 ? value.toPrecision(3) : value.toFixed(0));

/** Four significant digits, so that a bar does not twitch; an exponent only where there must be one. */
const formatValue = (value: number): string =>
  value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e4) ? value.toPrecision(4) : value.toExponential(2);
