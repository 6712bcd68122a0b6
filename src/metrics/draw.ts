import { RandomSequence } from '../data/random.ts';

/** Keeps what the measures draw apart from every other use of the same seed ('EVAL'). */
const EVALUATION_STREAM = 0x4556414c;

/** The random numbers of a measure's draw number `step`. */
export const evaluationRandom = (seed: number, step: number): RandomSequence =>
  new RandomSequence(seed, EVALUATION_STREAM, step);

/** `size` different indices below `count`, in a random order: the beginning of Fisher and Yates's permutation. */
export function drawIndices(count: number, size: number, random: RandomSequence): Uint32Array {
  const indices = Uint32Array.from({ length: count }, (_, index) => index);
  for (let i = 0; i < size; i++) {
    const j = i + random.below(count - i);
    [indices[i], indices[j]] = [indices[j] as number, indices[i] as number];
  }
  return indices.subarray(0, size);
}

/** Standard normal numbers by Box and Muller's transform. */
export function normalNumbers(count: number, random: RandomSequence): Float64Array {
  const unit = () => random.next() / 2 ** 32;
  return Float64Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit()),
  );
}
