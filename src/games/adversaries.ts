import type { Config } from '../config/schema.ts';
import { type AdversarialLoss, adversarialLosses, type Verdicts } from '../losses/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Variable } from '../tensor/variable.ts';
import type { NoiseSource } from './game.ts';
import type { Players } from './players.ts';

/** The players of an adversarial game with what it keeps beside them. */
export type Adversaries = Players & {
  /** Where random inputs come from. */
  readonly noise: NoiseSource;
  /** Scalars by the name of a monitor: what the last update with penalties measured, if not every update has them. */
  readonly lastPenalties: Readonly<Record<string, Variable>>;
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
