import { type Condition, uses } from '../config/keys.ts';
import { replays } from '../config/replay.ts';
import type { Config } from '../config/schema.ts';
import { ShapeError } from '../errors.ts';
import { type AdversarialLoss, adversarialLosses, type Monitors, type TroubleSign } from '../losses/index.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { lossOf } from './adversaries.ts';
import { alternating } from './alternating.ts';
import type { Extractor } from './extractor.ts';
import type { Game, Match } from './game.ts';
import { monitorsOfGradients } from './gradient_norms.ts';
import { lossMonitors } from './loss_monitors.ts';
import { expectWholeParts } from './parts.ts';
import { expectIndependence, isPenalised, keptMeasurements, monitorsOfPenalties } from './penalties.ts';
import { drawnNoise, type Players } from './players.ts';
import { createReplayStore } from './replay.ts';
import { GUIDE } from './schedule.ts';
import { simultaneous } from './simultaneous.ts';

const alternates: Condition = { holds: ({ schedule }) => schedule === 'alternating', said: 'schedule is alternating' };

const lossesWithTargets = Object.entries<AdversarialLoss>(adversarialLosses).flatMap(([name, { hasTargets }]) =>
  hasTargets ? [name] : [],
);

/** Where every step has as many updates as the guide's schedule makes, that schedule changes nothing. */
const varies: Condition = {
  holds: (config) => alternates.holds(config) && config.discriminatorSteps !== GUIDE.repeats,
  said: `schedule is alternating and discriminatorSteps is not ${GUIDE.repeats}`,
};

const hasTargets: Condition = {
  holds: ({ loss }) => lossesWithTargets.includes(loss),
  said: `loss is ${lossesWithTargets.join(' or ')}`,
};

/** The game of most GANs: a discriminator (a critic, with a Wasserstein loss) gives each image one number, and a generator wants its
 *  images to get the number of real ones. @see arXiv:1406.2661 */
export const adversarial: Game = {
  name: 'adversarial',
  keys: [
    ...uses(['loss', 'gradientPenalty', 'r1', 'r2', 'schedule', 'latent.distribution', 'accumulation', 'diffAugment']),
    ...uses(['replay.share', 'health.outputHistograms']),
    ...uses(['replay.images'], replays),
    ...uses(['penaltyEvery'], isPenalised),
    ...uses(['discriminatorSteps', 'generatorSteps', 'reuseLatents'], alternates),
    ...uses(['criticSchedule'], varies),
    ...uses(['labels.real', 'labels.fake', 'labels.flip'], hasTargets),
  ],
  unusable: [
    {
      key: 'latent.distribution',
      value: 'descriptors',
      reason: 'only a game with an autoencoder, that of the recipe began, has descriptors. Choose uniform or normal',
      formerly: 'normal',
    },
    {
      key: 'loss',
      value: 'equilibrium',
      reason: 'it needs an autoencoder as discriminator. Use the recipe began',
    },
  ],
  monitors,
  verdict: (config) => lossOf(config).verdict,
  start: (players, noise) => playAdversarially(players, noise),
};

/** Starts the adversarial game, with an extractor of the generator's images if one is given.
 *  @throws ShapeError network_misfit; ConfigError penalty_needs_independence, batch_indivisible, replay_with_penalty, replay_in_parts */
export function playAdversarially(players: Players, noise = drawnNoise, extractor?: Extractor): Match {
  const { config } = players;
  expectVerdicts(players);
  expectIndependence(players);
  expectWholeParts(config);
  const replay = createReplayStore(players);
  const adversaries = {
    ...players,
    noise,
    lastPenalties: keptMeasurements(config),
    ...(extractor && { extractor }),
    ...(replay && { replay }),
  };
  const match = (config.schedule === 'simultaneous' ? simultaneous : alternating)(adversaries);
  return {
    ...match,
    measurements: Object.values(adversaries.lastPenalties),
    ...(replay && { replay: Object.values(replay) }),
  };
}

/** @throws ShapeError network_misfit for a discriminator that does not give each image one number */
function expectVerdicts({ discriminator: { outputShape }, config }: Players): void {
  if (sameShape(outputShape, [1])) return;
  throw new ShapeError(
    'network_misfit',
    `the discriminator of recipe '${config.recipe}' gives ${formatShape(outputShape)} for each image, but the adversarial game needs one number, [1]. End it in nn.block({ transform: nn.linear([1]) }), or give the recipe another game.`,
  );
}

/** A discriminator's loss below this has nothing left to teach. */
const ZERO_LOSS = 1e-3;

function lossAtZero(config: Config): TroubleSign {
  const remedies = [
    ...(hasTargets.holds(config) ? ['label smoothing (--set labels.real=0.9)'] : []),
    'a smaller discriminator.learningRate',
    ...(alternates.holds(config) ? ['generatorSteps=2'] : []),
  ];
  return {
    code: 'loss_at_zero',
    patience: 3,
    isBad: (loss) => loss < ZERO_LOSS,
    message: (loss) =>
      `the discriminator's loss stays at ${loss.toExponential(1)}: it tells real from generated without effort, and the generator learns nothing. Try ${remedies.join(', or ')}`,
  };
}

function monitors(config: Config): Monitors {
  const { isWonAtZero, monitors: ofBoth, generatorMonitors } = lossOf(config);
  return {
    discriminatorLoss: { ...lossMonitors.discriminatorLoss, ...(isWonAtZero && { sign: lossAtZero(config) }) },
    generatorLoss: lossMonitors.generatorLoss,
    ...ofBoth,
    ...(alternates.holds(config) && generatorMonitors),
    ...monitorsOfPenalties(config),
    ...monitorsOfGradients(config),
  };
}
