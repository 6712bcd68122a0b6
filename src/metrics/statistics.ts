/** A figure that was estimated several times. */
export interface Estimate {
  readonly mean: number;
  /** The standard deviation of the estimates, as of a whole population. */
  readonly deviation: number;
}

/** @param values at least one */
export function estimateOf(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}
