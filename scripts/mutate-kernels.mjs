// Takes each barrier and each wait for asynchronous copies out of the product kernels, one at a time, and runs their tests on the
// simulator: every such kernel must fail some test. Prints one line per mutation and exits with 1 if any survives.
//
//   node scripts/mutate-kernels.mjs                        the product kernels against test/cuda/conv*.test.ts
//   node scripts/mutate-kernels.mjs test/cuda/x.test.ts    against these tests
//   --sample 3                                             only so many mutations; which ones, the commit decides
//
// Works in build/mutants/ on a copy of the sources.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { option } from './kernels/toolchain.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'build/mutants');
const tree = join(folder, 'tree');
const cmakeFolder = join(folder, 'cmake');
const addon = join(cmakeFolder, 'Release/gannet.node');

const MUTATED_FILES = /^(conv_\w+|matmul)\.(cu|cuh|h)$/;
const SYNCHRONISATION = /\b(__syncthreads\(\)|cp_async_wait<[^<>;]*>\(\));/g;

const sample = option('sample');
const named = process.argv.slice(2).filter((argument) => argument.endsWith('.test.ts'));
const tests = named.length > 0 ? named : defaultTests();
prepare();
if (!build() || !testsPass())
  throw new Error('the kernels as they are do not build or fail their tests: nothing to mutate');

const survivors = [];
for (const site of sample === undefined ? sites() : sampled(sites(), Number(sample))) {
  const verdict = tryWithout(site);
  console.log(`${verdict.padEnd(9)} ${site.label}`);
  if (verdict === 'survived') survivors.push(site.label);
}
console.log(survivors.length === 0 ? 'no mutation survived' : `${survivors.length} survived: ${survivors.join('; ')}`);
process.exitCode = survivors.length === 0 ? 0 : 1;

function defaultTests() {
  const found = readdirSync(join(root, 'test/cuda')).filter((name) => /^conv.*\.test\.ts$/.test(name));
  if (found.length === 0) throw new Error('test/cuda holds no conv*.test.ts');
  return found.map((name) => join('test/cuda', name));
}

/** A copy of what the addon and its simulator are built from, and the first build of it. */
function prepare() {
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  for (const name of ['CMakeLists.txt', 'package.json', 'binding', 'cuda']) {
    cpSync(join(root, name), join(tree, name), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  const cmakeJs = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
  const options = ['--directory', tree, '--out', cmakeFolder, '--config', 'Release', '--log-level', 'warn'];
  execFileSync(process.execPath, [cmakeJs, 'build', ...options, '--CDGANNET_SIMT=ON'], { stdio: ['ignore', 2, 2] });
}

/** Builds what changed in the tree; false if the compiler refuses. */
function build() {
  return spawnSync('cmake', ['--build', cmakeFolder, '--parallel', '2'], { stdio: 'ignore' }).status === 0;
}

function testsPass() {
  const env = { ...process.env, GANNET_ADDON: addon };
  return tests.every((file) => {
    const run = spawnSync(process.execPath, ['--import', 'tsx', file], { cwd: root, env, stdio: 'ignore' });
    return run.status === 0;
  });
}

/** Every statement to be taken out: { path, start, end, label }. */
function sites() {
  return readdirSync(join(tree, 'cuda'))
    .filter((name) => MUTATED_FILES.test(name))
    .flatMap((name) => {
      const path = join(tree, 'cuda', name);
      const source = readFileSync(path, 'utf8');
      return [...source.matchAll(SYNCHRONISATION)].map((match) => {
        const line = source.slice(0, match.index).split('\n').length;
        return {
          path,
          start: match.index,
          end: match.index + match[0].length,
          label: `${relative(tree, path)}:${line} ${match[1]}`,
        };
      });
    });
}

/** So many of the sites, spread evenly, and others at every commit. */
function sampled(sites, count) {
  const commits = Number(execFileSync('git', ['rev-list', '--count', 'HEAD'], { cwd: root, encoding: 'utf8' }));
  const distance = Math.ceil(sites.length / count);
  return sites.filter((_, i) => i % distance === commits % distance);
}

function tryWithout({ path, start, end }) {
  const source = readFileSync(path, 'utf8');
  writeFileSync(path, `${source.slice(0, start)}{}${source.slice(end)}`);
  try {
    if (!build()) return 'unbuilt';
    return testsPass() ? 'survived' : 'caught';
  } finally {
    writeFileSync(path, source);
  }
}
