import type { KeyUse, UnusableValue } from '../config/keys.ts';
import type { Config } from '../config/schema.ts';
import type { Verdict } from '../losses/index.ts';
import type { Monitors } from '../losses/monitor.ts';
import type { Network } from '../nn/network.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import type { Players } from './players.ts';
import type { Repeats } from './schedule.ts';

/** The two networks of a GAN. The discriminator ends in one logit (a critic in one score) per image. */
export interface Gan {
  /** [N, latent] -> [N, H, W, C] in [-1, 1]. */
  readonly generator: Network;
  /** [N, H, W, C] -> [N, 1], or what is like an image: a BEGAN's discriminator is an autoencoder. */
  readonly discriminator: Network;
}

/** How two networks are trained against each other: losses, schedule, and what is kept between steps. G is what it needs of
 *  them. */
export interface Game<G extends Gan = Gan> {
  /** Of its family, such as `adversarial`. */
  readonly name: string;
  /** The keys of the configuration that it reads beside those that every run reads. */
  readonly keys: readonly KeyUse[];
  /** Values of those keys that it cannot act on. */
  readonly unusable: readonly UnusableValue[];
  /** The metric, if there is one, that falls as training converges; a plateau of it may lower the learning rates. */
  readonly convergence?: string;
  /** The scalars that its programs put out in a configuration, by name. */
  monitors(config: Config): Monitors;
  /** What its discriminator says of one image: the logit of the probability that it is real, a score, or the error of its reconstruction.
   *  Only of a game that reads the key health.outputHistograms. */
  verdict?(config: Config): Verdict;
  /** Sets the game up. @param noise where random inputs come from; drawn on the device if not given
   *  @throws ConfigError for networks that it cannot be played with */
  start(players: Players<G>, noise?: NoiseSource): Match;
}

/** A game between certain players. */
export interface Match {
  /** What it keeps between steps beside what the players keep. */
  readonly state: readonly Variable[];
  /** What it keeps only to report it; a checkpoint that was made without it serves as well. */
  readonly measurements?: readonly Variable[];
  /** Earlier generated images with what goes with them; only training reads them, and a checkpoint has a file of them. */
  readonly replay?: readonly Variable[];
  /** The programs of a training step, in the order in which they run. */
  readonly programs: readonly StepProgram[];
  /** Latents [N,z] as the generator is trained on, made of normal numbers [N,z]; only if it is not trained on noise itself. */
  readonly latentsFromNoise?: (noise: Tensor) => Tensor;
  /** What extractors read off images [N,H,W,C], a number in [0, 1] for each representative variable: [N, representatives]. Only of a game
   *  with extractors. */
  readonly readings?: (images: Tensor) => Tensor;
}

/** A program of the training step. */
export interface StepProgram {
  /** Its graph. A batch of real images is its feed `real` [N,H,W,C], and the labels of the last such batch are the feed `labels`
   *  [N,labels] if training reads them. Its outputs are scalars, named as its monitors, and with the key health.outputHistograms
   *  `verdictsReal` and `verdictsFake`, a number for each image. */
  readonly trace: () => Graph;
  /** How often it runs in a step. */
  readonly repeats: Repeats;
  /** Whether it reads a batch of real images. */
  readonly readsImages: boolean;
}

/** Whose update random inputs are for. */
export type Update = 'discriminator' | 'generator' | 'both';

/** Where a program's random inputs come from; training draws them, a replay of recorded steps feeds them. */
export interface NoiseSource {
  /** [batch, latent] */
  latents(players: Players, update: Update): Tensor;
  /** Uniform in [0, 1), for a purpose that a program names once, such as `mixing`. */
  uniform(players: Players, purpose: string, shape: Shape): Tensor;
}
