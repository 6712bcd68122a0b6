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

/** What colours text. */
export type Colors = ReturnType<typeof picocolors.createColors>;

const LARGEST_BAR = 30;
const SMALLEST_BAR = 5;
const SEPARATOR = '  ';
/** What most values, times left and speeds take, so that the bar beside them keeps its length. */
const VALUE_WIDTH = 7;
const TIME_WIDTH = 7;
const RATE_WIDTH = 4;

/** One line for a terminal, no wider than `columns` but for the step count: `█████░░░░░ 500/1000   312 img/s  d 0.6930   2m 05s left`.
 *  Numbers have columns of their own, so that the bar keeps its length while they change.
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
export const formatLine = (state: ProgressState): string =>
  `step ${parts(state, formatValues(state))
    .map(({ text }) => text)
    .join(SEPARATOR)}`;

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
    const texts = parts(state, values).map(padded);
    if (texts.join(SEPARATOR).length <= columns) return texts;
    if (values.length === 0) return texts.slice(0, 1);
  }
}

const parts = ({ step, total, imagesPerSecond, remainingMs: left }: ProgressState, values: readonly Part[]): Part[] => [
  { text: `${step}/${total}`, width: 2 * `${total}`.length + 1, right: true },
  { text: `${formatRate(imagesPerSecond)} img/s`, width: RATE_WIDTH + ' img/s'.length, right: true },
  ...values,
  ...(left === undefined ? [] : [{ text: `${formatDuration(left)} left`, width: TIME_WIDTH + ' left'.length }]),
];

/** A text and the columns that it takes in a bar. */
interface Part {
  readonly text: string;
  readonly width: number;
  readonly right?: boolean;
}

const padded = ({ text, width, right }: Part): string => (right ? text.padStart(width) : text.padEnd(width));

const formatValues = ({ values }: ProgressState): Part[] =>
  Object.entries(values).map(([name, value]) => ({
    text: `${name} ${formatValue(value)}`,
    width: name.length + 1 + VALUE_WIDTH,
  }));

const formatRate = (value: number): string => (value < 999.5 ? value.toPrecision(3) : value.toFixed(0));

/** Four significant digits, so that a bar does not twitch; an exponent only where there must be one. */
const formatValue = (value: number): string =>
  value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e4) ? value.toPrecision(4) : value.toExponential(2);
