import { add, mul, neg, reduceMean, sigmoid, softplus, sub } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What the discriminator said of real and of generated images: logits, or a critic's scores, [N,1]. */
export interface Verdicts {
  readonly real: Tensor;
  readonly fake: Tensor;
}

/** The targets that stand for real and generated; 1 and 0 without smoothing. @see arXiv:1606.03498 */
export interface LabelSmoothing {
  readonly real: number;
  readonly fake: number;
}

/** The two sides of an adversarial game. All results are scalars, to be minimised. */
export interface AdversarialLoss {
  readonly discriminator: (verdicts: Verdicts, smoothing: LabelSmoothing) => Tensor;
  readonly generator: (fake: Tensor) => Tensor;
  /** Scalars that tell how the game stands, by name. */
  readonly monitors: (verdicts: Verdicts) => Record<string, Tensor>;
}

/** Mean binary cross entropy of logits with a constant target in [0, 1]: softplus(l) - target l. No probability is ever
 *  rounded to 0 or 1 before its logarithm: -log D = softplus(-logit), -log(1 - D) = softplus(logit). */
export function binaryCrossEntropy(logits: Tensor, target: number): Tensor {
  if (target === 1) return reduceMean(softplus(neg(logits)));
  if (target === 0) return reduceMean(softplus(logits));
  return sub(reduceMean(softplus(logits)), mul(target, reduceMean(logits)));
}

/** What the original GAN's losses share; the discriminator's probabilities are sigmoid(logit). @see arXiv:1406.2661 */
const crossEntropyGame: Pick<AdversarialLoss, 'discriminator' | 'monitors'> = {
  discriminator: ({ real, fake }, targets) =>
    add(binaryCrossEntropy(real, targets.real), binaryCrossEntropy(fake, targets.fake)),
  monitors: ({ real, fake }) => ({ dReal: reduceMean(sigmoid(real)), dFake: reduceMean(sigmoid(fake)) }),
};

/** Adversarial losses by name. */
export const adversarialLosses = {
  /** Generator: -log D(G(z)), whose gradient does not vanish while the discriminator wins. */
  nonSaturating: { ...crossEntropyGame, generator: (fake) => binaryCrossEntropy(fake, 1) },
  /** Generator: log(1 - D(G(z))), the minimax game as first written. */
  minimax: { ...crossEntropyGame, generator: (fake) => neg(binaryCrossEntropy(fake, 0)) },
  /** Critic: mean D(G(z)) - mean D(x), whose negative estimates the Wasserstein distance. @see arXiv:1701.07875 */
  wasserstein: {
    discriminator: ({ real, fake }) => sub(reduceMean(fake), reduceMean(real)),
    generator: (fake) => neg(reduceMean(fake)),
    monitors: ({ real, fake }) => ({ wasserstein: sub(reduceMean(real), reduceMean(fake)) }),
  },
} satisfies Record<string, AdversarialLoss>;

/** One of the adversarial losses. */
export type AdversarialLossName = keyof typeof adversarialLosses;
