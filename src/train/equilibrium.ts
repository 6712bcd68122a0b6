import { balance, reconstructionError } from '../losses/index.ts';
import { advanceRandom, assign, concat, maximum, mul, slice, sub } from '../ops/index.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Graph, read, trace } from '../tensor/trace.ts';
import { generate, realImages, update } from './adversarial.ts';
import { drawFromDescriptors, trackDescriptors } from './descriptors.ts';
import { drawLatents } from './latents.ts';
import type { EquilibriumState, TrainingModel } from './model.ts';

/** Latents [batch, z] for one player's turn; training draws them, a replay of recorded steps feeds them. */
export type BeganLatents = (model: TrainingModel, player: 'discriminator' | 'generator') => Tensor;

const drawn: BeganLatents = (model) => {
  const { config, random, equilibrium } = model;
  if (config.latent.distribution === 'descriptors') {
    return drawFromDescriptors((equilibrium as EquilibriumState).descriptors, config.batch, read(random));
  }
  return drawLatents(config.latent, [config.batch, config.latent.size], read(random));
};

/** One step of a BEGAN on `real` [N,H,W,C]: the descriptor statistics take the real images in, the discriminator updates, the
 *  generator updates against it, then k and the residual connections' carry move on.
 *  Outputs, all scalar: discriminatorLoss, generatorLoss = L(G(z)), reconstruction = L(x), k for the next step and
 *  convergence, the measure M. @see arXiv:1703.10717 */
export const equilibriumStep = (model: TrainingModel, latents: BeganLatents = drawn): Graph =>
  trace('equilibrium step', () => {
    const { config } = model;
    const state = model.equilibrium as EquilibriumState;
    const { autoencoder, k, carry } = state;
    const pass = { training: true };
    const weightOfFake = read(k);

    const real = realImages(model);
    const descriptors = autoencoder.encode(real, pass);
    trackDescriptors(state.descriptors, descriptors, config.equilibrium.descriptorWindow);
    const fake = generate(model, latents(model, 'discriminator'));
    const errors = reconstructionErrors(state, { real, descriptors, fake });
    const discriminatorLoss = sub(errors.real, mul(weightOfFake, errors.fake));
    update(model, 'discriminator', discriminatorLoss);

    const generated = generate(model, latents(model, 'generator'));
    const generatorLoss = reconstructionError(generated, autoencoder.apply(generated, pass));
    update(model, 'generator', generatorLoss);

    const next = balance(weightOfFake, { real: errors.real, fake: generatorLoss }, config.equilibrium);
    assign(k, next.k);
    if (config.equilibrium.carrySteps > 0)
      assign(carry, maximum(sub(read(carry), 1 / config.equilibrium.carrySteps), 0));
    advanceRandom(model.random);
    return {
      discriminatorLoss,
      generatorLoss,
      reconstruction: errors.real,
      k: next.k,
      convergence: next.convergence,
    };
  });

interface Images {
  readonly real: Tensor;
  /** Of the real images, [N, z]. */
  readonly descriptors: Tensor;
  readonly fake: Tensor;
}

/** L(x) and L(G(z)), real and generated images decoded as one batch: nothing in the autoencoder mixes them. */
function reconstructionErrors({ autoencoder }: EquilibriumState, { real, descriptors, fake }: Images) {
  const pass = { training: true };
  const [count] = real.shape as [number];
  const both = autoencoder.decode(concat([descriptors, autoencoder.encode(fake, pass)], 0), pass);
  const rows = (first: number): Tensor => slice(both, [first, 0, 0, 0], [count, ...(real.shape.slice(1) as Shape)]);
  return { real: reconstructionError(real, rows(0)), fake: reconstructionError(fake, rows(count)) };
}
