import { batchesThrough, type StepProgram } from '../games/index.ts';

/** How many training steps read no more than so many batches of real images, but one at least. */
export function stepsIn(programs: readonly StepProgram[], batches: number): number {
  // Every step reads a batch, so that there are no more steps than batches.
  let [enough, tooMany] = [1, Math.min(Math.floor(batches) + 1, Number.MAX_SAFE_INTEGER)];
  while (tooMany - enough > 1) {
    const middle = Math.floor((enough + tooMany) / 2);
    if (batchesThrough(programs, middle) <= batches) enough = middle;
    else tooMany = middle;
  }
  return enough;
}
