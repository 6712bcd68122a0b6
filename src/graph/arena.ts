import { ALIGNMENT_BYTES } from '../tensor/operators.ts';

/** A piece of memory that is needed from step `first` to step `last`, both included. */
export interface Interval<Key> {
  readonly key: Key;
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
}

export interface Placement<Key> {
  readonly offsets: Map<Key, number>;
  /** The size of the arena that holds them all. */
  readonly bytes: number;
}

interface Placed {
  readonly first: number;
  readonly last: number;
  readonly begin: number;
  readonly end: number;
}

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;

/** Offsets such that pieces needed at one time never overlap: the largest first, each into the tightest gap left between those
 *  it lives together with. @see Pisarchyk and Lee, Efficient memory management for deep neural net inference (2020) */
export function placeIntervals<Key>(intervals: readonly Interval<Key>[]): Placement<Key> {
  const placed: Placed[] = [];
  const offsets = new Map<Key, number>();
  const largestFirst = [...intervals].sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  for (const { key, first, last, bytes } of largestFirst) {
    const neighbours = placed.filter((p) => p.first <= last && first <= p.last);
    const begin = tightestGap(neighbours, align(bytes));
    insert(placed, { first, last, begin, end: begin + align(bytes) });
    offsets.set(key, begin);
  }
  return { offsets, bytes: placed.reduce((most, { end }) => Math.max(most, end), 0) };
}

/** Keeps `placed` sorted by offset, so that gaps are found in one pass. */
function insert(placed: Placed[], piece: Placed): void {
  const at = placed.findIndex(({ begin }) => begin > piece.begin);
  placed.splice(at < 0 ? placed.length : at, 0, piece);
}

function tightestGap(neighbours: readonly Placed[], bytes: number): number {
  let best: { begin: number; room: number } | undefined;
  let free = 0;
  for (const { begin, end } of neighbours) {
    const room = begin - free;
    if (room >= bytes && (!best || room < best.room)) best = { begin: free, room };
    free = Math.max(free, end);
  }
  return best?.begin ?? free;
}
