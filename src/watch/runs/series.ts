import { smooth, usualHalfLife } from '../../charts/smooth.ts';
import type { Points, SeriesRequest } from '../protocol.ts';
import type { Columns } from './columns.ts';

/** One curve of a run for a plot of so many pixels: of the points that fall into a pixel's width the lowest and the highest remain, so that no peak
 *  is lost. The smoothed values are those of all points, at the places that remain. Undefined if the run has no such metric. */
export function seriesOf(
  columns: Columns,
  name: string,
  { axis, pixels, halfLife, from, to }: Omit<SeriesRequest, 'names'>,
): Points | undefined {
  const values = columns.metric(name);
  if (!values) return undefined;
  const { x, y } = finite(columns.axis(axis), values);
  const wanted = halfLife === 'usual' ? usualHalfLife(y.length) : halfLife;
  const smoothed = wanted > 0 ? smooth(y, wanted) : undefined;
  const kept = extremes(x, y, pixels, rangeOf(x, from, to));
  return {
    x: kept.map((i) => x[i] as number),
    y: kept.map((i) => rounded(y[i] as number)),
    ...(smoothed && { smooth: kept.map((i) => rounded(smoothed[i] as number)) }),
    count: x.length,
  };
}

/** The points of which both numbers are finite. */
function finite(xs: Float64Array, ys: Float64Array): { readonly x: Float64Array; readonly y: Float64Array } {
  const [x, y] = [new Float64Array(ys.length), new Float64Array(ys.length)];
  let length = 0;
  for (let row = 0; row < ys.length; row++) {
    if (!Number.isFinite(xs[row]) || !Number.isFinite(ys[row])) continue;
    x[length] = xs[row] as number;
    y[length++] = ys[row] as number;
  }
  return { x: x.subarray(0, length), y: y.subarray(0, length) };
}

/** The first and the last index within a range, and a neighbour on either side, to which the line runs on. */
function rangeOf(x: Float64Array, from = -Infinity, to = Infinity): { readonly first: number; readonly end: number } {
  const first = x.findIndex((value) => value >= from);
  const last = x.findLastIndex((value) => value <= to);
  if (first < 0 || last < first) return { first: 0, end: 0 };
  return { first: Math.max(0, first - 1), end: Math.min(x.length, last + 2) };
}

/** Indices of the points that remain where each of `pixels` equal parts of the range of x keeps its lowest and its highest. The first and the last
 *  point always remain. */
export function extremes(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  pixels: number,
  { first, end }: { readonly first: number; readonly end: number } = { first: 0, end: x.length },
): number[] {
  if (end - first <= 2 * pixels) return Array.from({ length: end - first }, (_, i) => first + i);
  const start = x[first] as number;
  const width = ((x[end - 1] as number) - start) / pixels;
  const kept: number[] = [first];
  let [pixel, low, high] = [0, first, first];
  const keep = (): void => {
    for (const index of low < high ? [low, high] : [high, low]) if (index > (kept.at(-1) as number)) kept.push(index);
  };
  for (let i = first; i < end; i++) {
    const at = Math.min(pixels - 1, Math.floor(((x[i] as number) - start) / width));
    if (at !== pixel) {
      keep();
      [pixel, low, high] = [at, i, i];
    }
    if ((y[i] as number) < (y[low] as number)) low = i;
    if ((y[i] as number) > (y[high] as number)) high = i;
  }
  keep();
  if (kept.at(-1) !== end - 1) kept.push(end - 1);
  return kept;
}

/** Six digits are more than a plot shows, and half the bytes. */
const rounded = (value: number): number => Number(value.toPrecision(6));
