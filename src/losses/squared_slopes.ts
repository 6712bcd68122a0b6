import { gradients } from '../graph/gradients.ts';
import { add, allButSample, reduceMean, reduceSum, square } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Scores [N,1] that a discriminator gave images [N,H,W,C]. */
export interface Scored {
  readonly images: Tensor;
  readonly scores: Tensor;
}

/** The mean over images of the squared norm of d score / d image, for each of several kinds of images; scalars. They are differentiable
 *  in the discriminator's weights, which takes a second derivative. One way back through the discriminator serves all kinds.
 *  No image may influence another's score. @see arXiv:1801.04406 */
export function squaredSlopes(kinds: readonly Scored[]): Tensor[] {
  const sum = kinds.map(({ scores }) => reduceSum(scores)).reduce((a, b) => add(a, b));
  const slopes = gradients(
    sum,
    kinds.map(({ images }) => images),
  );
  return slopes.map((slope) => reduceMean(reduceSum(square(slope), allButSample(slope.shape))));
}
