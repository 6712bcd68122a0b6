import { basename, extname, join, resolve } from 'node:path';
import { changeOf, mergeChanges } from '../config/changes.ts';
import type { Config, ConfigChanges } from '../config/index.ts';
import { ConfigError } from '../errors.ts';
import { isRecipeFile, loadRecipe, resolveChanges } from '../models/index.ts';
import { createModel } from '../train/index.ts';
import type { StudyPlan } from './file.ts';

/** One run of a study. */
export interface StudyRow {
  /** Its run's folder has this name too. */
  readonly name: string;
  readonly config: Config;
}

/** The folder of a row's run in that of its study. */
export const runFolder = (folder: string, { name }: StudyRow): string => join(folder, 'runs', name);

/** All rows of a study in their order, each with a configuration that its recipe accepts.
 *  @throws ConfigError that names the row: what `resolveConfig` throws, recipe_missing, study_duplicate */
export async function rowsOf(plan: StudyPlan): Promise<StudyRow[]> {
  const rows: StudyRow[] = [];
  for (const { name, changes } of combinations(plan)) rows.push({ name, config: await configOf(plan, name, changes) });
  expectDistinct(plan, rows);
  return rows;
}

interface Combination {
  readonly name: string;
  readonly changes: ConfigChanges;
}

/** Every row of `rows` with every combination of the values of `vary`, the last key changing fastest. */
function combinations({ base = {}, rows, vary = {} }: StudyPlan): Combination[] {
  const explicit = rows?.map(({ name, ...changes }, index) => ({ name: name ?? `row-${index + 1}`, changes }));
  const start = (explicit ?? [{ name: '', changes: {} }]).map(({ name, changes }) => ({
    name,
    changes: mergeChanges(base, changes),
  }));
  return Object.entries(vary).reduce<Combination[]>(
    (found, [key, values]) =>
      found.flatMap(({ name, changes }) =>
        values.map((value) => ({
          name: [name, nameOfValue(key, value)].filter(Boolean).join('-'),
          changes: mergeChanges(changes, changeOf(key, value)),
        })),
      ),
    start,
  );
}

/** `model.kernel` 3 -> kernel-3; a word says by itself what it is. */
function nameOfValue(key: string, value: unknown): string {
  const isFile = key === 'recipe' && typeof value === 'string' && isRecipeFile(value);
  const word = isFile ? basename(value, extname(value)) : value;
  const said = typeof word === 'string' ? word : `${key.split('.').at(-1)}-${JSON.stringify(word)}`;
  // A name such as `..` would be another folder.
  return said
    .replaceAll(/[^\w.=-]+/g, '_')
    .replace(/^[.-]+/, '_')
    .slice(0, 80);
}

async function configOf(plan: StudyPlan, name: string, changes: ConfigChanges): Promise<Config> {
  const where = `${plan.place}, row '${name}'`;
  try {
    const config = resolveChanges(await withRecipe(plan, changes));
    // What its networks and its game refuse is told before the first row is trained.
    createModel(config);
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.code, `${where}: ${error.message}`, { cause: error });
  }
}

/** The changes with the recipe of a file, seen from the folder of the study's file. */
async function withRecipe({ folder }: StudyPlan, changes: ConfigChanges): Promise<ConfigChanges> {
  const { recipe } = changes;
  if (recipe === undefined)
    throw new ConfigError('recipe_missing', 'expected a key "recipe", in `base`, in the row or in `vary`');
  return typeof recipe === 'string' && isRecipeFile(recipe)
    ? { ...changes, recipe: await loadRecipe(resolve(folder, recipe)) }
    : changes;
}

function expectDistinct({ place }: StudyPlan, rows: readonly StudyRow[]): void {
  const [names, configs] = [new Set<string>(), new Map<string, string>()];
  for (const { name, config } of rows) {
    // Some file systems take names for one that differ in case alone.
    const folder = name.toLowerCase();
    if (names.has(folder))
      throw new ConfigError(
        'study_duplicate',
        `${place}: two rows are called '${name}'; give each row of \`rows\` a \`name\` of its own`,
      );
    names.add(folder);
    const text = JSON.stringify(config);
    const other = configs.get(text);
    if (other !== undefined)
      throw new ConfigError(
        'study_duplicate',
        `${place}: the rows '${other}' and '${name}' are the same run; leave one out, or give them another \`seed\``,
      );
    configs.set(text, name);
  }
}
