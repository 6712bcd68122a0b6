import { isConditional } from '../config/conditioning.ts';
import type { Config } from '../config/schema.ts';
import { createPlayers, type Game, type Match, type NoiseSource, type Players } from '../games/index.ts';
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

/** Builds the networks of a configuration, the optimisers that train them, and the match that they play.
 *  @param noise where random inputs come from; drawn on the device if not given @throws ConfigError */
export function createModel(config: Config, noise?: NoiseSource): TrainingModel {
  const recipe = recipeOf(config);
  const { game } = recipe;
  const players = createPlayers(buildGan(config), config);
  return { ...players, recipe, game, match: game.start(players, noise), monitors: monitorsOf(config) };
}

/** What a run with a configuration reports: what its game does, and how diverse the samples are. @throws ConfigError unknown_recipe */
export const monitorsOf = (config: Config): Monitors => ({
  ...recipeOf(config).game.monitors(config),
  diversity: diversityMonitor(config.health),
  ...(isConditional(config) && { classDiversity: classDiversityMonitor(config.health) }),
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
