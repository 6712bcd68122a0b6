import type { Command } from 'commander';
import { isRecipeFile, loadRecipe, type Recipe } from '../models/index.ts';

/** The option of commands on a run that says where the recipe of one's own is. */
export interface RecipeOption {
  readonly recipe?: string;
}

/** Adds it to a command. */
export const addRecipeOption = (command: Command): Command =>
  command.option('--recipe <file>', "the file of the run's own recipe, in place of the copy that the run keeps");

/** Recipes that a command line names: those of files are loaded. @throws ConfigError as loadRecipe */
export const recipesNamed = (names: readonly string[]): Promise<(string | Recipe)[]> =>
  Promise.all(names.map((name) => (isRecipeFile(name) ? loadRecipe(name) : name)));
