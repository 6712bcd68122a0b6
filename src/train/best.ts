import type { DecayState } from './learning_rate.ts';

/** The checkpoint at which the Fréchet distance was lowest, if the run is evaluated, else the smoothed measure of convergence. */
export interface BestCheckpoint {
  readonly step: number;
  readonly measure: number;
  /** What the Fréchet distance depends on beside the generator: the network, and how many images were compared. */
  readonly by?: string | undefined;
}

/** The checkpoint of `step` if it is the best so far: if its Fréchet distance is the lowest, or the first of its kind. */
export function betterThan(
  best: BestCheckpoint | undefined,
  { step, measure, by }: Required<BestCheckpoint>,
): BestCheckpoint | undefined {
  return !best || best.by !== by || measure < best.measure ? { step, measure, by } : undefined;
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
