import { binOf } from '../src/train/histogram.ts';
import type { BinCounts } from '../src/watch/protocol.ts';

/** Where a value lies among bins: i + 0.5 in the middle of bin i. @param edges rising */
export function placeOf(value: number, edges: readonly number[]): number {
  const bin = binOf(value, edges);
  const [low, high] = [edges[bin] as number, edges[bin + 1] as number];
  return bin + Math.min(1, Math.max(0, (value - low) / (high - low)));
}

/** The value at a place among bins. */
export function valueAt(place: number, edges: readonly number[]): number {
  const bin = Math.min(edges.length - 2, Math.max(0, Math.floor(place)));
  const [low, high] = [edges[bin] as number, edges[bin + 1] as number];
  return low + (place - bin) * (high - low);
}

/** The place below which a part of what was counted lies, were it spread evenly within each bin. */
export function quantilePlace({ first, counts }: BinCounts, part: number): number {
  let left = part * counts.reduce((sum, count) => sum + count, 0);
  for (const [i, count] of counts.entries()) {
    if (count > 0 && left <= count) return first + i + left / count;
    left -= count;
  }
  return first + counts.length;
}

/** Round numbers for an axis over bins, at least `apart` places from one another: 0 first, then powers of ten, then halves and fifths of
 *  them; of probabilities their fifths. */
export function ticks(edges: readonly number[], [from, to]: readonly [number, number], apart: number): number[] {
  if (edges[0] === 0 && edges.at(-1) === 1) return [0, 0.2, 0.4, 0.6, 0.8, 1];
  const chosen: number[] = [];
  const take = (value: number): void => {
    const place = placeOf(value, edges);
    const isInside = value >= (edges[0] as number) && value <= (edges.at(-1) as number) && place >= from && place <= to;
    if (isInside && chosen.every((other) => Math.abs(placeOf(other, edges) - place) >= apart)) chosen.push(value);
  };
  take(0);
  for (const digits of [[1], [5], [2], [4, 6, 8]])
    for (let exponent = 4; exponent >= -4; exponent--)
      for (const digit of digits) for (const sign of [1, -1]) take(sign * Number(`${digit}e${exponent}`));
  return chosen.sort((a, b) => a - b);
}

/** The steps between which columns are drawn, one more than there are columns: each goes from the last step of the column before it to its own
 *  last one, and the first begins as far before its first step as the second does behind the first one; half a step where it is alone. */
export function bordersOf(columns: readonly { readonly from: number; readonly to: number }[]): number[] {
  const [first, second] = columns;
  if (!first) return [];
  return [first.from - (second ? second.from - first.to : 0.5), ...columns.map(({ to }) => to)];
}
