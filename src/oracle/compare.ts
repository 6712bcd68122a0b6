/** Numbers by name: outputs, and the variables that a run overwrote. */
export type Results = Readonly<Record<string, ArrayLike<number>>>;

/** How far one result lies from what it should be. */
export interface Deviation {
  /** Name of the result. */
  readonly result: string;
  /** As `relativeError` tells it. */
  readonly error: number;
}

/** Differences are measured against at least this: results that should be zero have no scale of their own. */
const NEGLIGIBLE = 1e-2;

/** max |a - b| / max |b|; infinite where either is not a finite number, or their lengths differ. */
export function relativeError(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (actual.length !== wanted.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let scale = NEGLIGIBLE;
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [actual[i] as number, wanted[i] as number];
    if (!Number.isFinite(a) || !Number.isFinite(b)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, Math.abs(a - b));
    scale = Math.max(scale, Math.abs(b));
  }
  return difference / scale;
}

/** Every result that either side has, in the order of `wanted`; one that a side lacks is infinitely far off. */
export function deviations(actual: Results, wanted: Results): Deviation[] {
  const names = new Set([...Object.keys(wanted), ...Object.keys(actual)]);
  return [...names].map((result) => {
    const [a, b] = [actual[result], wanted[result]];
    return { result, error: a && b ? relativeError(a, b) : Number.POSITIVE_INFINITY };
  });
}
