// Takes each barrier and each wait for asynchronous copies out of the product kernels, one at a time, and runs their tests on the
// simulator: every such kernel must fail some test. Prints one line per mutation and exits with 1 if any survives.
//
//   node scripts/mutate-kernels.mjs                        the product kernels against test/cuda/conv*.test.ts
//   node scripts/mutate-kernels.mjs test/cuda/x.test.ts    against these tests
//   --sample 3                                             only so many mutations; which ones, the commit decides
//
// Works in build/mutants/ on a copy of the sources, in which every statement is left out where GANNET_MUTANT says its number: one build of
// the simulator serves all of them, beside the addon of build/Release.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { option } from './kernels/toolchain.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'build/mutants');
const tree = join(folder, 'tree');
const cmakeFolder = join(folder, 'cmake');
const addon = join(cmakeFolder, 'Release/gannet.node');

const MUTATED_FILES = /^(products\/\w+|reductions\/column_totals)\.(cu|cuh|h)$/;
const SYNCHRONISATION = /\b(__syncthreads\(\)|cp_async_wait<[^<>;]*>\(\));/g;

const IS_LEFT_OUT = `
#include <cstdlib>
namespace gannet::kernels {
bool is_left_out(int number) {
  static const char* const name = std::getenv("GANNET_MUTANT");
  static const int mutant = name == nullptr ? 0 : std::atoi(name);
  return mutant == number;
}
}
`;

const sample = option('sample');
const named = process.argv.slice(2).filter((argument) => argument.endsWith('.test.ts'));
const tests = named.length > 0 ? named : defaultTests();
copySources();
const mutants = mutate();
build();
if (!testsPass()) throw new Error('the kernels as they are fail their tests: nothing to mutate');

const survivors = [];
for (const { number, label } of sample === undefined ? mutants : sampled(mutants, Number(sample))) {
  const survived = testsPass(number);
  console.log(`${survived ? 'survived' : 'caught'.padEnd(8)} ${label}`);
  if (survived) survivors.push(label);
}
console.log(survivors.length === 0 ? 'no mutation survived' : `${survivors.length} survived: ${survivors.join('; ')}`);
process.exitCode = survivors.length === 0 ? 0 : 1;

function defaultTests() {
  const found = readdirSync(join(root, 'test/cuda')).filter((name) => /^conv.*\.test\.ts$/.test(name));
  if (found.length === 0) throw new Error('test/cuda holds no conv*.test.ts');
  return found.map((name) => join('test/cuda', name));
}

/** A copy of what the addon and its simulator are built from. */
function copySources() {
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  for (const name of ['CMakeLists.txt', 'package.json', 'binding', 'cuda']) {
    cpSync(join(root, name), join(tree, name), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
}

/** Makes every statement depend on GANNET_MUTANT; which is which. */
function mutate() {
  // Not in a kernel file, whose every access is watched.
  appendFileSync(join(tree, 'cuda/simt/context.cc'), IS_LEFT_OUT);
  const found = [];
  for (const name of readdirSync(join(tree, 'cuda'), { recursive: true }).filter((each) => MUTATED_FILES.test(each))) {
    const path = join(tree, 'cuda', name);
    const source = readFileSync(path, 'utf8');
    const changed = source.replace(SYNCHRONISATION, (statement, call, at) => {
      const line = source.slice(0, at).split('\n').length;
      found.push({ number: found.length + 1, label: `${relative(tree, path)}:${line} ${call}` });
      return `{ bool is_left_out(int); if (!is_left_out(${found.length})) ${statement} }`;
    });
    if (changed !== source) writeFileSync(path, changed);
  }
  return found;
}

/** Builds the simulator of the mutants, and puts the addon that there is beside it. @throws if there is no addon, or the compiler refuses */
function build() {
  const cmakeJs = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
  const options = ['--directory', tree, '--out', cmakeFolder, '--config', 'Release', '--log-level', 'warn'];
  const target = ['--CDGANNET_SIMT=ON', '--target', 'gannet_simt', '--parallel', String(availableParallelism())];
  execFileSync(process.execPath, [cmakeJs, 'build', ...options, ...target], { stdio: ['ignore', 2, 2] });
  copyFileSync(join(root, 'build/Release/gannet.node'), addon);
}

/** Whether all tests pass without the statement of this number; 0 leaves none out. */
function testsPass(mutant = 0) {
  const env = { ...process.env, GANNET_ADDON: addon, GANNET_MUTANT: String(mutant) };
  return tests.every((file) => {
    const run = spawnSync(process.execPath, ['--import', 'tsx', file], { cwd: root, env, stdio: 'ignore' });
    return run.status === 0;
  });
}

/** So many of the mutants, spread evenly, and others at every commit. */
function sampled(mutants, count) {
  const commits = Number(execFileSync('git', ['rev-list', '--count', 'HEAD'], { cwd: root, encoding: 'utf8' }));
  const distance = Math.ceil(mutants.length / count);
  return mutants.filter((_, i) => i % distance === commits % distance);
}
