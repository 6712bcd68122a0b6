import { dirname, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { changeOf } from '../config/changes.ts';
import { bothSides, parseSize, type SizeSetting } from '../config/image_size.ts';
import { type Config, type ConfigChanges, configJsonSchema, type DeviceKeys, mergeChanges } from '../config/index.ts';
import { ConfigError } from '../errors.ts';
import { parseJson, readRegularFileSync, statOf } from '../files.ts';
import { findRecipe, isRecipeFile, loadRecipe, recipes, resolveChanges } from '../models/index.ts';

/** Options of commands that take a recipe or a configuration file; each changes the key of its name, but for `set`, and
 *  `labels`, which names `labelFile`. */
export interface ConfigOptions extends DeviceKeys {
  readonly data?: string;
  readonly labels?: string;
  readonly attributes?: string[];
  readonly size?: SizeSetting;
  readonly channels?: number;
  readonly batch?: number;
  readonly steps?: number;
  readonly epochs?: number;
  readonly seed?: number;
  readonly stopOnCollapse?: boolean;
  readonly set: readonly string[];
}

/** Parses an option's number; what numbers are allowed, the configuration's schema tells. */
export function parseNumber(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError('It should be a number.');
  return value;
}

/** Parses an option that counts something. */
export const parseCount =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = parseNumber(text);
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? `, ${least} or more` : ` from ${least} to ${most}`;
      throw new InvalidArgumentError(`It should be a whole number${range}.`);
    }
    return value;
  };

/** Parses the size of images, the width first, both sides at least `least`: `64`, `96x64`. */
export const parseImageSize =
  (least: number) =>
  (text: string): SizeSetting => {
    const size = parseSize(text);
    if (size === undefined || Math.min(...bothSides(size)) < least) {
      const range = least > 1 ? `, ${least} or more` : '';
      throw new InvalidArgumentError(
        `It should be whole pixels${range}: one number for both sides, or width and height, such as 96x64.`,
      );
    }
    return size;
  };

/** Gathers what a repeated option is given. */
export const collect = (value: string, previous: readonly string[]): string[] => [...previous, value];

/** Adds the recipe argument and the options that every command about a configuration has. */
export const addConfigOptions = (command: Command): Command =>
  command
    .argument(
      '<recipe>',
      'a recipe (`gannet recipes` lists them), the file of one of your own (.ts, .mts, .js, .mjs), or a JSON file with a `recipe` and other keys',
    )
    .option('--size <pixels>', 'size of the images: 64, or 96x64 for 96 wide and 64 high', parseImageSize(1))
    .option(
      '--channels <count>',
      '1: grey, 3: colour, 4: colour and transparency (default: what the recipe says)',
      parseNumber,
    )
    .option('--batch <images>', 'images per update', parseNumber)
    .option('--set <key=value>', 'any key, such as model.width=64 (may be repeated; `gannet schema`)', collect, []);

/** The configuration that a command line asks for: the recipe's defaults, changed by the file, the options and --set, the
 *  later ones winning. @throws ConfigError */
export const configFrom = async (source: string, options: ConfigOptions): Promise<Config> =>
  resolveChanges(await changesFrom(source, options));

/** What a command line changes of a recipe's defaults. @throws ConfigError */
export async function changesFrom(source: string, { set, ...options }: ConfigOptions): Promise<ConfigChanges> {
  const stop = options.stopOnCollapse ? { health: { onCollapse: 'stop' } } : {};
  const labels = options.labels === undefined ? {} : { labelFile: options.labels };
  const layers = [await readSource(source), definedKeys(options), labels, stop, parseAssignments(set)];
  return layers.reduce(mergeChanges);
}

const KEYS = [
  'data',
  'attributes',
  'size',
  'channels',
  'batch',
  'steps',
  'epochs',
  'seed',
  'device',
  'threads',
  'precision',
] as const;

/** Commands have options of their own besides; only those that are keys count. */
const definedKeys = (options: Omit<ConfigOptions, 'set'>): ConfigChanges =>
  Object.fromEntries(KEYS.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])));

async function readSource(source: string): Promise<ConfigChanges> {
  if (findRecipe(source)) return { recipe: source };
  if (isRecipeFile(source)) return { recipe: await loadRecipe(source) };
  const isFile = statOf(source)?.isFile() ?? false;
  return isFile || source.endsWith('.json') ? readConfigFile(source) : { recipe: source };
}

/** The changes of a JSON file. Its recipe may be a file too, seen from the folder that the JSON file lies in. */
async function readConfigFile(path: string): Promise<ConfigChanges> {
  const { $schema: _, ...keys } = parseConfigFile(path);
  const { recipe } = keys;
  if (typeof recipe === 'string' && isRecipeFile(recipe))
    return { ...keys, recipe: await loadRecipe(resolve(dirname(path), recipe)) };
  if (recipe !== undefined) return keys;
  const known = recipes.map(({ name }) => name).join(', ');
  throw new ConfigError('recipe_missing', `${path}: expected a key "recipe", which names one of ${known}, or a file`);
}

function parseConfigFile(path: string): ConfigChanges {
  let value: unknown;
  try {
    value = parseJson(String(readRegularFileSync(path)));
  } catch (cause) {
    const problem = cause instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new ConfigError('config_file', `${path}: the configuration ${problem}: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as ConfigChanges;
  throw new ConfigError('config_file', `${path}: expected a JSON object of keys, such as {"recipe": "dcgan-digits"}`);
}

/** What --set asks for, all of it as one set of changes, in which the later ones win. @throws ConfigError set_syntax */
export const parseAssignments = (texts: readonly string[]): ConfigChanges =>
  texts.map(parseAssignment).reduce(mergeChanges, {});

/** `model.width=64` -> { model: { width: 64 } }. The value is JSON, or else a string as it stands; of a key that is a list, names with commas
 *  between them too: `extractor.labels=7,9`. */
function parseAssignment(text: string): ConfigChanges {
  const [, path, value] = /^([\w.-]+)=(.*)$/s.exec(text) ?? [];
  if (path === undefined || value === undefined) {
    throw new ConfigError(
      'set_syntax',
      `--set expects key=value, such as --set model.width=64, but received '${text}'`,
    );
  }
  return changeOf(path, isList(path) && !value.startsWith('[') ? value.split(',').filter(Boolean) : parseValue(value));
}

interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
}

/** Whether the value of a key is a list. */
function isList(path: string): boolean {
  let node: SchemaNode | undefined = configJsonSchema() as SchemaNode;
  for (const name of path.split('.')) node = node?.properties?.[name];
  return node?.type === 'array';
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
