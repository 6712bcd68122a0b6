import { ConfigError } from '../errors.ts';
import { began } from './began.ts';
import { dcgan, dcganDigits, dcganDraft, dcganReport } from './dcgan.ts';
import { convGuide, dcganGuide } from './guide.ts';
import type { Gan, Recipe } from './recipe.ts';
import { convReport, mlpReport } from './report.ts';
import type { Config } from './schema.ts';
import { wganClip, wganGp } from './wgan.ts';

/** Every recipe, in the order listings show them. */
export const recipes: readonly Recipe[] = [
  dcgan,
  dcganDraft,
  dcganDigits,
  dcganGuide,
  dcganReport,
  convGuide,
  convReport,
  mlpReport,
  wganGp,
  wganClip,
  began,
];

/** The recipe of a name; undefined if there is none. */
export const findRecipe = (name: string): Recipe | undefined => recipes.find((recipe) => recipe.name === name);

/** The networks of a configuration. @throws ConfigError for an unknown recipe or a size the recipe cannot reach */
export function buildGan(config: Config): Gan {
  const recipe = findRecipe(config.recipe);
  if (!recipe) {
    throw new ConfigError(
      'unknown_recipe',
      `there is no recipe '${config.recipe}'; known are ${recipes.map(({ name }) => name).join(', ')}`,
    );
  }
  if (!recipe.sizes.accepts(config.size)) {
    throw new ConfigError(
      'unreachable_size',
      `recipe '${recipe.name}' cannot make images of size ${config.size}; it makes ${recipe.sizes.description}. Choose one with --size.`,
    );
  }
  return recipe.build(config);
}
