import type { Operand } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { hinge } from './hinge.ts';
import { leastSquares } from './least_squares.ts';
import { minimax } from './minimax.ts';
import type { Monitor } from './monitor.ts';
import { nonSaturating } from './non_saturating.ts';
import { relativistic } from './relativistic.ts';
import { wasserstein } from './wasserstein.ts';

/** What the discriminator said of real and of generated images: logits, or a critic's scores, [N,1]. */
export interface Verdicts {
  readonly real: Tensor;
  readonly fake: Tensor;
}

/** The targets that stand for real and generated, for all images or for each, [N,1]; 1 and 0 without smoothing. @see arXiv:1606.03498 */
export interface Targets {
  readonly real: Operand;
  readonly fake: Operand;
}

/** A monitor with what it measures of T, a scalar. */
export type Measured<T> = Monitor & { readonly measure: (of: T) => Tensor };

/** What a number stands for that a discriminator gives an image: the logit of the probability that it is real, a score, or, of an
 *  autoencoder, the error of the reconstruction. */
export type Verdict = 'logit' | 'score' | 'error';

/** The two sides of an adversarial game. All results are scalars, losses are to be minimised. */
export interface AdversarialLoss {
  readonly discriminator: (verdicts: Verdicts, targets: Targets) => Tensor;
  /** Of the verdicts on generated images. @param real those on real ones, which only a relative loss asks for */
  readonly generator: (fake: Tensor, real: () => Tensor) => Tensor;
  /** Whether the discriminator's loss heeds `targets`. */
  readonly hasTargets: boolean;
  /** What the discriminator says of an image. */
  readonly verdict: Verdict;
  /** Whether verdicts on real and generated images count beside each other only, in both losses. */
  readonly isRelative: boolean;
  /** Whether the discriminator's loss is near 0 only where it tells real from generated without effort. */
  readonly isWonAtZero: boolean;
  /** What tells how the game stands, by name: measured at the discriminator's update. */
  readonly monitors: Readonly<Record<string, Measured<Verdicts>>>;
  /** The same at the generator's update, of the verdicts on generated images. */
  readonly generatorMonitors: Readonly<Record<string, Measured<Tensor>>>;
}

/** Adversarial losses by name. */
export const adversarialLosses = {
  nonSaturating,
  minimax,
  hinge,
  leastSquares,
  relativistic,
  wasserstein,
} satisfies Record<string, AdversarialLoss>;

/** One of the adversarial losses. */
export type AdversarialLossName = keyof typeof adversarialLosses;
