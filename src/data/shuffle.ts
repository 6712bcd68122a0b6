import { permutation, RandomSequence } from './random.ts';

/** Keeps the order of images apart from every other use of the same seed ('SHUF'). */
const SHUFFLE_STREAM = 0x53485546;

/** The order in which an epoch visits the images: it depends on (seed, epoch, count) and on nothing else. */
export function epochOrder(seed: number, epoch: number, count: number): Uint32Array {
  return permutation(count, new RandomSequence(seed, SHUFFLE_STREAM, epoch));
}
