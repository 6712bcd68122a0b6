import type { Config, ConfigChanges } from '../config/index.ts';
import { ConfigError } from '../errors.ts';
import type { Monitors } from '../losses/index.ts';
import { findRecipe, loadRecipe, type Recipe, recallConfig } from '../models/index.ts';
import { monitorsOf } from './model.ts';
import { configPath, type Run, readRunFolder } from './run/folder.ts';
import { openKeptRecipe } from './run/kept_recipe.ts';

/** Which recipe a run was trained by, where that is not one of gannet. */
export interface RecipeChoice {
  /** The own recipe that the run was trained by, or its file; the copy that the run keeps if not given. */
  readonly recipe?: Recipe | string | undefined;
}

/** A configuration that was written with a run of a recipe; keys that it was made without have the recipe's values. `path` is the file
 *  that holds it, for errors. @throws ConfigError */
export const completeConfig = (written: ConfigChanges, recipe: Recipe, path: string): Config =>
  within(path, () => recallConfig(written, recipe));

/** A run's configuration, as its config.json says. @throws CheckpointError, ConfigError */
export const storedConfig = async (run: Run, choice: RecipeChoice = {}): Promise<Config> =>
  completeConfig(run.config, await recipeOfRun(run, choice), configPath(run.folder));

/** What a run's metrics are, by name. @throws CheckpointError, ConfigError */
export const readMonitors = async (folder: string, choice: RecipeChoice = {}): Promise<Monitors> =>
  monitorsOf(await storedConfig(await readRunFolder(folder), choice));

/** The recipe that a run was trained by: one of gannet, the own one that is given, or the one that the run keeps.
 *  @throws ConfigError recipe_differs, recipe_unkept, and as `loadRecipe`; CheckpointError */
async function recipeOfRun({ config, folder }: Run, { recipe: chosen }: RecipeChoice): Promise<Recipe> {
  const name = String(config.recipe);
  const given = typeof chosen === 'string' ? await loadRecipe(chosen) : chosen;
  const recipe = given ?? findRecipe(name) ?? (await openKeptRecipe(folder));
  if (recipe?.name === name) return recipe;
  if (recipe) {
    throw new ConfigError(
      'recipe_differs',
      `${folder} is a run of recipe '${name}', but was to be taken up by recipe '${recipe.name}'. Give the recipe that it was trained by.`,
    );
  }
  throw new ConfigError(
    'recipe_unkept',
    `${configPath(folder)} names the recipe '${name}', which gannet does not have and the run keeps no copy of. If it is your own, give it: --recipe FILE, in a program the option recipe. If it is one of a newer gannet, update.`,
  );
}

/** Names the file in which something that cannot be used stands. */
function within<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}
