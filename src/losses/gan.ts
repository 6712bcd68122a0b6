import { add, mul, neg, reduceMean, softplus, sub } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Adversarial losses on logits: D(x) = sigmoid(logit). Every term is a softplus, so that no probability is ever rounded to
 *  0 or 1 before its logarithm: -log D = softplus(-logit), -log(1 - D) = softplus(logit). */
export interface AdversarialLoss {
  /** Scalar from the discriminator's logits [N,1] of real and generated images. */
  readonly discriminator: (real: Tensor, fake: Tensor, smoothing: LabelSmoothing) => Tensor;
  /** Scalar from the discriminator's logits [N,1] of generated images. */
  readonly generator: (fake: Tensor) => Tensor;
}

/** The targets that stand for real and generated; 1 and 0 without smoothing. @see arXiv:1606.03498 */
export interface LabelSmoothing {
  readonly real: number;
  readonly fake: number;
}

/** Mean binary cross entropy of logits with a constant target in [0, 1]: softplus(l) - target l. */
export function binaryCrossEntropy(logits: Tensor, target: number): Tensor {
  if (target === 1) return reduceMean(softplus(neg(logits)));
  if (target === 0) return reduceMean(softplus(logits));
  return sub(reduceMean(softplus(logits)), mul(target, reduceMean(logits)));
}

const discriminator: AdversarialLoss['discriminator'] = (real, fake, smoothing) =>
  add(binaryCrossEntropy(real, smoothing.real), binaryCrossEntropy(fake, smoothing.fake));

/** The losses of the original GAN. @see arXiv:1406.2661 */
export const adversarialLosses = {
  /** Generator: -log D(G(z)), whose gradient does not vanish while the discriminator wins. */
  nonSaturating: { discriminator, generator: (fake) => binaryCrossEntropy(fake, 1) },
  /** Generator: log(1 - D(G(z))), the minimax game as first written. */
  minimax: { discriminator, generator: (fake) => neg(binaryCrossEntropy(fake, 0)) },
} satisfies Record<string, AdversarialLoss>;

export type AdversarialLossName = keyof typeof adversarialLosses;
