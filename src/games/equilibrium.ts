import { uses } from '../config/keys.ts';
import { ConfigError } from '../errors.ts';
import { gradients } from '../graph/gradients.ts';
import { balance, type Monitors, reconstructionError, reconstructionErrors, type Verdicts } from '../losses/index.ts';
import type { Network, Pass } from '../nn/index.ts';
import { zeros } from '../nn/initializers.ts';
import { statistic } from '../nn/layer.ts';
import { advanceRandom, assign, broadcastScalar, concat, maximum, mul, slice, sub } from '../ops/index.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { computeFirst, type Graph, read, trace } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import {
  createDescriptorStatistics,
  type DescriptorStatistics,
  drawFromDescriptors,
  latentsFromNoise,
  trackDescriptors,
} from './descriptors.ts';
import type { Game, Gan, NoiseSource } from './game.ts';
import { monitorsOfGradients } from './gradient_norms.ts';
import { lossMonitors } from './loss_monitors.ts';
import { applyGradients, drawnNoise, generate, type Players, passOf, realImages, update } from './players.ts';
import { ONCE } from './schedule.ts';
import { verdictsOf } from './verdicts.ts';

/** A discriminator that reconstructs its input: decode(encode(x)). */
export interface Autoencoder extends Network {
  /** [N, H, W, C] -> descriptors [N, latent]. */
  encode(x: Tensor, pass: Pass): Tensor;
  /** Descriptors [N, latent] -> [N, H, W, C]. */
  decode(descriptors: Tensor, pass: Pass): Tensor;
}

/** Whether a discriminator is one. */
export const isAutoencoder = (network: Network): network is Autoencoder => 'encode' in network;

/** A BEGAN's networks, and the variable that fades its residual connections out. */
export interface Began extends Gan {
  readonly discriminator: Autoencoder;
  /** Scalar from 1 to 0: how much of a layer's input passes it by. */
  readonly carry: Variable;
}

/** BEGAN's players with what the game keeps beside them. */
interface Table {
  readonly players: Players<Began>;
  /** Scalar: how much the discriminator minds the generator. */
  readonly k: Variable;
  readonly descriptors: DescriptorStatistics;
  readonly noise: NoiseSource;
}

/** The boundary equilibrium game: an autoencoder reconstructs real images well and generated ones badly, as far as the ratio of the two
 *  errors allows; the generator wants its images reconstructed well. @see arXiv:1703.10717 */
export const equilibrium: Game<Began> = {
  name: 'equilibrium',
  keys: [
    ...uses(['equilibrium.gamma', 'equilibrium.lambdaK', 'equilibrium.carrySteps', 'equilibrium.descriptorWindow']),
    ...uses(['schedule', 'latent.distribution', 'health.outputHistograms']),
  ],
  unusable: [],
  convergence: 'convergence',
  monitors: (config) => ({ ...monitors, ...monitorsOfGradients(config) }),
  verdict: () => 'error',
  start(players, noise) {
    const { latent } = players.config;
    expectAutoencoder(players);
    const descriptors = createDescriptorStatistics(latent.size);
    const k = statistic('k', [], zeros);
    const table = { players, k, descriptors, noise: noise ?? drawn(descriptors) };
    return {
      state: [players.carry, k, descriptors.mean, descriptors.covariance, descriptors.batches],
      programs: [{ trace: () => equilibriumStep(table), repeats: ONCE, readsImages: true }],
      ...(latent.distribution === 'descriptors' && {
        latentsFromNoise: (e: Tensor) => latentsFromNoise(descriptors, e),
      }),
    };
  },
};

/** @throws ConfigError recipe_networks for a discriminator that is none, or for networks without `carry` */
function expectAutoencoder({ discriminator, carry, config }: Players<Began>): void {
  if (typeof discriminator.encode === 'function' && typeof discriminator.decode === 'function' && carry) return;
  throw new ConfigError(
    'recipe_networks',
    `the equilibrium game of recipe '${config.recipe}' needs an autoencoder as discriminator, with the functions encode and decode, and a variable 'carry' beside it, as the recipe began has them`,
  );
}

const monitors: Monitors = {
  ...lossMonitors,
  reconstruction: { label: 'L(x)', panel: 'reconstruction error', meaning: 'error', unit: 'per pixel' },
  convergence: { label: 'M', panel: 'convergence measure M', meaning: 'convergence', unit: 'per pixel' },
  k: { label: 'k', panel: 'k', meaning: 'weight', unit: '' },
};

const drawn = (descriptors: DescriptorStatistics): NoiseSource => ({
  ...drawnNoise,
  latents: (players, whose) =>
    players.config.latent.distribution === 'descriptors'
      ? drawFromDescriptors(descriptors, players.config.batch, read(players.random))
      : drawnNoise.latents(players, whose),
});

/** One step of a BEGAN on `real` [N,H,W,C]: the descriptor statistics take the real images in, both networks update, then k and the
 *  residual connections' carry move on. The generator updates against the updated discriminator, on images of its own; with
 *  schedule `simultaneous` both update at once, from one batch of generated images.
 *  Outputs, all scalar: discriminatorLoss, generatorLoss = L(G(z)), reconstruction = L(x), k for the next step,
 *  convergence, the measure M, and what `applyGradients` reports; beside them what `verdictsOf` puts out. */
const equilibriumStep = (table: Table): Graph =>
  trace('equilibrium step', () => {
    const { discriminator, config, carry, random } = table.players;
    const { equilibrium: settings, schedule } = config;
    const weightOfFake = read(table.k);

    const real = realImages(table.players);
    const descriptors = discriminator.encode(real, judging(table.players));
    trackDescriptors(table.descriptors, descriptors, settings.descriptorWindow);
    const play = schedule === 'simultaneous' ? updateAtOnce : updateInTurn;
    const { discriminatorLoss, ofGradients, verdicts, ...errors } = play(table, { real, descriptors, weightOfFake });

    const next = balance(weightOfFake, errors, settings);
    assign(table.k, next.k);
    if (settings.carrySteps > 0) assign(carry, maximum(sub(read(carry), 1 / settings.carrySteps), 0));
    advanceRandom(random);
    return {
      discriminatorLoss,
      generatorLoss: errors.fake,
      reconstruction: errors.real,
      k: next.k,
      convergence: next.convergence,
      ...ofGradients,
      ...verdictsOf(config, verdicts),
    };
  });

/** How the autoencoder, as it is here, is applied to so many batches at once. */
const judging = (players: Players<Began>, batches = 1): Pass =>
  passOf(players, 'discriminator', batches * players.config.batch);

/** What a step begins with. */
interface Start {
  readonly real: Tensor;
  /** Of the real images, [N, z]. */
  readonly descriptors: Tensor;
  /** k. */
  readonly weightOfFake: Tensor;
}

/** What its updates have come to, scalars but for the verdicts. */
interface Played {
  readonly discriminatorLoss: Tensor;
  /** L(x) */
  readonly real: Tensor;
  /** L(G(z)), as the generator minded it. */
  readonly fake: Tensor;
  /** What is reported of the gradients of both networks. */
  readonly ofGradients: Readonly<Record<string, Tensor>>;
  /** The errors of each real and each generated image [N], as the discriminator's update has them. */
  readonly verdicts: () => Verdicts;
}

/** The discriminator's update, then the generator's against it. */
function updateInTurn({ players, noise }: Table, start: Start): Played {
  const { verdicts, ...errors } = errorsOf(players, start, generate(players, noise.latents(players, 'discriminator')));
  const discriminatorLoss = sub(errors.real, mul(start.weightOfFake, errors.fake));
  const judged = update(players, 'discriminator', discriminatorLoss);

  const generated = generate(players, noise.latents(players, 'generator'));
  const generatorLoss = reconstructionError(generated, players.discriminator.apply(generated, judging(players)));
  const made = update(players, 'generator', generatorLoss);
  return { discriminatorLoss, real: errors.real, fake: generatorLoss, ofGradients: { ...judged, ...made }, verdicts };
}

/** L(x) and L(G(z)), real and generated images decoded as one batch: nothing in the autoencoder mixes them. */
function errorsOf(players: Players<Began>, { real, descriptors }: Start, fake: Tensor) {
  const { discriminator } = players;
  const [count] = real.shape as [number];
  const all = concat([descriptors, discriminator.encode(fake, judging(players))], 0);
  const both = discriminator.decode(all, judging(players, 2));
  const rows = (first: number): Tensor => slice(both, [first, 0, 0, 0], [count, ...(real.shape.slice(1) as Shape)]);
  return errorsBetween({ real, fake }, { real: rows(0), fake: rows(count) });
}

/** L of real and of generated images, and of each by itself. */
const errorsBetween = (images: Verdicts, decoded: Verdicts) => ({
  real: reconstructionError(images.real, decoded.real),
  fake: reconstructionError(images.fake, decoded.fake),
  verdicts: () => ({
    real: reconstructionErrors(images.real, decoded.real),
    fake: reconstructionErrors(images.fake, decoded.fake),
  }),
});

/** Both updates from one batch of generated images and the weights as they are. One way back from L(G(z)) serves both networks: it
 *  is the generator's loss, and dL_D/dw = dL(x)/dw - k dL(G(z))/dw. Real and generated images go through the autoencoder apart,
 *  since a common batch would leave the sum of the two alone, and k may be 0; and
 *  one kind after the other, so that both need the memory of one. */
function updateAtOnce({ players, noise }: Table, { real, descriptors, weightOfFake }: Start): Played {
  const { discriminator, generator } = players;
  const pass = judging(players);
  const fake = generate(players, noise.latents(players, 'both'));
  const decoded = { real: discriminator.decode(descriptors, pass), fake: discriminator.apply(fake, pass) };
  const { verdicts, ...errors } = errorsBetween({ real, fake }, decoded);
  const weights = discriminator.parameters.map(read);
  const ofReal = gradients(errors.real, weights);
  computeFirst(ofReal);
  const ofFake = gradients(errors.fake, [...weights, ...generator.parameters.map(read)]);
  const less = (dx: Tensor, dg: Tensor): Tensor => sub(dx, mul(broadcastScalar(weightOfFake, dg.shape), dg));
  const judged = applyGradients(
    players,
    'discriminator',
    ofReal.map((dx, i) => less(dx, ofFake[i] as Tensor)),
  );
  const made = applyGradients(players, 'generator', ofFake.slice(weights.length));
  const discriminatorLoss = sub(errors.real, mul(weightOfFake, errors.fake));
  return { discriminatorLoss, ...errors, ofGradients: { ...judged, ...made }, verdicts };
}
