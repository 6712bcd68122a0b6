import { type ConfigChanges, changeOf, mergeChanges } from '../config/changes.ts';
import { isUseOf, type KeyUse, leavesOf, type UnusableValue, unreadChanges, unusableIn } from '../config/keys.ts';
import { RUN_KEYS } from '../config/run_keys.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import type { Recipe } from './recipe.ts';
import { recipes } from './recipes.ts';

/** Refuses changes of a recipe's defaults that would have no effect: they would make the record of a run false.
 *  @throws ConfigError unread_key, unusable_value */
export function expectEffects(recipe: Recipe, config: Config): void {
  expectUsable(recipe, config);
  const unread = unreadChanges(config, recipe.defaults, readersOf(recipe));
  if (unread.length === 0) return;
  const lines = unread.map((key) => `  ${key}: ${whoReads(key, recipe)}`);
  throw new ConfigError(
    'unread_key',
    `these keys were changed, but have no effect with recipe '${recipe.name}':\n${lines.join('\n')}\n  Leave them out.`,
  );
}

/** A configuration without the changes that have no effect. @throws ConfigError unusable_value for a value that no run can have had */
export function asActedOn(recipe: Recipe, config: Config): ConfigChanges {
  const replaced = unusableValues(recipe, config).flatMap(({ key, formerly }) =>
    formerly === undefined ? [] : [changeOf(key, formerly)],
  );
  const usable = replaced.reduce(mergeChanges, config) as Config;
  expectUsable(recipe, usable);
  const unread = unreadChanges(usable, recipe.defaults, readersOf(recipe));
  return unread.map((key) => usualOf(recipe, key)).reduce(mergeChanges, usable);
}

/** The change that gives a key the recipe's value. A group that the recipe does not have, such as `evaluatedBy`, goes as a whole. */
function usualOf({ defaults }: Recipe, key: string): ConfigChanges {
  const [group] = key.split('.') as [string];
  return group in defaults ? changeOf(key, leavesOf(defaults).get(key)) : changeOf(group, undefined);
}

/** All that reads the configuration of a recipe. */
export const readersOf = ({ keys, game }: Recipe): KeyUse[] => [...RUN_KEYS, ...keys, ...game.keys];

const unusableValues = ({ game, unusable = [] }: Recipe, config: Config): UnusableValue[] =>
  unusableIn(config, [...unusable, ...game.unusable, ...(game.convergence === undefined ? [PLATEAU] : [])]);

const PLATEAU: UnusableValue = {
  key: 'learningRateDecay.kind',
  value: 'plateau',
  reason: 'it waits for a measure of convergence, which only the game of the recipe began has. Choose stepped',
  formerly: 'none',
};

function expectUsable(recipe: Recipe, config: Config): void {
  const [found] = unusableValues(recipe, config);
  if (!found) return;
  const { key, value, reason } = found;
  throw new ConfigError('unusable_value', `${key}: '${value}' cannot be used with recipe '${recipe.name}': ${reason}.`);
}

function whoReads(key: string, recipe: Recipe): string {
  const conditions = readersOf(recipe).flatMap((use) => (isUseOf(use, key) && use.when ? [use.when.said] : []));
  if (conditions.length > 0) return `it is read only if ${conditions.join(', or ')}`;
  const others = recipes.filter((other) => readersOf(other).some((use) => isUseOf(use, key)));
  return others.length === 0 ? 'nothing reads it' : `it is read by ${others.map(({ name }) => name).join(', ')}`;
}
