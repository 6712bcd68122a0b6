import { gradients } from '../graph/gradients.ts';
import { balance, reconstructionError } from '../losses/index.ts';
import { advanceRandom, assign, broadcastScalar, concat, maximum, mul, slice, sub } from '../ops/index.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { computeFirst, type Graph, read, trace } from '../tensor/trace.ts';
import { applyGradients, generate, realImages, update } from './adversarial.ts';
import { drawFromDescriptors, trackDescriptors } from './descriptors.ts';
import { drawLatents } from './latents.ts';
import type { EquilibriumState, TrainingModel } from './model.ts';

/** Latents [batch, z] for whose update they are; training draws them, a replay of recorded steps feeds them. */
export type BeganLatents = (model: TrainingModel, update: 'discriminator' | 'generator' | 'both') => Tensor;

const drawn: BeganLatents = (model) => {
  const { config, random, equilibrium } = model;
  if (config.latent.distribution === 'descriptors') {
    return drawFromDescriptors((equilibrium as EquilibriumState).descriptors, config.batch, read(random));
  }
  return drawLatents(config.latent, [config.batch, config.latent.size], read(random));
};

/** One step of a BEGAN on `real` [N,H,W,C]: the descriptor statistics take the real images in, both networks update, then k and the
 *  residual connections' carry move on. The generator updates against the updated discriminator, on images of its own; with
 *  schedule `simultaneous` both update at once, from one batch of generated images.
 *  Outputs, all scalar: discriminatorLoss, generatorLoss = L(G(z)), reconstruction = L(x), k for the next step and
 *  convergence, the measure M. @see arXiv:1703.10717 */
export const equilibriumStep = (model: TrainingModel, latents: BeganLatents = drawn): Graph =>
  trace('equilibrium step', () => {
    const { equilibrium: settings, schedule } = model.config;
    const state = model.equilibrium as EquilibriumState;
    const { k, carry } = state;
    const weightOfFake = read(k);

    const real = realImages(model);
    const descriptors = state.autoencoder.encode(real, TRAINING);
    trackDescriptors(state.descriptors, descriptors, settings.descriptorWindow);
    const play = schedule === 'simultaneous' ? updateAtOnce : updateInTurn;
    const { discriminatorLoss, ...errors } = play(model, { real, descriptors, weightOfFake }, latents);

    const next = balance(weightOfFake, errors, settings);
    assign(k, next.k);
    if (settings.carrySteps > 0) assign(carry, maximum(sub(read(carry), 1 / settings.carrySteps), 0));
    advanceRandom(model.random);
    return {
      discriminatorLoss,
      generatorLoss: errors.fake,
      reconstruction: errors.real,
      k: next.k,
      convergence: next.convergence,
    };
  });

const TRAINING = { training: true };

/** What a step begins with. */
interface Start {
  readonly real: Tensor;
  /** Of the real images, [N, z]. */
  readonly descriptors: Tensor;
  /** k. */
  readonly weightOfFake: Tensor;
}

/** What its updates have come to, all scalar. */
interface Played {
  readonly discriminatorLoss: Tensor;
  /** L(x) */
  readonly real: Tensor;
  /** L(G(z)), as the generator minded it. */
  readonly fake: Tensor;
}

/** The discriminator's update, then the generator's against it. */
function updateInTurn(model: TrainingModel, start: Start, latents: BeganLatents): Played {
  const { autoencoder } = model.equilibrium as EquilibriumState;
  const errors = reconstructionErrors(model, start, generate(model, latents(model, 'discriminator')));
  const discriminatorLoss = sub(errors.real, mul(start.weightOfFake, errors.fake));
  update(model, 'discriminator', discriminatorLoss);

  const generated = generate(model, latents(model, 'generator'));
  const generatorLoss = reconstructionError(generated, autoencoder.apply(generated, TRAINING));
  update(model, 'generator', generatorLoss);
  return { discriminatorLoss, real: errors.real, fake: generatorLoss };
}

/** L(x) and L(G(z)), real and generated images decoded as one batch: nothing in the autoencoder mixes them. */
function reconstructionErrors(model: TrainingModel, { real, descriptors }: Start, fake: Tensor) {
  const { autoencoder } = model.equilibrium as EquilibriumState;
  const [count] = real.shape as [number];
  const both = autoencoder.decode(concat([descriptors, autoencoder.encode(fake, TRAINING)], 0), TRAINING);
  const rows = (first: number): Tensor => slice(both, [first, 0, 0, 0], [count, ...(real.shape.slice(1) as Shape)]);
  return { real: reconstructionError(real, rows(0)), fake: reconstructionError(fake, rows(count)) };
}

/** Both updates from one batch of generated images and the weights as they are. One way back from L(G(z)) serves both networks: it
 *  is the generator's loss, and dL_D/dw = dL(x)/dw - k dL(G(z))/dw. Real and generated images go through the autoencoder apart,
 *  since a common batch would leave the sum of the two alone, and k may be 0; and
 *  one kind after the other, so that both need the memory of one. */
function updateAtOnce(model: TrainingModel, { real, descriptors, weightOfFake }: Start, latents: BeganLatents): Played {
  const { autoencoder } = model.equilibrium as EquilibriumState;
  const fake = generate(model, latents(model, 'both'));
  const errors = {
    real: reconstructionError(real, autoencoder.decode(descriptors, TRAINING)),
    fake: reconstructionError(fake, autoencoder.apply(fake, TRAINING)),
  };
  const judging = model.discriminator.parameters.map(read);
  const ofReal = gradients(errors.real, judging);
  computeFirst(ofReal);
  const ofFake = gradients(errors.fake, [...judging, ...model.generator.parameters.map(read)]);
  const less = (dx: Tensor, dg: Tensor): Tensor => sub(dx, mul(broadcastScalar(weightOfFake, dg.shape), dg));
  applyGradients(
    model,
    'discriminator',
    ofReal.map((dx, i) => less(dx, ofFake[i] as Tensor)),
  );
  applyGradients(model, 'generator', ofFake.slice(judging.length));
  return { discriminatorLoss: sub(errors.real, mul(weightOfFake, errors.fake)), ...errors };
}
