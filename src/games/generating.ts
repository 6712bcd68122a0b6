import { representativesOf } from '../config/representatives.ts';
import { add, mul, slice } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Adversaries, lossOf } from './adversaries.ts';

/** Images of an update of the generator, what they were made from, and what the discriminator said of them. */
export interface Generated {
  /** [N, latent] */
  readonly latents: Tensor;
  /** [N,H,W,C] */
  readonly images: Tensor;
  /** [N,1] */
  readonly verdict: Tensor;
}

/** The generator's loss, with the cross entropy of what extractors read off its images if there are some, and what is reported
 *  beside it by name. All scalars. @param real the verdicts on real images, which only a relative loss asks for */
export function generatorLoss(
  adversaries: Adversaries,
  generated: Generated,
  real: () => Tensor,
): { readonly loss: Tensor; readonly reported: Readonly<Record<string, Tensor>> } {
  const { config, extractor } = adversaries;
  const adversarial = lossOf(config).generator(generated.verdict, real);
  if (!extractor) return { loss: adversarial, reported: {} };
  const extraction = extractor.crossEntropy(generated.images, representativesIn(adversaries, generated.latents));
  return {
    loss: add(adversarial, mul(config.extractor.weight, extraction)),
    reported: { extraction },
  };
}

/** The representative variables of latents, [N, representatives]. */
function representativesIn({ config }: Adversaries, latents: Tensor): Tensor {
  const count = representativesOf(config).length;
  return slice(latents, [0, config.latent.size], [latents.shape[0] as number, count]);
}

/** Trains the extractor on a batch of real images where that belongs to the game; its loss by name. */
export function learnToRead({ extractor, labels }: Adversaries, real: Tensor): Record<string, Tensor> {
  return extractor?.learn && labels ? { extractorLoss: extractor.learn(real, labels()) } : {};
}
