import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import type { Gan } from '../games/index.ts';
import { didYouMean } from '../suggest.ts';
import { began } from './began.ts';
import { dcgan, dcganDigits, dcganDigitsConditional, dcganDraft, dcganReport } from './dcgan.ts';
import { convGuide, dcganGuide, dcganGuideConditional } from './guide.ts';
import type { Recipe } from './recipe.ts';
import { convReport, convReportConditional, mlpReport, mlpReportConditional } from './report.ts';
import { wganClip, wganGp, wganGpConditional } from './wgan.ts';

/** Every recipe, in the order listings show them. */
export const recipes: readonly Recipe[] = [
  dcgan,
  dcganDraft,
  dcganDigits,
  dcganDigitsConditional,
  dcganGuide,
  dcganGuideConditional,
  dcganReport,
  convGuide,
  convReport,
  convReportConditional,
  mlpReport,
  mlpReportConditional,
  wganGp,
  wganGpConditional,
  wganClip,
  began,
];

/** The recipe of a name; undefined if there is none. */
export const findRecipe = (name: string): Recipe | undefined => recipes.find((recipe) => recipe.name === name);

/** The same. @throws ConfigError unknown_recipe, with the nearest name */
export function recipeOf({ recipe: name }: { readonly recipe?: unknown }): Recipe {
  const recipe = typeof name === 'string' ? findRecipe(name) : undefined;
  if (recipe) return recipe;
  const known = recipes.map((one) => one.name);
  throw new ConfigError(
    'unknown_recipe',
    `there is no recipe '${String(name)}'.${didYouMean(String(name), known)} Known recipes: ${known.join(', ')}.`,
  );
}

/** The networks of a configuration. @throws ConfigError for an unknown recipe or a size the recipe cannot reach */
export function buildGan(config: Config): Gan {
  const recipe = recipeOf(config);
  if (!recipe.sizes.accepts(config.size)) {
    throw new ConfigError(
      'unreachable_size',
      `recipe '${recipe.name}' cannot make images of size ${config.size}; it makes ${recipe.sizes.description}. Choose one with --size.`,
    );
  }
  return recipe.build(config);
}
