import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '../../errors.ts';
import { errno, type JsonValue, replaceFile, storageError } from './durable.ts';
import type { Environment } from './environment.ts';
import { runReadme } from './readme.ts';
import { shellWord } from './shell.ts';

/** What a run folder says of its run. */
export interface Run {
  readonly folder: string;
  /** As it was written; the recipe's schema has yet to check it. */
  readonly config: JsonValue;
  readonly environment: Environment;
}

/** How to start a run. */
export interface NewRun {
  readonly recipe: string;
  /** Everything that `resume` needs to build the same networks and data. */
  readonly config: JsonValue;
  readonly environment: Environment;
  /** The folder asked for; without one, `<root>/<recipe>-<date>-<time>`. */
  readonly out?: string;
  /** Where unnamed runs go. Default `runs`. */
  readonly root?: string;
}

const CONFIG_FILE = 'config.json';
const ENVIRONMENT_FILE = 'environment.json';

/** Files and folders of a run, which must not be there yet when it starts. */
const RUN_ENTRIES = [CONFIG_FILE, ENVIRONMENT_FILE, 'README.md', 'metrics.jsonl', 'log.txt', 'samples', 'checkpoints'];

/** Makes a run's folder with config.json, environment.json, README.md and an empty samples/.
 *  @throws CheckpointError `run_exists` if the folder holds a run or files of the same names; `disk_full`, `not_writable`,
 *  `storage_failed` */
export async function createRunFolder({ recipe, config, environment, out, root = 'runs' }: NewRun): Promise<Run> {
  const wanted = out ?? join(root, `${recipe}-${timestamp(environment.startedAt)}`);
  try {
    const folder = out === undefined ? await claimFolder(root, wanted) : await claimNamedFolder(wanted);
    await mkdir(join(folder, 'samples'));
    await replaceFile(join(folder, ENVIRONMENT_FILE), toText(environment));
    await replaceFile(join(folder, 'README.md'), runReadme(folder, recipe));
    // Last, since a folder with a config.json is a run.
    await replaceFile(join(folder, CONFIG_FILE), toText(config));
    return { folder, config, environment };
  } catch (error) {
    throw storageError(error, 'create run folder', wanted);
  }
}

/** Replaces a run's config.json, as a whole or not at all. @throws CheckpointError */
export async function rewriteConfig(folder: string, config: JsonValue): Promise<void> {
  const path = join(folder, CONFIG_FILE);
  await replaceFile(path, toText(config)).catch((error: unknown) => {
    throw storageError(error, 'write', path);
  });
}

/** Reads a run folder back. @throws CheckpointError `run_missing` if it is no run folder, `run_corrupt` if a file is damaged */
export async function readRunFolder(folder: string): Promise<Run> {
  return {
    folder,
    config: (await readJson(folder, CONFIG_FILE)) as JsonValue,
    environment: (await readJson(folder, ENVIRONMENT_FILE)) as Environment,
  };
}

async function readJson(folder: string, name: string): Promise<unknown> {
  const path = join(folder, name);
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    if (cause instanceof SyntaxError)
      throw new CheckpointError(
        'run_corrupt',
        `${path} is damaged: it is not JSON (${cause.message}). Restore it from a copy.`,
        { cause },
      );
    if (errno(cause) === 'ENOENT' || errno(cause) === 'ENOTDIR')
      throw new CheckpointError(
        'run_missing',
        `${folder} is no run folder: it has no ${name}. Name the folder that \`gannet train\` made, such as runs/dcgan-...`,
        { cause },
      );
    throw storageError(cause, 'read', path);
  }
}

const toText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** `2026-11-22T03:10:45.123Z` -> `20261122-031045`. */
const timestamp = (iso: string): string => iso.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');

/** Makes a folder that was not there, counting up if another run took the name in the same second. */
async function claimFolder(root: string, wanted: string): Promise<string> {
  await mkdir(root, { recursive: true });
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
  await mkdir(folder, { recursive: true });
  const taken = (await readdir(folder)).filter((name) => RUN_ENTRIES.includes(name));
  if (taken.length === 0) return folder;
  const problem = taken.includes(CONFIG_FILE)
    ? `already holds a run, which is never overwritten. Go on with it by \`gannet resume ${shellWord(folder)}\``
    : `holds ${taken.join(', ')}, which a run would overwrite. Move that away`;
  throw new CheckpointError('run_exists', `${folder} ${problem}, or choose another folder with --out.`);
}
