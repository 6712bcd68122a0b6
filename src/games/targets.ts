import type { Targets } from '../losses/index.ts';
import { select, sub } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Adversaries, lossOf } from './adversaries.ts';

/** What the discriminator of an update is told its images are: by one number for each kind, or with noisy labels by one for each image,
 *  which takes the place of the other kind with probability `labels.flip`. */
export function targetsOf(adversaries: Adversaries): Targets {
  const { config, noise } = adversaries;
  const { real, fake, flip } = config.labels;
  if (flip === 0 || !lossOf(config).hasTargets) return { real, fake };
  const noisy = (kind: string, right: number, wrong: number): Tensor =>
    select(sub(flip, noise.uniform(adversaries, `flip/${kind}`, [config.batch, 1])), wrong, right);
  return { real: noisy('real', real, fake), fake: noisy('fake', fake, real) };
}
