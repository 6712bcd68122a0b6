import { ConfigError } from '../errors.ts';
import { gradientPenalty, type Measured, type Verdicts } from '../losses/index.ts';
import type { Network } from '../nn/network.ts';
import { add, mul } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Adversaries, lossOf } from './adversaries.ts';
import { discriminate } from './players.ts';
import { targetsOf } from './targets.ts';

/** What a discriminator is trained with at an update. */
export interface Judged {
  /** [N,H,W,C] */
  readonly real: Tensor;
  /** [N,H,W,C] */
  readonly fake: Tensor;
  readonly verdicts: Verdicts;
}

/** The discriminator's loss, with the gradient penalty that is configured, and what is reported beside it by name. All scalars. */
export function discriminatorLoss(adversaries: Adversaries, { real, fake, verdicts }: Judged) {
  const { config, noise } = adversaries;
  const { discriminator, monitors } = lossOf(config);
  const adversarial = discriminator(verdicts, targetsOf(adversaries));
  if (config.gradientPenalty === 0) return { loss: adversarial, reported: measure(monitors, verdicts) };
  const mixing = noise.uniform(adversaries, 'mixing', [config.batch]);
  const { penalty, norm } = gradientPenalty((x) => discriminate(adversaries, x), real, fake, mixing);
  const loss = add(adversarial, mul(config.gradientPenalty, penalty));
  return { loss, reported: { ...measure(monitors, verdicts), penalty, gradientNorm: norm } };
}

/** Each monitor's measurement, by its name. */
export const measure = <T>(monitors: Readonly<Record<string, Measured<T>>>, of: T): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(monitors).map(([name, monitor]) => [name, monitor.measure(of)]));

/** Refuses a critic for which there is no penalty: the slope of a sum of scores is each image's own only where no score depends on
 *  another image. @throws ConfigError penalty_needs_independence */
export function expectIndependence({ name, layers }: Network): void {
  const mixing = layers.find(({ mixesSamples }) => mixesSamples);
  if (!mixing) return;
  throw new ConfigError(
    'penalty_needs_independence',
    `gradientPenalty: the penalty is on the slope of each image's own score, but ${name}.${mixing.name} (${mixing.description}) mixes the images of a batch. Set model.discriminatorNorm to layer or none and model.minibatchFeatures to 0, or gradientPenalty to 0.`,
  );
}
