import type { Verdict } from '../losses/index.ts';

/** What the numbers of a histogram are. */
export type HistogramKind = 'probability' | 'score' | 'error';

/** How many numbers lie in each bin, from the first to the last that holds any. */
export interface BinCounts {
  /** The bin that `counts` begins with. */
  readonly first: number;
  readonly counts: readonly number[];
}

/** What a discriminator says of the images of one step, real and generated. */
export interface OutputHistograms {
  readonly kind: HistogramKind;
  readonly real: BinCounts;
  readonly fake: BinCounts;
}

const edges = (from: number, to: number, edge: (index: number) => number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => edge(from + i));

/** The edges of the bins, which never change, so that histograms of different steps and runs lie over each other. Bin i goes from edge i to
 *  edge i + 1; numbers beyond the edges lie in the first or the last bin. Probabilities: 50 equal bins. Scores have no bounds: sinh(i/8) is
 *  even around 0 and grows by an eighth far from it. Errors of images with values in [-1,1] are at most 2: an eighth of an octave a bin. */
export const BIN_EDGES: Readonly<Record<HistogramKind, readonly number[]>> = {
  probability: edges(0, 50, (i) => i / 50),
  score: edges(-64, 64, (i) => Math.sinh(i / 8)),
  error: edges(-80, 8, (i) => 2 ** (i / 8)),
};

const KINDS: Readonly<Record<Verdict, HistogramKind>> = { logit: 'probability', score: 'score', error: 'error' };

/** What a discriminator says of real and of generated images, in numbers that are counted. */
export interface CountableOutputs {
  readonly kind: HistogramKind;
  readonly real: ArrayLike<number>;
  readonly fake: ArrayLike<number>;
}

/** The numbers to be counted of a discriminator's outputs: of logits their probabilities. */
export function countable(
  verdict: Verdict,
  { real, fake }: { readonly real: ArrayLike<number>; readonly fake: ArrayLike<number> },
): CountableOutputs {
  const numbers = (outputs: ArrayLike<number>) => (verdict === 'logit' ? Array.from(outputs, sigmoid) : outputs);
  return { kind: KINDS[verdict], real: numbers(real), fake: numbers(fake) };
}

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** Counts numbers in bins. @param edges rising */
export function countBins(values: ArrayLike<number>, edges: readonly number[]): BinCounts {
  const counts = new Array<number>(edges.length - 1).fill(0);
  for (let i = 0; i < values.length; i++) {
    const bin = binOf(values[i] as number, edges);
    counts[bin] = (counts[bin] as number) + 1;
  }
  const first = Math.max(
    0,
    counts.findIndex((count) => count > 0),
  );
  return { first, counts: counts.slice(first, counts.findLastIndex((count) => count > 0) + 1) };
}

/** The bin that a number lies in, the one above an edge that it lies on. @param edges rising */
export function binOf(value: number, edges: readonly number[]): number {
  let [low, high] = [0, edges.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (value >= (edges[middle] as number)) low = middle;
    else high = middle;
  }
  return low;
}
