import { add, log, mul, neg, type Operand, reduceMean, sigmoid, softplus, sub } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { AdversarialLoss } from './adversarial.ts';

/** Mean binary cross entropy of logits with a target in [0, 1], one for all or one for each: softplus(l) - target l. No probability
 *  is ever rounded to 0 or 1 before its logarithm: -log D = softplus(-logit), -log(1 - D) = softplus(logit). */
export function binaryCrossEntropy(logits: Tensor, target: Operand): Tensor {
  if (target === 1) return reduceMean(softplus(neg(logits)));
  if (target === 0) return reduceMean(softplus(logits));
  if (typeof target === 'number') return sub(reduceMean(softplus(logits)), mul(target, reduceMean(logits)));
  return reduceMean(sub(softplus(logits), mul(target, logits)));
}

/** Keeps the logarithms of probabilities finite, and their slopes from vanishing, at 0 and 1. */
const SMALLEST_PROBABILITY = 1e-6;

/** The same of probabilities that are no sigmoid of logits, such as a measure of an image; probabilities and targets of one shape. */
export function probabilityCrossEntropy(probabilities: Tensor, target: Tensor): Tensor {
  const inside = add(SMALLEST_PROBABILITY, mul(1 - 2 * SMALLEST_PROBABILITY, probabilities));
  return neg(reduceMean(add(mul(target, log(inside)), mul(sub(1, target), log(sub(1, inside))))));
}

const probability = { panel: 'mean probabilities', meaning: 'probability', unit: '' } as const;

/** What the original GAN's losses share; the discriminator's probabilities are sigmoid(logit). @see arXiv:1406.2661 */
export const crossEntropyGame: Omit<AdversarialLoss, 'generator'> = {
  discriminator: ({ real, fake }, targets) =>
    add(binaryCrossEntropy(real, targets.real), binaryCrossEntropy(fake, targets.fake)),
  hasTargets: true,
  verdict: 'logit',
  isRelative: false,
  isWonAtZero: true,
  monitors: {
    dReal: { label: 'D(x)', ...probability, measure: ({ real }) => reduceMean(sigmoid(real)) },
    dFake: { label: 'D(G(z))', ...probability, measure: ({ fake }) => reduceMean(sigmoid(fake)) },
  },
  generatorMonitors: {
    dGenerated: { label: "D'(G(z))", ...probability, measure: (fake) => reduceMean(sigmoid(fake)) },
  },
};
