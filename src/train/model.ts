import { isConditional } from '../config/conditioning.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import { createPlayers, type Game, type Gan, type Match, type NoiseSource, type Players } from '../games/index.ts';
import { variablesOfReferences } from '../games/references.ts';
import type { Monitors } from '../losses/index.ts';
import { buildGan, type Recipe, recipeOf } from '../models/index.ts';
import type { Variable } from '../tensor/variable.ts';
import { classDiversityMonitor, diversityMonitor } from './diversity.ts';
import { evaluationMonitors, isEvaluated } from './evaluator.ts';

/** Everything that a training reads and writes: the players, and the match of a game between them. */
export type TrainingModel = Players & {
  readonly recipe: Recipe;
  readonly game: Game;
  readonly match: Match;
  /** Of all that a run with it reports. */
  readonly monitors: Monitors;
};

/** What a model is made for beside its configuration. */
export interface ModelOptions {
  /** Where random inputs come from; drawn on the device if not given. */
  readonly noise?: NoiseSource | undefined;
  /** Processes that train it together; 1 if not given. */
  readonly ranks?: number | undefined;
}

/** Builds the networks of a configuration, the optimisers that train them, and the match that they play. @throws ConfigError */
export function createModel(config: Config, { noise, ranks = 1 }: ModelOptions = {}): TrainingModel {
  const recipe = recipeOf(config);
  const { game } = recipe;
  const networks = buildGan(config);
  expectBatchNorm(config, networks);
  const players = createPlayers(networks, config, ranks);
  return { ...players, recipe, game, match: game.start(players, noise), monitors: monitorsOf(config) };
}

/** Without `syncNorm` there must be a batch norm. @throws ConfigError norm_missing */
function expectBatchNorm({ syncNorm, recipe }: Config, { generator, discriminator }: Gan): void {
  const layers = [...generator.layers, ...discriminator.layers];
  if (syncNorm || layers.some(({ hasBatchNorm }) => hasBatchNorm)) return;
  throw new ConfigError(
    'norm_missing',
    `syncNorm: neither network of recipe '${recipe}' has batch norm with these settings, so that it would have no effect. Leave it out.`,
  );
}

/** What a run with a configuration reports: what its game does, and how diverse the samples are. @throws ConfigError unknown_recipe */
export const monitorsOf = (config: Config): Monitors => ({
  ...recipeOf(config).game.monitors(config),
  diversity: diversityMonitor(config.health),
  ...(isConditional(config) && { classDiversity: classDiversityMonitor(config) }),
  ...(isEvaluated(config) && evaluationMonitors(config)),
});

/** The variables of a model by the checkpoint file they go into. */
export const variableGroups = (model: TrainingModel): Record<string, readonly Variable[]> => ({
  generator: model.generator.variables,
  discriminator: model.discriminator.variables,
  optimizer: [...model.optimizers.generator.variables, ...model.optimizers.discriminator.variables],
  ...(model.average && { average: [...model.average.pairs.map(({ average }) => average), model.average.updates] }),
  ...(model.match.replay && { replay: model.match.replay }),
  ...(model.references && { reference: variablesOfReferences(model.references) }),
  state: [model.random, ...model.match.state, ...(model.match.measurements ?? [])],
});
