import type { DecayState } from './learning_rate.ts';

/** The checkpoint at which the smoothed measure of convergence was lowest. */
export interface BestCheckpoint {
  readonly step: number;
  readonly measure: number;
}

/** The best checkpoint once that of `step` is there. It takes the mark if the measure is the lowest so far and no earlier
 *  checkpoint was saved since it was reached: the measure is taken at some steps only and stays the same in between. */
export function nextBest(
  best: BestCheckpoint | undefined,
  { best: lowest, smoothed }: DecayState,
  step: number,
): BestCheckpoint | undefined {
  const isLowest = smoothed !== undefined && smoothed === lowest;
  return isLowest && best?.measure !== smoothed ? { step, measure: smoothed } : best;
}
