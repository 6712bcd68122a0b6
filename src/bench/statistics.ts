/** The middle of some measurements and how far they lie apart. */
export interface Spread {
  readonly median: number;
  /** First and third quartile. */
  readonly lower: number;
  readonly upper: number;
}

/** How many times as fast one side is as the other, over the rounds of a run. */
export interface Ratio extends Spread {
  /** Whether the sides can be told apart: 1, no difference, lies outside the quartiles. */
  readonly told: boolean;
}

/** Rounds below which there are no quartiles to speak of. */
export const FEWEST_ROUNDS = 3;

/** Value below which the part `fraction` of the values lies, interpolated linearly between neighbours.
 *  @param values at least one */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = fraction * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]] as [number, number];
  return below + (place - Math.floor(place)) * (above - below);
}

/** @param values at least one */
export const spreadOf = (values: readonly number[]): Spread => ({
  median: quantile(values, 0.5),
  lower: quantile(values, 0.25),
  upper: quantile(values, 0.75),
});

/** Compares two sides that were measured in turns: each round gives one ratio, so that what disturbs a whole round cancels out.
 *  Where a quarter of the rounds or more say the opposite of the median, the difference is smaller than the spread, and no ratio
 *  should be told. @param own,peer milliseconds by round, equally many */
export function compare(own: readonly number[], peer: readonly number[]): Ratio {
  const spread = spreadOf(own.map((ms, round) => (peer[round] as number) / ms));
  const told = own.length >= FEWEST_ROUNDS && (spread.lower > 1 || spread.upper < 1);
  return { ...spread, told };
}
