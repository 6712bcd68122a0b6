/** Spearman's rank correlation of pairs of numbers, in [-1, 1]; values that tie share their ranks. 0 where all of one side are equal, since
 *  nothing follows then. @see Spearman, The proof and measurement of association between two things (1904) */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [centredRanks(a), centredRanks(b)];
  const product = (p: readonly number[], q: readonly number[]): number =>
    p.reduce((sum, value, i) => sum + value * (q[i] as number), 0);
  const spread = Math.sqrt(product(x, x) * product(y, y));
  return spread === 0 ? 0 : product(x, y) / spread;
}

/** The rank of each value less the mean of all ranks; equal values have the mean of theirs. */
const centredRanks = (values: readonly number[]): number[] =>
  values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal - 1) / 2 - (values.length - 1) / 2;
  });
