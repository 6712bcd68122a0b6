import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../../durable.ts';
import { CheckpointError, ConfigError } from '../../errors.ts';
import { parseJson, readRegularFile } from '../../files.ts';
import { loadRecipe, type Recipe, type RecipeSources, readSources } from '../../models/index.ts';
import { errno, storageError } from '../../storage.ts';
import type { Change } from '../changes.ts';
import { shellWord } from './shell.ts';

/** The folder of a run that holds the modules of its own recipe. */
export const RECIPE_FOLDER = 'recipe';
/** What is told of them. */
export const RECIPE_MANIFEST = 'recipe.json';

const manifestSchema = z.object({
  /** The recipe's file, within the folder. */
  file: z.string(),
  /** Where it was loaded from, an absolute path. */
  from: z.string(),
  /** SHA-256 of all modules. */
  sha256: z.string(),
});

/** What a run's folder says of the modules that it keeps of its own recipe. */
export type KeptRecipe = Readonly<z.infer<typeof manifestSchema>>;

/** Keeps the modules of a run's own recipe in its folder, so that the run outlives changes of them. A recipe of gannet, or one that a
 *  program has made without a file, leaves nothing. @throws the file system's own error */
export async function keepRecipe(folder: string, { sources }: Recipe): Promise<void> {
  if (!sources) return;
  const { texts, hash } = sources;
  const place = join(folder, RECIPE_FOLDER);
  await rm(`${place}.tmp`, { recursive: true, force: true });
  for (const [name, text] of texts) {
    const path = join(`${place}.tmp`, name);
    await mkdir(dirname(path), { recursive: true });
    await replaceFile(path, text);
  }
  await rm(place, { recursive: true, force: true });
  await rename(`${place}.tmp`, place);
  const manifest: KeptRecipe = { file: fileIn(sources), from: sources.file, sha256: hash };
  await replaceFile(join(folder, RECIPE_MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

const fileIn = ({ file, folder }: RecipeSources): string =>
  file
    .slice(folder.length)
    .replace(/^[\\/]/, '')
    .replaceAll('\\', '/');

/** Keeps the modules of a recipe that a run goes on with in place of those before. Answers how they differ, by their hashes.
 *  @throws CheckpointError as `storageError` */
export async function replaceRecipe(folder: string, recipe: Recipe): Promise<Change[]> {
  if (!recipe.sources) return [];
  const { hash } = recipe.sources;
  const before = await readKeptRecipe(folder);
  if (before?.sha256 === hash) return [];
  await keepRecipe(folder, recipe).catch((error: unknown) => {
    throw storageError(error, 'write', join(folder, RECIPE_FOLDER));
  });
  return [{ key: 'recipe', from: before?.sha256 ?? null, to: hash }];
}

/** What a run keeps of its own recipe; undefined if it has none or was made by a program without a file.
 *  @throws CheckpointError run_corrupt, and as `storageError` */
export async function readKeptRecipe(folder: string): Promise<KeptRecipe | undefined> {
  const path = join(folder, RECIPE_MANIFEST);
  try {
    return manifestSchema.parse(parseJson(String(await readRegularFile(path))));
  } catch (cause) {
    if (errno(cause) === 'ENOENT' || errno(cause) === 'ENOTDIR') return undefined;
    if (errno(cause) !== undefined) throw storageError(cause, 'read', path);
    throw new CheckpointError(
      'run_corrupt',
      `${path} is damaged. Restore it from a copy, or name the file of the recipe with --recipe.`,
      { cause },
    );
  }
}

/** Loads the recipe from what a run keeps of it; undefined if it keeps nothing.
 *  @throws ConfigError recipe_copy_changed, and as loadRecipe; CheckpointError */
export async function openKeptRecipe(folder: string): Promise<Recipe | undefined> {
  const kept = await readKeptRecipe(folder);
  if (!kept) return undefined;
  const path = join(folder, RECIPE_FOLDER, kept.file);
  if (readSources(path).hash !== kept.sha256) {
    throw new ConfigError(
      'recipe_copy_changed',
      `${join(folder, RECIPE_FOLDER)}: the modules there are not those that the run was trained by. Restore them, or take them as they are now by --recipe ${shellWord(path)}.`,
    );
  }
  return loadRecipe(path);
}

/** What has become of the file that a run's recipe was loaded from, a sentence; undefined if it is as it was, or unknown. */
export async function fateOfRecipe(folder: string): Promise<string | undefined> {
  const kept = await readKeptRecipe(folder);
  if (!kept) return undefined;
  const fate = changeOf(kept);
  return (
    fate &&
    `${kept.from} ${fate} since the run began, which goes on with the copy of it in ${join(folder, RECIPE_FOLDER)}`
  );
}

function changeOf({ from, sha256 }: KeptRecipe): string | undefined {
  try {
    return readSources(from).hash === sha256 ? undefined : 'or a module beside it has changed';
  } catch {
    return 'has moved';
  }
}
