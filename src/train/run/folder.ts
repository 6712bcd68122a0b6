import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type JsonValue, replaceFile } from '../../durable.ts';
import { CheckpointError } from '../../errors.ts';
import { makeFolder, parseJson, readRegularFile } from '../../files.ts';
import type { Recipe } from '../../models/index.ts';
import { errno, storageError } from '../../storage.ts';
import type { Environment } from './environment.ts';
import { keepRecipe, RECIPE_FOLDER, RECIPE_MANIFEST } from './kept_recipe.ts';
import { runReadme } from './readme.ts';
import { shellWord } from './shell.ts';
import { sittingsSchema } from './sittings.ts';

/** What a run folder says of its run. */
export interface Run {
  readonly folder: string;
  /** As it was written; the recipe's schema has yet to check it. */
  readonly config: { readonly [key: string]: JsonValue };
  /** Undefined if the run was killed before it was written; runs of version 0.1 lack `data`, and have no sittings. */
  readonly environment?: Omit<Environment, 'data'> & { readonly data?: string };
}

/** How to start a run. */
export interface NewRun {
  /** What made the networks; its modules are kept if it is an own one from a file. */
  readonly recipe: Recipe;
  /** Everything that `resume` needs to build the same networks and data. */
  readonly config: Run['config'];
  readonly environment: Environment;
  /** The folder asked for; without one, `<root>/<recipe>-<date>-<time>`. */
  readonly out?: string;
  /** Where unnamed runs go. Default `runs`. */
  readonly root?: string;
}

const CONFIG_FILE = 'config.json';
const ENVIRONMENT_FILE = 'environment.json';

/** Files and folders of a run, which must not be there yet when it starts. */
const RUN_ENTRIES = [
  ...[
    CONFIG_FILE,
    ENVIRONMENT_FILE,
    'README.md',
    'metrics.jsonl',
    'histograms.jsonl',
    'log.txt',
    'samples',
    'checkpoints',
  ],
  ...[RECIPE_MANIFEST, RECIPE_FOLDER],
];

/** Makes a run's folder with config.json, environment.json, README.md and an empty samples/. A kill on the way leaves a run that
 *  can be taken up, or a folder that another can be started in.
 *  @throws CheckpointError `run_exists` if the folder holds a run or files of the same names; `disk_full`, `not_writable`,
 *  `storage_failed`, with nothing of a run left behind */
export async function createRunFolder({ recipe, config, environment, out, root = 'runs' }: NewRun): Promise<Run> {
  const wanted = out ?? join(root, `${recipe.name}-${timestamp(environment.startedAt)}`);
  try {
    const folder = out === undefined ? await claimFolder(root, wanted) : await claimNamedFolder(wanted);
    await fill(folder, recipe, config, environment).catch(async (error: unknown) => {
      await Promise.all(RUN_ENTRIES.map((name) => rm(join(folder, name), { recursive: true, force: true })));
      throw error;
    });
    return { folder, config, environment };
  } catch (error) {
    throw storageError(error, 'create run folder', wanted, 'choose a folder on another disk with --out');
  }
}

async function fill(folder: string, recipe: Recipe, config: NewRun['config'], environment: Environment): Promise<void> {
  // First, since a folder with a config.json is a run, and the rest can be made up for.
  await replaceFile(join(folder, CONFIG_FILE), toText(config));
  await keepRecipe(folder, recipe);
  await mkdir(join(folder, 'samples'));
  await replaceFile(join(folder, 'README.md'), runReadme(folder, recipe.name));
  await replaceFile(join(folder, ENVIRONMENT_FILE), toText(environment));
}

/** Replaces a run's config.json, as a whole or not at all. @throws CheckpointError */
export const rewriteConfig = (folder: string, config: JsonValue): Promise<void> => rewrite(folder, CONFIG_FILE, config);

/** Replaces a run's environment.json, as a whole or not at all. @throws CheckpointError */
export const rewriteEnvironment = (folder: string, environment: NonNullable<Run['environment']>): Promise<void> =>
  rewrite(folder, ENVIRONMENT_FILE, environment);

async function rewrite(folder: string, name: string, value: unknown): Promise<void> {
  const path = join(folder, name);
  await replaceFile(path, toText(value)).catch((error: unknown) => {
    throw storageError(error, 'write', path);
  });
}

/** Where a run's configuration lies. */
export const configPath = (folder: string): string => join(folder, CONFIG_FILE);

/** Reads a run folder back. @throws CheckpointError `run_missing` if it is no run folder, `run_corrupt` if a file is damaged,
 *  `not_a_file`, `not_writable`, `storage_failed` */
export async function readRunFolder(folder: string): Promise<Run> {
  const config = await readObject(folder, CONFIG_FILE);
  if (config === undefined)
    throw new CheckpointError(
      'run_missing',
      `${folder} is no run folder: it has no ${CONFIG_FILE}. Name the folder that \`gannet train\` made, such as runs/dcgan-...`,
    );
  const environment = await readObject(folder, ENVIRONMENT_FILE);
  return {
    folder,
    config: config as Run['config'],
    ...(environment && { environment: environmentSchema.parse(environment) as unknown as Environment }),
  };
}

// What is read of it; the rest is for people.
const texts = z.array(z.string());
const weightsSchema = z.object({ run: z.string(), step: z.number(), sha256: z.string(), anew: texts, differ: texts });
const environmentSchema = z.looseObject({
  data: z.string().optional().catch(undefined),
  weights: weightsSchema.optional(),
  sittings: sittingsSchema,
});

/** Undefined if there is no such file. */
async function readObject(folder: string, name: string): Promise<object | undefined> {
  const path = join(folder, name);
  const damaged = (problem: string, cause?: unknown) =>
    new CheckpointError('run_corrupt', `${path} is damaged: ${problem}. Restore it from a copy.`, { cause });
  let value: unknown;
  try {
    value = parseJson(String(await readRegularFile(path)));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw damaged(`it is not JSON (${cause.message})`, cause);
    if (errno(cause) === 'ENOENT' || errno(cause) === 'ENOTDIR') return undefined;
    throw storageError(cause, 'read', path);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw damaged('it holds no JSON object of keys');
}

const toText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** `2026-11-22T03:10:45.123Z` -> `20261122-031045`. */
const timestamp = (iso: string): string => iso.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');

/** Makes a folder that was not there, counting up if another run took the name in the same second. */
async function claimFolder(root: string, wanted: string): Promise<string> {
  await makeFolder(root);
  for (let count = 1; ; count++) {
    const folder = count === 1 ? wanted : `${wanted}-${count}`;
    try {
      await mkdir(folder);
      return folder;
    } catch (error) {
      if (errno(error) !== 'EEXIST') throw error;
    }
  }
}

async function claimNamedFolder(folder: string): Promise<string> {
  await makeFolder(folder);
  const taken = (await readdir(folder)).filter((name) => RUN_ENTRIES.includes(name));
  if (taken.length === 0) return folder;
  const problem = taken.includes(CONFIG_FILE)
    ? `already holds a run, which is never overwritten. Go on with it by \`gannet resume ${shellWord(folder)}\``
    : `holds ${taken.join(', ')}, which a run would overwrite. Move that away`;
  throw new CheckpointError('run_exists', `${folder} ${problem}, or choose another folder with --out.`);
}
