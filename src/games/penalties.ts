import type { Condition } from '../config/keys.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import { gradientPenalty, type Monitor, type Monitors, penaltyMonitors, squaredSlopes } from '../losses/index.ts';
import { zeros } from '../nn/initializers.ts';
import { statistic } from '../nn/layer.ts';
import { assign, mul } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Graph, read } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import { type Adversaries, type Judged, judge } from './adversaries.ts';
import type { StepProgram } from './game.ts';
import { allBut, everyNth, type Repeats } from './schedule.ts';

/** Penalties on the slopes of a discriminator. */
const WEIGHTS = ['gradientPenalty', 'r1', 'r2'] as const;

const configured = (config: Config) => WEIGHTS.filter((key) => config[key] > 0);

/** Whether a discriminator's slopes are penalised at all. */
export const isPenalised: Condition = {
  holds: (config) => configured(config).length > 0,
  said: `${WEIGHTS.slice(0, -1).join(', ')} or ${WEIGHTS.at(-1)} is above 0`,
};

/** Whether some updates of the discriminator go without its penalties. */
const areLazy = (config: Config): boolean => isPenalised.holds(config) && config.penaltyEvery > 1;

/** Whether real images are to be judged by themselves, since the slope is wanted for one kind alone: in a batch of both, zeros would go
 *  back through the other half. */
export const penalisesOneKind = ({ r1, r2 }: Config): boolean => r1 > 0 !== r2 > 0;

/** Refuses a discriminator for which there is no penalty: the slope of a sum of scores is each image's own only where no score depends
 *  on another image. @throws ConfigError penalty_needs_independence */
export function expectIndependence({
  config,
  discriminator: { name, layers },
}: Pick<Adversaries, 'config' | 'discriminator'>) {
  const [key] = configured(config);
  const mixing = layers.find(({ mixesSamples }) => mixesSamples);
  if (key === undefined || !mixing) return;
  throw new ConfigError(
    'penalty_needs_independence',
    `${key}: the penalty is on the slope of each image's own score, but ${name}.${mixing.name} (${mixing.description}) mixes the images of a batch. Set model.discriminatorNorm to layer, virtual or none and model.minibatchFeatures to 0, or ${key} to 0.`,
  );
}

/** The penalties of an update of the discriminator, weighted, and what is reported of them by name. All scalars. The fewer updates
 *  have penalties, the more one counts. @see arXiv:1912.04958, appendix B, for lazy penalties */
export function penaltiesOf(adversaries: Adversaries, judged: Judged) {
  const { config } = adversaries;
  const { penaltyEvery } = config;
  const losses: Tensor[] = [];
  const reported: Record<string, Tensor> = {};
  if (config.gradientPenalty > 0) {
    const mixing = adversaries.noise.uniform(adversaries, 'mixing', [config.batch]);
    const critic = (images: Tensor): Tensor => judge(adversaries, images, 'between');
    const { penalty, norm } = gradientPenalty(critic, judged.real, judged.fake, mixing);
    losses.push(mul(config.gradientPenalty * penaltyEvery, penalty));
    Object.assign(reported, { penalty, gradientNorm: norm });
  }
  const kinds = (['r1', 'r2'] as const).filter((key) => config[key] > 0);
  const slopes = squaredSlopesOf(judged, kinds);
  for (const [i, key] of kinds.entries()) {
    const slope = slopes[i] as Tensor;
    losses.push(mul((config[key] / 2) * penaltyEvery, slope));
    reported[key] = slope;
  }
  return { losses, reported };
}

const KINDS = { r1: 'real', r2: 'fake' } as const;

function squaredSlopesOf(judged: Judged, keys: readonly ('r1' | 'r2')[]): Tensor[] {
  if (keys.length === 0) return [];
  return squaredSlopes(keys.map((key) => ({ images: judged[KINDS[key]], scores: judged.verdicts[KINDS[key]] })));
}

/** The programs of an update that involves the discriminator: one with its penalties and, if those are lazy, one without. */
export function takingTurns(config: Config, all: Repeats, trace: (isPenalised: boolean) => Graph): StepProgram[] {
  const penalised = everyNth(all, areLazy(config) ? config.penaltyEvery : 1);
  const programs = [{ trace: () => trace(true), repeats: penalised, readsImages: true }];
  if (!areLazy(config)) return programs;
  return [...programs, { trace: () => trace(false), repeats: allBut(all, penalised), readsImages: true }];
}

/** What keeps the measurements of lazy penalties until the next ones. */
export const keptMeasurements = (config: Config): Record<string, Variable> =>
  Object.fromEntries(
    Object.keys(areLazy(config) ? monitorsOfPenalties(config) : {}).map((name) => [
      name,
      statistic(`penalties.${name}`, [], zeros),
    ]),
  );

/** The outputs of an update, with what lazy penalties measured last where it has none itself. */
export function withLastPenalties(
  { lastPenalties }: Adversaries,
  outputs: Readonly<Record<string, Tensor>>,
): Record<string, Tensor> {
  const kept = Object.entries(lastPenalties).map(([name, variable]) => {
    const measured = outputs[name];
    if (measured) assign(variable, measured);
    return [name, read(variable)] as const;
  });
  return { ...outputs, ...Object.fromEntries(kept) };
}

const slopeMonitor = (label: string): Monitor => ({
  label,
  panel: 'mean squared gradient norm',
  meaning: 'slope',
  unit: '',
});

/** What a configuration's penalties report. */
export const monitorsOfPenalties = (config: Config): Monitors => ({
  ...(config.gradientPenalty > 0 && penaltyMonitors),
  ...(config.r1 > 0 && { r1: slopeMonitor('R1') }),
  ...(config.r2 > 0 && { r2: slopeMonitor('R2') }),
});
