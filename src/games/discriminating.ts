import type { Measured } from '../losses/index.ts';
import { add } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Adversaries, type Judged, lossOf } from './adversaries.ts';
import { penaltiesOf } from './penalties.ts';
import { targetsOf } from './targets.ts';
import { verdictsOf } from './verdicts.ts';

/** The discriminator's loss, with its penalties if this update has them, and what is reported beside it by name, all scalars; and what is
 *  put out for each image. */
export function discriminatorLoss(adversaries: Adversaries, judged: Judged, isPenalised: boolean) {
  const { discriminator, monitors } = lossOf(adversaries.config);
  const adversarial = discriminator(judged.verdicts, targetsOf(adversaries));
  const penalties = isPenalised ? penaltiesOf(adversaries, judged) : { losses: [], reported: {} };
  return {
    loss: [adversarial, ...penalties.losses].reduce((a, b) => add(a, b)),
    reported: { ...measure(monitors, judged.verdicts), ...penalties.reported },
    rows: verdictsOf(adversaries.config, () => judged.verdicts),
  };
}

/** Each monitor's measurement, by its name. */
export const measure = <T>(monitors: Readonly<Record<string, Measured<T>>>, of: T): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(monitors).map(([name, monitor]) => [name, monitor.measure(of)]));
