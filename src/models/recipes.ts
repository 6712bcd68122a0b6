import { bothSides, formatSetting } from '../config/image_size.ts';
import { type Config, OWN_RECIPE } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import type { Gan } from '../games/index.ts';
import { didYouMean } from '../suggest.ts';
import { began } from './began.ts';
import { dcgan, dcganDigits, dcganDigitsConditional, dcganDraft, dcganReport } from './dcgan.ts';
import { extractorGan } from './extractor.ts';
import { convGuide, dcganGuide, dcganGuideConditional, wganGpGuide, wganGpGuideThorough } from './guide.ts';
import type { Recipe } from './recipe.ts';
import {
  convReport,
  convReportConditional,
  convReportWasserstein,
  mlpReport,
  mlpReportConditional,
  mlpReportWasserstein,
} from './report.ts';
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
  wganGpGuide,
  wganGpGuideThorough,
  wganClip,
  mlpReportWasserstein,
  convReportWasserstein,
  extractorGan,
  began,
];

/** The recipe of a name; undefined if there is none. */
export const findRecipe = (name: string): Recipe | undefined => recipes.find((recipe) => recipe.name === name);

/** The recipe of a configuration, or of changes of one: by its name, the recipe itself where it stands in place of the name, or the own
 *  recipe that a configuration carries along. @throws ConfigError unknown_recipe, with the nearest name; recipe_name_taken */
export function recipeOf(config: { readonly recipe?: unknown; readonly [OWN_RECIPE]?: object }): Recipe {
  const { recipe: named, [OWN_RECIPE]: carried } = config;
  if (isRecipe(named)) return expectOwn(named);
  if (isRecipe(carried) && carried.name === named) return carried;
  const recipe = typeof named === 'string' ? findRecipe(named) : undefined;
  if (recipe) return recipe;
  const known = recipes.map(({ name }) => name);
  throw new ConfigError(
    'unknown_recipe',
    `there is no recipe '${String(named)}'.${didYouMean(String(named), known)} Known recipes: ${known.join(', ')}. In place of a name, a program may give a recipe of its own, and a command line the file of one, such as ./${String(named)}.ts.`,
  );
}

/** A configuration that knows its recipe even if gannet does not. */
export const carrying = (config: Config, recipe: Recipe): Config =>
  recipes.includes(recipe) ? config : { ...config, [OWN_RECIPE]: recipe };

/** Whether a value is a recipe, such as `defineRecipe` makes. */
export const isRecipe = (value: unknown): value is Recipe =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Recipe).name === 'string' &&
  typeof (value as Recipe).build === 'function' &&
  typeof (value as Recipe).game?.start === 'function';

/** Holds a recipe that is not one of gannet's to a name of its own. @throws ConfigError recipe_name_taken */
export function expectFreeName(name: string): void {
  if (!findRecipe(name)) return;
  throw new ConfigError(
    'recipe_name_taken',
    `a recipe of your own cannot be named '${name}', since gannet has a recipe of that name. Choose another name.`,
  );
}

function expectOwn(recipe: Recipe): Recipe {
  if (!recipes.includes(recipe)) expectFreeName(recipe.name);
  return recipe;
}

/** The networks of a configuration. @throws ConfigError for an unknown recipe or a size the recipe cannot reach */
export function buildGan(config: Config): Gan {
  const recipe = recipeOf(config);
  const [height, width] = bothSides(config.size);
  if (!recipe.sizes.accepts(height, width)) {
    const able = recipes.filter(({ sizes }) => sizes.accepts(height, width)).map(({ name }) => name);
    const others = able.length > 0 ? `, or a recipe that makes this one: ${able.join(', ')}` : '';
    throw new ConfigError(
      'unreachable_size',
      `recipe '${recipe.name}' cannot make images of size ${formatSetting(config.size)}; it makes ${recipe.sizes.description}. Choose one with --size${others}.`,
    );
  }
  return recipe.build(config);
}
