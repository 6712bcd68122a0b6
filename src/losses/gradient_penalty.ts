import { gradients } from '../graph/gradients.ts';
import { add, allButSample, mul, perSample, reduceMean, reduceSum, sqrt, square, sub } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Monitors } from './monitor.ts';

/** Keeps the derivative of the norm finite where the gradient is zero; far below any norm that float32 tells from zero. */
const SMALLEST_SQUARE = 1e-12;

/** What `gradientPenalty` measured. */
export interface GradientPenalty {
  /** mean (norm - 1)^2, scalar. */
  readonly penalty: Tensor;
  /** Mean norm of the critic's gradient, scalar; 1 is the aim. */
  readonly norm: Tensor;
}

/** Holds the critic's slope at 1 between real and generated images: x^ = e real + (1 - e) fake with e [N] uniform in [0, 1), one
 *  per image, and the norm of d critic / d x^ per image over all its pixels. The penalty is differentiable in the critic's weights,
 *  which takes a second derivative. @see arXiv:1704.00028
 *  @param critic [N,H,W,C] -> [N,1], in which no image may influence another's score */
export function gradientPenalty(
  critic: (images: Tensor) => Tensor,
  real: Tensor,
  fake: Tensor,
  e: Tensor,
): GradientPenalty {
  const between = add(fake, mul(perSample(e, real.shape), sub(real, fake)));
  const [slope] = gradients(reduceSum(critic(between)), [between]) as [Tensor];
  const norms = sqrt(add(reduceSum(square(slope), allButSample(slope.shape)), SMALLEST_SQUARE));
  return { penalty: reduceMean(square(sub(norms, 1))), norm: reduceMean(norms) };
}

/** A mean slope of the critic this far above 1 is no accident. */
const LARGEST_NORM = 100;

/** What a step with a gradient penalty reports of it. */
export const penaltyMonitors: Monitors = {
  gradientNorm: {
    label: 'slope',
    panel: "critic's gradient norm",
    meaning: 'slope',
    unit: '',
    sign: {
      code: 'exploding_gradient',
      patience: 3,
      isBad: (norm) => norm > LARGEST_NORM,
      message: (norm) =>
        `the critic's gradient norm is ${norm.toFixed(0)}, far from 1. Try a smaller discriminator.learningRate or a larger gradientPenalty`,
    },
  },
  penalty: { label: 'penalty', panel: 'gradient penalty', meaning: 'loss', unit: '' },
};
