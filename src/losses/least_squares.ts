import { add, mul, type Operand, reduceMean, square, sub } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { AdversarialLoss } from './adversarial.ts';
import { scoreMonitors } from './scores.ts';

/** 1/2 mean (score - target)^2, scalar. */
const halfSquares = (scores: Tensor, target: Operand): Tensor => mul(0.5, reduceMean(square(sub(scores, target))));

/** Discriminator: squares of the scores' distances from the targets 1 and 0, or others by label smoothing; generator: of its images'
 *  scores from 1. @see arXiv:1611.04076 */
export const leastSquares: AdversarialLoss = {
  discriminator: ({ real, fake }, targets) => add(halfSquares(real, targets.real), halfSquares(fake, targets.fake)),
  generator: (fake) => halfSquares(fake, 1),
  hasTargets: true,
  verdict: 'score',
  isRelative: false,
  isWonAtZero: true,
  ...scoreMonitors,
};
