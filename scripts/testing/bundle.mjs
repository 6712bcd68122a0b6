// Bundles test files with what they import of gannet, all in one go, so that each starts at once: tsx takes two seconds of processor time
// to load gannet's sources file by file, in every process anew. The programs that tests start are bundled with them.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../setup.mjs';

const FOLDER = join(root, 'build/tests');

/** What tests start as processes of their own, and what scripts that they write import. */
const PROGRAMS = [
  'scripts/torture/addon/child.ts',
  'src/bench/ranks/worker.ts',
  'src/cli/main.ts',
  'src/data/folder.ts',
  'src/device/self_test_child.ts',
  'src/index.ts',
  'src/train/run/lock.ts',
  'test/binding/environment_child.ts',
  'test/ranks/alive_child.ts',
  'test/ranks/device_child.ts',
  'test/ranks/trainings_child.ts',
  'test/train/checkpoint/saver.ts',
];

/** Bundles test files, named relative to the checkout, and PROGRAMS. @throws what esbuild says, which it has printed */
export async function bundleTests(files) {
  // Set-up installs it after this module was loaded.
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: [...files, ...PROGRAMS],
    outdir: FOLDER,
    outbase: root,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    outExtension: { '.js': '.mjs' },
    sourcemap: 'linked',
    logLevel: 'error',
    plugins: [{ name: 'own places', setup: keepPlaces }],
  });
}

/** Where the bundle of a test file lies. */
export function bundleOf(file) {
  return join(FOLDER, file.replace(/\.ts$/, '.mjs'));
}

/** A module looks for files beside its source, not beside its bundle. */
function keepPlaces({ onLoad }) {
  onLoad({ filter: /\.[mc]?[jt]s$/ }, async ({ path }) => {
    const source = await readFile(path, 'utf8');
    const url = JSON.stringify(pathToFileURL(path).href);
    return { contents: source.replaceAll('import.meta.url', url), loader: path.endsWith('ts') ? 'ts' : 'js' };
  });
}
