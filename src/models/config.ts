import type { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { didYouMean } from '../suggest.ts';
import { findRecipe, recipes } from './recipes.ts';
import { type Config, configSchema } from './schema.ts';

/** Some keys of a configuration, nested as it is. */
export type ConfigChanges = { readonly [key: string]: unknown };

/** The whole configuration of a recipe with some keys changed. The recipe is `changes.recipe`.
 *  @throws ConfigError for an unknown recipe, unknown keys (with the nearest known one) and values out of range */
export function resolveConfig(changes: ConfigChanges): Config {
  const { recipe: name } = changes;
  const recipe = typeof name === 'string' ? findRecipe(name) : undefined;
  if (!recipe) {
    const known = recipes.map((r) => r.name);
    throw new ConfigError(
      'unknown_recipe',
      `there is no recipe '${String(name)}'.${didYouMean(String(name), known)} Known recipes: ${known.join(', ')}.`,
    );
  }
  const defaults = withoutOverriddenOptimizers(recipe.defaults, changes);
  return validateConfig(merge(defaults, changes));
}

/** Checks a configuration that claims to be whole, such as that of a run folder. @throws ConfigError */
export function validateConfig(value: unknown): Config {
  const result = configSchema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `  ${describeIssue(issue, value)}`);
  throw new ConfigError('invalid_config', `the configuration cannot be used:\n${problems.join('\n')}`);
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

const isGroup = (value: unknown): value is ConfigChanges => typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(base: ConfigChanges, changes: ConfigChanges): ConfigChanges {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const before = merged[key];
    merged[key] = isGroup(before) && isGroup(value) ? merge(before, value) : value;
  }
  return merged;
}

function describeIssue(issue: z.core.$ZodIssue, config: unknown): string {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(issue.path);
    const [key] = issue.keys as [string];
    const full = path === '' ? key : `${path}.${key}`;
    return `'${full}' is no key of the configuration.${didYouMean(key, known)} Known here: ${known.join(', ')}.`;
  }
  const received = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], config);
  return `${path}: ${issue.message.replace(/^Invalid (input|option): /, '')}, but received ${JSON.stringify(received)}`;
}

function keysAt(path: readonly PropertyKey[]): string[] {
  let shape: Record<string, unknown> = configSchema.shape;
  for (const key of path) shape = (shape[String(key)] as { shape: Record<string, unknown> }).shape;
  return Object.keys(shape);
}
