import type { Config } from '../config/schema.ts';
import { type AdversarialLoss, adversarialLosses, type Verdicts } from '../losses/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Variable } from '../tensor/variable.ts';
import { diffAugment } from './diff_augment.ts';
import type { Extractor } from './extractor.ts';
import type { NoiseSource } from './game.ts';
import { discriminate, type Players } from './players.ts';
import type { ReplayStore } from './replay.ts';

/** The players of an adversarial game with what it keeps beside them. */
export type Adversaries = Players & {
  /** Where random inputs come from. */
  readonly noise: NoiseSource;
  /** Scalars by the name of a monitor: what the last update with penalties measured, if not every update has them. */
  readonly lastPenalties: Readonly<Record<string, Variable>>;
  /** What reads the generator's images, where its latents have representative variables. */
  readonly extractor?: Extractor;
  /** Earlier generated images, where the discriminator sees some again. */
  readonly replay?: ReplayStore;
};

/** Images of an update of the discriminator, and what it said of them. */
export interface Judged {
  /** [N,H,W,C] */
  readonly real: Tensor;
  /** [N,H,W,C] */
  readonly fake: Tensor;
  readonly verdicts: Verdicts;
}

/** The adversarial loss that a configuration names. */
export const lossOf = ({ loss }: Config): AdversarialLoss => adversarialLosses[loss as keyof typeof adversarialLosses];

/** What images are to an update, each kind of which has random numbers of its own. `fresh`: generated ones of this batch, where `fake` are
 *  others. */
export type Kind = 'real' | 'fake' | 'between' | 'fresh';

/** What the discriminator says of images [N,H,W,C], [N,1]. It sees them changed as `diffAugment` says. */
export function judge(adversaries: Adversaries, images: Tensor, kind: Kind): Tensor {
  return discriminate(adversaries, asSeen(adversaries, images, kind));
}

/** Images as the discriminator sees them. */
export const asSeen = (adversaries: Adversaries, images: Tensor, kind: Kind): Tensor =>
  diffAugment(images, adversaries.config.diffAugment, (purpose) =>
    adversaries.noise.uniform(adversaries, `augment/${kind}/${purpose}`, [images.shape[0] as number]),
  );
