import { conditionedOn, isConditional, needsLabels } from '../config/conditioning.ts';
import type { Config } from '../config/schema.ts';
import { gradients } from '../graph/gradients.ts';
import { zeros } from '../nn/initializers.ts';
import type { Pass } from '../nn/layer.ts';
import { concat, randomUniform } from '../ops/index.ts';
import { createOptimizer, type Optimizer, type OptimizerConfig } from '../optim/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { feed, read } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import { createWeightAverage, trackAverage, type WeightAverage } from './average.ts';
import type { Gan, NoiseSource } from './game.ts';
import { normOf } from './gradient_norms.ts';
import { drawLatents } from './latents.ts';
import { createReferences, type References } from './references.ts';

/** One of the two networks that play. */
export type Player = 'generator' | 'discriminator';

/** The networks of a GAN with all that any game keeps beside their weights. */
export type Players<G extends Gan = Gan> = G & {
  readonly config: Config;
  readonly optimizers: Readonly<Record<Player, Optimizer>>;
  /** int32 [2]: seed and step of the counter-based generator. */
  readonly random: Variable;
  /** The average of the generator's weights that samples are drawn from; only if the configuration asks for one. */
  readonly average?: WeightAverage;
  /** Of the batch of real images in a trace, [batch, labels]; only where training reads them. */
  readonly labels?: () => Tensor;
  /** The reference batches of networks with virtual batch norm. */
  readonly references?: References;
  /** Processes that train together, of which each normalises its own part of a batch by itself; one if batch norm is over all. */
  readonly normParts: number;
};

/** Gives networks the optimisers that the configuration asks for, and the reference batches that their layers need.
 *  @param ranks processes that train together @throws ConfigError reference_sizes */
export function createPlayers<G extends Gan>(networks: G, config: Config, ranks = 1): Players<G> {
  const references = createReferences(networks, config);
  return {
    ...networks,
    config,
    normParts: config.syncNorm ? 1 : ranks,
    optimizers: {
      generator: optimizerOf('generator', networks, config),
      discriminator: optimizerOf('discriminator', networks, config),
    },
    random: { name: 'random', shape: [2], dtype: 'int32', initializer: zeros, trainable: false },
    ...(config.ema.halfLife > 0 && { average: createWeightAverage(networks.generator) }),
    ...(needsLabels(config) && { labels: () => feed('labels', [config.batch, conditionedOn(config).names.length]) }),
    ...(references && { references }),
  };
}

const optimizerOf = (player: Player, networks: Gan, config: Config): Optimizer =>
  createOptimizer(`${player}.optimizer`, config[player] as OptimizerConfig, networks[player].parameters);

/** Random inputs drawn on the device, latents by the configured distribution. */
export const drawnNoise: NoiseSource = {
  latents: ({ config, random }) => drawLatents(config.latent, config.batch, read(random)),
  uniform: ({ random }, _, shape) => randomUniform(read(random), shape),
};

/** How a player's network, with the weights that it has here, is applied to `count` samples while training.
 *  @param labels of the samples, [count, labels]; those of the batch of real images if not given */
export function passOf(players: Players, player: Player, count: number, labels = labelsOfBatch(players, count)): Pass {
  const { config, normParts, references } = players;
  const random = read(players.random);
  const reference = references?.momentsOf(player, { random });
  return {
    training: true,
    random,
    ...(normParts > 1 && { parts: { count: normParts, images: config.batch } }),
    ...(labels && { labels }),
    ...(reference && { reference }),
  };
}

/** The labels of `count` images, if networks are told labels: those of the batch of real images, as often as they fit. So there are as many
 *  generated as real images of each class, and what lies between a real and a generated image has a class. */
function labelsOfBatch({ labels, config }: Players, count: number): Tensor | undefined {
  if (!labels || !isConditional(config)) return undefined;
  const times = count / config.batch;
  return times === 1 ? labels() : concat(Array(times).fill(labels()), 0);
}

/** The batch of real images, feed `real` [N,H,W,C]. */
export const realImages = ({ config, discriminator }: Players): Tensor =>
  feed('real', [config.batch, ...discriminator.inputShape]);

/** Latents [N, latent] -> images [N,H,W,C], while training. */
export const generate = (players: Players, latents: Tensor): Tensor =>
  players.generator.apply(latents, passOf(players, 'generator', latents.shape[0] as number));

/** Images [N,H,W,C] -> what the discriminator says of them, [N,1], while training.
 *  @param labels of the images, [N,labels]; those of the batch of real images if not given */
export const discriminate = (players: Players, images: Tensor, labels?: Tensor): Tensor =>
  players.discriminator.apply(images, passOf(players, 'discriminator', images.shape[0] as number, labels));

/** The gradient of a loss in each of a player's parameters. */
export const parameterGradients = (players: Players, player: Player, loss: Tensor): Tensor[] =>
  gradients(loss, players[player].parameters.map(read));

/** Moves a player's weights by their gradients, one for each parameter; the generator's average follows. Returns what a step is to
 *  put out of the gradients: the scalar `PLAYERGradientNorm` if the configuration asks for it. */
export function applyGradients(
  players: Players,
  player: Player,
  gradientsOfParameters: readonly Tensor[],
): Record<string, Tensor> {
  const { config, optimizers, average } = players;
  optimizers[player].update(gradientsOfParameters);
  if (player === 'generator' && average) trackAverage(average, config.batch, config.ema.halfLife);
  return config.health.gradientNorms ? { [`${player}GradientNorm`]: normOf(gradientsOfParameters) } : {};
}

/** The same by the gradients of its loss. */
export const update = (players: Players, player: Player, loss: Tensor): Record<string, Tensor> =>
  applyGradients(players, player, parameterGradients(players, player, loss));
