import { readFileSync } from 'node:fs';
import {
  createRequire,
  type LoadFnOutput,
  type LoadHookContext,
  type ResolveFnOutput,
  type ResolveHookContext,
} from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isRecipeFile, resolveModule } from './sources.ts';

/** What the hooks are told when they are registered. */
export interface HookData {
  /** The URL of the gannet that loads recipes; another one would not know the graphs of this one. */
  readonly gannet: string;
}

let data: HookData | undefined;

/** Called once, before the first module is loaded. */
export function initialize(given: HookData): void {
  data = given;
}

/** The URL of a recipe's module. The hash of its sources makes Node read it anew once they have changed, and marks it for these hooks. */
export const recipeUrl = (file: string, hash: string): string => `${pathToFileURL(file)}?recipe=${hash}`;

const isRecipeUrl = (specifier: string): boolean => specifier.startsWith('file:') && hashIn(specifier) !== null;

const hashIn = (url: string | undefined): string | null => (url ? new URL(url).searchParams.get('recipe') : null);

/** Has every module of a recipe find this gannet, wherever it lies, and the modules beside it. */
export function resolve<R extends ResolveFnOutput | Promise<ResolveFnOutput>>(
  specifier: string,
  context: ResolveHookContext,
  next: (specifier: string, context: ResolveHookContext) => R,
): R | ResolveFnOutput {
  if (isRecipeUrl(specifier)) return { url: specifier, shortCircuit: true };
  const { parentURL } = context;
  const hash = hashIn(parentURL);
  if (hash === null) return next(specifier, context);
  if (specifier === 'gannet') return next((data as HookData).gannet, context);
  const file = specifier.startsWith('.') ? resolveModule(fileURLToPath(new URL(specifier, parentURL))) : undefined;
  return file ? { url: recipeUrl(file, hash), shortCircuit: true } : next(specifier, context);
}

/** Reads the modules of recipes as ES modules, whatever the package around them and other hooks say, and takes the types out of TypeScript. */
export function load<R extends LoadFnOutput | Promise<LoadFnOutput>>(
  url: string,
  context: LoadHookContext,
  next: (url: string, context: LoadHookContext) => R,
): R | LoadFnOutput {
  const file = hashIn(url) === null ? '' : fileURLToPath(new URL(url));
  if (!isRecipeFile(file)) return next(url, context);
  const source = readFileSync(file, 'utf8');
  if (!isTypeScript(file)) return { format: 'module', source, shortCircuit: true };
  if (stripsTypes()) return { format: 'module-typescript' as 'module', source, shortCircuit: true };
  const { transformSync } = createRequire(import.meta.url)(findEsbuild(file) as string) as typeof import('esbuild');
  const { code } = transformSync(source, { loader: 'ts', sourcefile: file, sourcemap: 'inline' });
  return { format: 'module', source: code, shortCircuit: true };
}

/** Whether a file is TypeScript, by its name. */
export const isTypeScript = (file: string): boolean => ['.ts', '.mts'].includes(extname(file));

/** Whether this Node reads TypeScript itself. */
export const stripsTypes = (): boolean => Boolean((process.features as { typescript?: unknown }).typescript);

/** Where esbuild lies for a file, or else for gannet; undefined if nowhere. */
export function findEsbuild(file: string): string | undefined {
  for (const from of [file, import.meta.url]) {
    try {
      return createRequire(from).resolve('esbuild');
    } catch {
      // Not there; the next place may have it.
    }
  }
  return undefined;
}
