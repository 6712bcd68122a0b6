import type { z } from 'zod';
import { type ConfigChanges, mergeChanges } from '../config/changes.ts';
import { bothSides, oneForm } from '../config/image_size.ts';
import { type Config, configSchema } from '../config/schema.ts';
import type { Settings, Some } from '../config/settings.ts';
import { ConfigError } from '../errors.ts';
import type { Gan } from '../games/index.ts';
import { OPTIMIZER_DEFAULTS } from '../optim/index.ts';
import { didYouMean } from '../suggest.ts';
import { asActedOn, expectEffects } from './effects.ts';
import type { Recipe } from './recipe.ts';
import { carrying, recipeOf } from './recipes.ts';

/** What a program says of a run: a recipe, by its name or itself, and the keys that differ from its defaults. O is the keys of an own
 *  recipe. */
export type RecipeSettings<O extends object = object> = Settings & {
  readonly recipe: string | Recipe<Gan, O>;
  readonly options?: NoInfer<Some<O>> | undefined;
};

/** The whole configuration of a recipe with some keys changed.
 *  @throws ConfigError for an unknown recipe, unknown keys (with the nearest known one), values out of range, and changes that would
 *  have no effect */
export const resolveConfig = <O extends object>(settings: RecipeSettings<O>): Config => resolveChanges(settings);

/** The same of changes whose keys only the schema knows, such as those of a file or a command line. @throws as resolveConfig */
export function resolveChanges(changes: ConfigChanges): Config {
  const recipe = recipeOf(changes);
  const config = fillIn(recipe, changes);
  expectEffects(recipe, config);
  return carrying(config, recipe);
}

/** The configuration that a run of a recipe was trained with. Changes without effect, which version 0.1 took without a word, give way to
 *  what it did in fact. @throws ConfigError as resolveConfig, but for those */
export function recallConfig(written: ConfigChanges, recipe = recipeOf(written)): Config {
  return validateConfig(asActedOn(recipe, fillIn(recipe, written)), recipe);
}

/** Checks a configuration that claims to be whole, such as that of a run folder. @throws ConfigError */
export const validateConfig = (value: object, recipe = recipeOf(value)): Config =>
  carrying(parseConfig(value, recipe.options), recipe);

/** A configuration with changes of a recipe's defaults. @throws ConfigError */
export function fillIn(
  { name, defaults, options }: Pick<Recipe, 'name' | 'defaults' | 'options'>,
  changes: ConfigChanges,
): Config {
  const usual = withoutOverriddenOptimizers(defaults, changes);
  return parseConfig(mergeChanges(usual, { ...changes, recipe: name }), options);
}

/** @param options what the keys of an own recipe may be */
function parseConfig(value: unknown, options: Recipe['options']): Config {
  const schema = options ? configSchema.extend({ options }) : configSchema;
  const result = schema.safeParse(value);
  if (result.success) {
    for (const player of ['generator', 'discriminator'] as const) expectOptimizerKeys(player, result.data[player]);
    return { ...result.data, size: oneForm(bothSides(result.data.size)) } as Config;
  }
  const problems = result.error.issues.map((issue) => `  ${describeIssue(issue, value, schema)}`);
  throw new ConfigError('invalid_config', `the configuration cannot be used:\n${problems.join('\n')}`);
}

function expectOptimizerKeys(
  player: string,
  { name, learningRate: _, clip: __, ...settings }: Config['generator'],
): void {
  const known = Object.keys(OPTIMIZER_DEFAULTS[name]);
  const unknown = Object.keys(settings).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const all = ['name', 'learningRate', 'clip', ...known].join(', ');
  throw new ConfigError(
    'unknown_setting',
    `${player}: optimiser '${name}' has no setting '${unknown}'; it has ${all}.`,
  );
}

/** Settings of one optimiser mean nothing to another: naming a new one drops the recipe's settings but the learning rate. */
function withoutOverriddenOptimizers(defaults: Config, changes: ConfigChanges): ConfigChanges {
  const reset = (player: 'generator' | 'discriminator') => {
    const chosen = (changes[player] as ConfigChanges | undefined)?.name;
    const { name, learningRate } = defaults[player];
    return chosen === undefined || chosen === name ? defaults[player] : { name, learningRate };
  };
  return { ...defaults, generator: reset('generator'), discriminator: reset('discriminator') };
}

function describeIssue(issue: z.core.$ZodIssue, config: unknown, schema: z.ZodObject): string {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const prefix = path === '' ? '' : `${path}.`;
    const known = keysAt(issue.path, schema).map((key) => prefix + key);
    const key = prefix + issue.keys[0];
    return `'${key}' is no key of the configuration.${didYouMean(key, known)} Known here: ${known.join(', ')}.`;
  }
  const received = issue.path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    config,
  );
  const suggestion = issue.code === 'invalid_value' ? didYouMean(String(received), issue.values.map(String)) : '';
  return `${path}: ${expectationOf(issue)}, but received ${JSON.stringify(received)}.${suggestion}`;
}

/** What an issue says was expected, such as `expected number or "glorot"`. */
function expectationOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union' || issue.message.startsWith('expected '))
    return issue.message.replace(/^Invalid (input|option): |, received .*$/g, '');
  const choices = issue.errors.flat().map((choice) => expectationOf(choice).replace(/^expected /, ''));
  return `expected ${[...new Set(choices)].join(' or ')}`;
}

function keysAt(path: readonly PropertyKey[], schema: z.ZodObject): string[] {
  let shape: Record<string, unknown> = schema.shape;
  for (const key of path) shape = (shape[String(key)] as { shape: Record<string, unknown> }).shape;
  return Object.keys(shape);
}
