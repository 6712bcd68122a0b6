// Bundles test files with what they import of gannet, all in one go, so that each starts at once: tsx takes two seconds of processor time
// to load gannet's sources file by file, in every process anew. The programs that tests start are bundled with them.

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exists } from '../build/lock.mjs';
import { root } from '../setup.mjs';

const ALL_BUNDLES = join(root, 'build/tests');

/** The folder of one run's bundles, named by the process id of the runner: two runs in one checkout do not disturb each other.
 *  Processes that the run starts learn it from the environment. */
export const BUNDLES = process.env.GANNET_TEST_BUNDLES ?? join(ALL_BUNDLES, String(process.pid));

/** What tests start as processes of their own, beside every `*_child.ts` in test/, and what scripts that they write import. */
const PROGRAMS = [
  'scripts/torture/addon/child.ts',
  'src/bench/ranks/worker.ts',
  'src/cli/main.ts',
  'src/data/folder.ts',
  'src/device/self_test_child.ts',
  'src/index.ts',
  'src/train/run/lock.ts',
];

/** Bundles test files, named relative to the checkout, with the programs that they start, until this process ends. @throws what esbuild says, which it has printed */
export async function bundleTests(files) {
  removeOld();
  process.on('exit', () => rmSync(BUNDLES, { recursive: true, force: true }));
  // Set-up installs it after this module was loaded.
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: [...files, ...childrenOfTests(), ...PROGRAMS],
    outdir: BUNDLES,
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

/** Removes what runs that were killed have left. */
function removeOld() {
  mkdirSync(ALL_BUNDLES, { recursive: true });
  for (const name of readdirSync(ALL_BUNDLES))
    if (!exists(Number(name))) rmSync(join(ALL_BUNDLES, name), { recursive: true, force: true });
}

/** Programs of tests alone. */
function childrenOfTests() {
  return readdirSync(join(root, 'test'), { recursive: true })
    .filter((file) => file.endsWith('_child.ts'))
    .map((file) => `test/${file}`);
}

/** Where the bundle of a test file or program lies. */
export function bundleOf(file) {
  return join(BUNDLES, file.replace(/\.ts$/, '.mjs'));
}

/** A module looks for files beside its source, not beside its bundle. */
function keepPlaces({ onLoad }) {
  onLoad({ filter: /\.[mc]?[jt]s$/ }, async ({ path }) => {
    const source = await readFile(path, 'utf8');
    const url = JSON.stringify(pathToFileURL(path).href);
    return { contents: source.replaceAll('import.meta.url', url), loader: path.endsWith('ts') ? 'ts' : 'js' };
  });
}
