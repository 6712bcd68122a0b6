import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import { ConfigError } from '../../errors.ts';
import { readRegularFileSync, statOf } from '../../files.ts';

/** The modules that a recipe is made of: its file, and those that it imports by relative names. */
export interface RecipeSources {
  /** The file, an absolute path without links. */
  readonly file: string;
  /** The folder that all of them lie in. */
  readonly folder: string;
  /** Text by path within that folder, with slashes, in the order of the paths. */
  readonly texts: ReadonlyMap<string, string>;
  /** SHA-256 of all of them, hexadecimal. */
  readonly hash: string;
}

/** Endings of the files that may hold a recipe. */
const ENDINGS = ['.ts', '.mts', '.js', '.mjs'];

/** Whether a name is that of a file which may hold a recipe. */
export const isRecipeFile = (name: string): boolean => ENDINGS.includes(extname(name));

/** Reads the modules of a recipe. Names that are put together while a module runs are not seen.
 *  @throws ConfigError recipe_file for one that is missing or cannot be read */
export function readSources(path: string): RecipeSources {
  const file = realPath(path);
  const found = new Map<string, string>();
  const waiting = [file];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    const text = readModule(next, path);
    found.set(next, text);
    waiting.push(...importsOf(next, text));
  }
  const folder = commonFolder([...found.keys()]);
  const texts = new Map(
    [...found]
      .map(([name, text]): [string, string] => [relative(folder, name).split(sep).join('/'), text])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  return { file, folder, texts, hash: hashOf(texts) };
}

/** SHA-256 of modules by their paths. */
export function hashOf(texts: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [name, text] of texts) hash.update(`${name}\0${text}\0`);
  return hash.digest('hex');
}

function realPath(path: string): string {
  try {
    return realpathSync(resolve(path));
  } catch (cause) {
    throw unreadable(path, path, cause);
  }
}

function readModule(file: string, recipe: string): string {
  try {
    return String(readRegularFileSync(file));
  } catch (cause) {
    throw unreadable(file, recipe, cause);
  }
}

function unreadable(file: string, recipe: string, cause: unknown): ConfigError {
  const whose = file === recipe ? 'the file of a recipe' : `a module of the recipe ${recipe}`;
  return new ConfigError('recipe_file', `${file}: ${whose} cannot be read: ${(cause as Error).message}`, { cause });
}

const SPECIFIER = /\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"\n]+)['"]/g;

/** The files that a module imports by relative names; types are among them, since they cannot be told apart here. */
const importsOf = (file: string, text: string): string[] =>
  [...text.matchAll(SPECIFIER)].flatMap(([, name]) => resolveModule(join(dirname(file), name as string)) ?? []);

/** The file that an import means: the one of that name, or the TypeScript that a name in .js stands for. */
export function resolveModule(path: string): string | undefined {
  const typed = path.replace(/\.(m?)js$/, '.$1ts');
  return [path, typed].find((candidate) => statOf(candidate)?.isFile());
}

/** The deepest folder that all files lie in. */
function commonFolder(files: readonly string[]): string {
  let folder = dirname(files[0] as string);
  while (!files.every((file) => file.startsWith(folder.endsWith(sep) ? folder : folder + sep)))
    folder = dirname(folder);
  return folder;
}
