import type { Config } from '../config/schema.ts';
import { type AdversarialLoss, adversarialLosses } from '../losses/index.ts';
import type { NoiseSource } from './game.ts';
import type { Players } from './players.ts';

/** The players of an adversarial game, and where its random inputs come from. */
export type Adversaries = Players & { readonly noise: NoiseSource };

/** The adversarial loss that a configuration names. */
export const lossOf = ({ loss }: Config): AdversarialLoss => adversarialLosses[loss as keyof typeof adversarialLosses];
