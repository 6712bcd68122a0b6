import * as nodeModule from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../errors.ts';
import type { Recipe } from '../recipe.ts';
import { isRecipe } from '../recipes.ts';
import * as hooks from './hooks.ts';
import { type RecipeSources, readSources } from './sources.ts';

/** The recipe that is the default export of a file, .ts, .mts, .js or .mjs. Its modules are read as ES modules; what they import from
 *  'gannet' is this gannet. TypeScript needs a Node that reads it, or the package esbuild.
 *  @throws ConfigError recipe_file, typescript_unread, recipe_throws, recipe_not_exported, and as `defineRecipe` */
export async function loadRecipe(path: string): Promise<Recipe> {
  const sources = readSources(path);
  expectReadable(sources);
  registerHooks();
  const { default: recipe } = await importSources(sources, path);
  if (!isRecipe(recipe)) {
    throw new ConfigError(
      'recipe_not_exported',
      `${path}: expected a recipe as default export, \`export default defineRecipe({ name, networks })\`, but its default export is ${describe(recipe)}`,
    );
  }
  return { ...recipe, sources };
}

async function importSources(sources: RecipeSources, path: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(hooks.recipeUrl(sources.file, sources.hash));
  } catch (cause) {
    if (cause instanceof ConfigError) throw new ConfigError(cause.code, `${path}: ${cause.message}`, { cause });
    throw new ConfigError(
      'recipe_throws',
      `${path}: the recipe could not be loaded: ${cause}${placeOf(cause, sources)}. Correct the file.`,
      { cause },
    );
  }
}

/** A line of a stack: where, and the line and column there. */
const FRAME = /(?:\(|at (?:async )?)((?:file:\/\/)?\/.*?)(?:\?recipe=\w+)?:(\d+(?::\d+)?)\)?$/gm;

/** Where in a recipe something was thrown, if the stack tells: ` (/home/ada/mine.ts:12:3)`. */
function placeOf(cause: unknown, { folder }: RecipeSources): string {
  for (const [, where = '', place] of ((cause as Error)?.stack ?? '').matchAll(FRAME)) {
    const file = where.startsWith('file:') ? fileURLToPath(where) : where;
    if (file.startsWith(folder)) return ` (${file}:${place})`;
  }
  return '';
}

const describe = (value: unknown): string =>
  typeof value === 'object' && value !== null ? `an object of ${Object.keys(value).join(', ')}` : String(value);

/** @throws ConfigError typescript_unread */
function expectReadable({ file, texts }: RecipeSources): void {
  if (hooks.stripsTypes() || ![...texts.keys()].some(hooks.isTypeScript) || hooks.findEsbuild(file)) return;
  throw new ConfigError(
    'typescript_unread',
    `${file}: Node ${process.version} does not read TypeScript. Install esbuild beside gannet or the file, \`npm install esbuild\`; or use Node 22.18 or newer; or compile the file to .mjs.`,
  );
}

let registered = false;

function registerHooks(): void {
  if (registered) return;
  registered = true;
  const extension = extname(fileURLToPath(import.meta.url));
  const data: hooks.HookData = { gannet: new URL(`../../index${extension}`, import.meta.url).href };
  const { registerHooks: register } = nodeModule as { registerHooks?: (given: typeof hooks) => void };
  if (register) {
    hooks.initialize(data);
    register(hooks);
  } else {
    // Older ones run hooks on a thread of their own.
    nodeModule.register(new URL(`./hooks${extension}`, import.meta.url).href, { data });
  }
  // So that an error is told by the line of the TypeScript.
  if (!hooks.stripsTypes()) process.setSourceMapsEnabled(true);
}
