import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DeviceError } from './errors.ts';

/** The folder that holds gannet's package.json. */
export const PACKAGE_ROOT = findRoot(import.meta.url);

/** gannet's version, such as 0.1.0. */
export function packageVersion(): string {
  return readManifest(PACKAGE_ROOT).version;
}

/** The folder of the built pages, that of `gannet watch` and that of exports: what the package holds, or, in a checkout, what is made of their
 *  sources now. @throws DeviceError page_missing */
export async function pageFolder(): Promise<string> {
  const script = join(PACKAGE_ROOT, 'scripts', 'build-page.mjs');
  // A package has the pages but not their sources; a checkout may have pages that are older than they are.
  if (!existsSync(script)) return join(PACKAGE_ROOT, 'dist', 'page');
  try {
    const { buildPage } = (await import(pathToFileURL(script).href)) as { buildPage(): Promise<string> };
    return await buildPage();
  } catch (cause) {
    throw new DeviceError(
      'page_missing',
      `the pages of gannet could not be built: ${(cause as Error).message}. \`npm ci\` installs what they are built with.`,
      { cause },
    );
  }
}

/** @param module where this file lies; undefined in what a bundler has turned into CommonJS
 *  @throws DeviceError `bundled` */
function findRoot(module: string | undefined): string {
  if (module !== undefined) {
    const root = fileURLToPath(new URL('..', module));
    if (existsSync(manifestIn(root)) && readManifest(root).name === 'gannet') return root;
  }
  throw new DeviceError(
    'bundled',
    "gannet has been bundled, but it loads its native addon from its own folder. Leave it out of the bundle: --external:gannet for esbuild, external: ['gannet'] for Rollup and Vite, externals: ['gannet'] for webpack.",
  );
}

function manifestIn(root: string): string {
  return join(root, 'package.json');
}

function readManifest(root: string): { readonly name: string; readonly version: string } {
  return JSON.parse(readFileSync(manifestIn(root), 'utf8'));
}
