import type { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { OPTIMIZER_DEFAULTS } from '../optim/index.ts';
import { didYouMean } from '../suggest.ts';
import type { Recipe } from './recipe.ts';
import { findRecipe, recipes } from './recipes.ts';
import { type Config, configSchema, type ModelConfig } from './schema.ts';

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
  expectModelKeys(recipe, changes);
  const defaults = withoutOverriddenOptimizers(recipe.defaults, changes);
  return validateConfig(mergeChanges(defaults, changes));
}

/** Checks a configuration that claims to be whole, such as that of a run folder. @throws ConfigError */
export function validateConfig(value: unknown): Config {
  const result = configSchema.safeParse(value);
  if (result.success) {
    for (const player of ['generator', 'discriminator'] as const) expectOptimizerKeys(player, result.data[player]);
    return result.data;
  }
  const problems = result.error.issues.map((issue) => `  ${describeIssue(issue, value)}`);
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

/** A recipe whose networks are fixed in a respect does not take a key that would change it. Saying its own value is no change. */
function expectModelKeys({ name, modelKeys, defaults }: Recipe, { model }: ConfigChanges): void {
  if (!isGroup(model)) return;
  const fixed = Object.entries(model).find(
    ([key, value]) =>
      key in defaults.model &&
      !modelKeys.includes(key as keyof ModelConfig) &&
      value !== defaults.model[key as keyof ModelConfig],
  );
  if (!fixed) return;
  const known = modelKeys.length === 0 ? 'none' : modelKeys.map((key) => `model.${key}`).join(', ');
  throw new ConfigError('fixed_key', `recipe '${name}' has no 'model.${fixed[0]}'. Of model, it has ${known}.`);
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

/** Two sets of changes as one, in which `changes` win. Steps replace epochs, since both say how long to train. */
export function mergeChanges({ epochs, ...base }: ConfigChanges, changes: ConfigChanges): ConfigChanges {
  const keepsEpochs = epochs !== undefined && changes.steps === undefined;
  return merge({ ...base, ...(keepsEpochs && { epochs }) }, changes);
}

const isGroup = (value: unknown): value is ConfigChanges =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(base: ConfigChanges, changes: ConfigChanges): ConfigChanges {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(changes)) {
    const before = merged.get(key);
    merged.set(key, isGroup(before) && isGroup(value) ? merge(before, value) : value);
  }
  // A key such as __proto__ becomes a property like any other, so that the schema can refuse it.
  return Object.fromEntries(merged);
}

function describeIssue(issue: z.core.$ZodIssue, config: unknown): string {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const prefix = path === '' ? '' : `${path}.`;
    const known = keysAt(issue.path).map((key) => prefix + key);
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
  if (issue.code !== 'invalid_union') return issue.message.replace(/^Invalid (input|option): |, received .*$/g, '');
  const choices = issue.errors.flat().map((choice) => expectationOf(choice).replace(/^expected /, ''));
  return `expected ${[...new Set(choices)].join(' or ')}`;
}

function keysAt(path: readonly PropertyKey[]): string[] {
  let shape: Record<string, unknown> = configSchema.shape;
  for (const key of path) shape = (shape[String(key)] as { shape: Record<string, unknown> }).shape;
  return Object.keys(shape);
}
