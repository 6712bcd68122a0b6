import { ConfigError } from '../errors.ts';
import { gradients } from '../graph/gradients.ts';
import { type AdversarialLoss, adversarialLosses, gradientPenalty, type Verdicts } from '../losses/index.ts';
import { add, advanceRandom, assign, concat, mul, randomUniform, reduceMean, sigmoid, slice } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { feed, type Graph, read, trace } from '../tensor/trace.ts';
import { trackAverage } from './average.ts';
import { drawLatents } from './latents.ts';
import type { TrainingModel } from './model.ts';

/** Where a program's random inputs come from; training draws them, a replay of recorded steps feeds them. */
export interface NoiseSource {
  /** [batch, latent] */
  latents(model: TrainingModel): Tensor;
  /** [batch] uniform in [0, 1): where between real and generated the gradient penalty looks. */
  mixing(model: TrainingModel): Tensor;
}

const drawn: NoiseSource = {
  latents: ({ config, random }) => drawLatents(config.latent, [config.batch, config.latent.size], read(random)),
  mixing: ({ config, random }) => randomUniform(read(random), [config.batch]),
};

/** One update of the discriminator (a critic, with a Wasserstein loss) on `real` [N,H,W,C] and as many generated images.
 *  Outputs, all scalar: discriminatorLoss; dReal and dFake, the mean probabilities D(x) and D(G(z)), or wasserstein, the estimate
 *  mean D(x) - mean D(G(z)); with a gradient penalty also penalty and gradientNorm. */
export const discriminatorStep = (model: TrainingModel, noise: NoiseSource = drawn): Graph =>
  trace('discriminator step', () => {
    const z = noise.latents(model);
    if (model.latents) assign(model.latents, z);
    const real = realImages(model);
    const fake = generate(model, z);
    const verdicts = judge(model, real, fake);
    const { weight, ...penalty } = penalize(model, real, fake, noise);
    const game = lossOf(model).discriminator(verdicts, model.config.labels);
    const loss = penalty.penalty ? add(game, mul(weight, penalty.penalty)) : game;
    update(model, 'discriminator', loss);
    advanceRandom(model.random);
    return { discriminatorLoss: loss, ...lossOf(model).monitors(verdicts), ...penalty };
  });

/** One update of the generator against the discriminator as it is. Outputs: generatorLoss, and unless it says the same, dGenerated,
 *  the mean D(G(z)). */
export const generatorStep = (model: TrainingModel, noise: NoiseSource = drawn): Graph =>
  trace('generator step', () => {
    const z = model.latents ? read(model.latents) : noise.latents(model);
    const verdict = discriminate(model, generate(model, z));
    const loss = lossOf(model).generator(verdict);
    update(model, 'generator', loss);
    advanceRandom(model.random);
    const isProbability = model.config.loss !== 'wasserstein';
    return { generatorLoss: loss, ...(isProbability && { dGenerated: reduceMean(sigmoid(verdict)) }) };
  });

/** One update of both networks from one batch of generated images; neither sees the other's update. */
export const simultaneousStep = (model: TrainingModel, noise: NoiseSource = drawn): Graph =>
  trace('simultaneous step', () => {
    const fake = generate(model, noise.latents(model));
    const verdicts = { real: discriminate(model, realImages(model)), fake: discriminate(model, fake) };
    const loss = lossOf(model).discriminator(verdicts, model.config.labels);
    const generatorLoss = lossOf(model).generator(verdicts.fake);
    const ofGenerator = parameterGradients(model, 'generator', generatorLoss);
    update(model, 'discriminator', loss);
    applyGradients(model, 'generator', ofGenerator);
    advanceRandom(model.random);
    return { discriminatorLoss: loss, generatorLoss, ...lossOf(model).monitors(verdicts) };
  });

type Player = 'generator' | 'discriminator';

const training = (model: TrainingModel) => ({ training: true, random: read(model.random) });

/** The batch of real images, feed `real` [N,H,W,C]. */
export const realImages = ({ config, discriminator }: TrainingModel): Tensor =>
  feed('real', [config.batch, ...discriminator.inputShape]);

export const generate = (model: TrainingModel, latents: Tensor): Tensor =>
  model.generator.apply(latents, training(model));

const discriminate = (model: TrainingModel, images: Tensor): Tensor =>
  model.discriminator.apply(images, training(model));

/** Real and generated images as one batch where no image influences another's verdict; batch norm wants each kind by itself. */
function judge(model: TrainingModel, real: Tensor, fake: Tensor): Verdicts {
  if (model.discriminator.mixesSamples) return { real: discriminate(model, real), fake: discriminate(model, fake) };
  const both = discriminate(model, concat([real, fake], 0));
  const { batch } = model.config;
  return { real: slice(both, [0, 0], [batch, 1]), fake: slice(both, [batch, 0], [batch, 1]) };
}

function penalize(model: TrainingModel, real: Tensor, fake: Tensor, noise: NoiseSource) {
  const weight = model.config.gradientPenalty;
  if (weight === 0) return { weight };
  expectIndependence(model);
  const { penalty, norm } = gradientPenalty((x) => discriminate(model, x), real, fake, noise.mixing(model));
  return { weight, penalty, gradientNorm: norm };
}

/** The slope of a sum of scores is each image's own only where no score depends on another image. */
function expectIndependence({ discriminator }: TrainingModel): void {
  const mixing = discriminator.layers.find(({ mixesSamples }) => mixesSamples);
  if (!mixing) return;
  throw new ConfigError(
    'penalty_needs_independence',
    `gradientPenalty: the penalty is on the slope of each image's own score, but ${discriminator.name}.${mixing.name} (${mixing.description}) mixes the images of a batch. Set model.discriminatorNorm to layer or none and model.minibatchFeatures to 0, or gradientPenalty to 0.`,
  );
}

function lossOf({ config: { loss } }: TrainingModel): AdversarialLoss {
  if (loss !== 'equilibrium') return adversarialLosses[loss];
  throw new ConfigError(
    'loss_needs_autoencoder',
    "loss: 'equilibrium' needs an autoencoder as discriminator; use the recipe began",
  );
}

const parameterGradients = (model: TrainingModel, player: Player, loss: Tensor): Tensor[] =>
  gradients(loss, model[player].parameters.map(read));

/** Moves a player's weights by their gradients, one for each parameter; the generator's average follows. */
export function applyGradients(model: TrainingModel, player: Player, gradientsOfParameters: readonly Tensor[]): void {
  model.optimizers[player].update(gradientsOfParameters);
  if (player === 'generator' && model.average)
    trackAverage(model.average, model.config.batch, model.config.ema.halfLife);
}

/** The same by the gradients of its loss. */
export const update = (model: TrainingModel, player: Player, loss: Tensor): void =>
  applyGradients(model, player, parameterGradients(model, player, loss));
