import { DataError } from '../errors.ts';
import { type Estimate, estimateOf } from './statistics.ts';

/** The Inception score, so called if the probabilities are Inception's: exp of the mean divergence of each image's classes from those
 *  of all, over `splits` parts of the images in their order. 1 at worst, the number of classes at best; it sees no real images.
 *  @param probabilities [images,classes], each row of sum 1
 *  @throws DataError samples_few, probabilities_invalid @see arXiv:1606.03498 */
export function classifierScore(probabilities: Float32Array, classes: number, splits = 10): Estimate {
  const images = probabilities.length / classes;
  if (images < splits) {
    throw new DataError('samples_few', `expected at least ${splits} images, one for each part, but received ${images}`);
  }
  expectDistributions(probabilities, classes);
  const parts = Array.from({ length: splits }, (_, split) => {
    const [begin, end] = [split, split + 1].map((edge) => Math.floor((edge * images) / splits) * classes);
    return scoreOf(probabilities.subarray(begin, end), classes);
  });
  return estimateOf(parts);
}

function scoreOf(probabilities: Float32Array, classes: number): number {
  const images = probabilities.length / classes;
  const marginal = new Float64Array(classes);
  let negativeEntropy = 0;
  for (const [i, p] of probabilities.entries()) {
    marginal[i % classes] = (marginal[i % classes] as number) + p / images;
    negativeEntropy += timesLog(p) / images;
  }
  return Math.exp(negativeEntropy - marginal.reduce((sum, p) => sum + timesLog(p), 0));
}

const timesLog = (p: number): number => (p > 0 ? p * Math.log(p) : 0);

/** What float32 may be off by. */
const SUM_TOLERANCE = 1e-3;

/** @throws DataError probabilities_invalid, which names the first image whose row is no probabilities */
export function expectDistributions(probabilities: Float32Array, classes: number): void {
  for (let at = 0; at < probabilities.length; at += classes) {
    const row = probabilities.subarray(at, at + classes);
    const sum = row.reduce((total, p) => total + (p >= 0 ? p : Number.NaN), 0);
    if (Math.abs(sum - 1) <= SUM_TOLERANCE) continue;
    throw new DataError(
      'probabilities_invalid',
      `image ${at / classes}: expected probabilities of ${classes} classes, from 0 on and of sum 1, but their sum is ${sum}; a network that puts out logits needs a softmax`,
    );
  }
}
