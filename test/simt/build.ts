import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'build/simt-tests');
const compiler = process.env.CXX ?? 'g++';

/** As cuda/simt/CMakeLists.txt compiles the kernels and the simulator. */
const COMMON = [
  '-std=c++20',
  '-O2',
  '-g1',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-DGANNET_SIMT',
  '-fPIC',
  `-I${join(root, 'cuda')}`,
  `-I${join(root, 'binding')}`,
];
const KERNEL = [
  ...['-x', 'c++', '-Wno-unknown-pragmas', '-fno-strict-aliasing', '-fno-tree-vectorize', '-fno-store-merging'],
  ...['-ffp-contract=off', '-fsanitize=thread,alignment', '--param=tsan-instrument-func-entry-exit=0'],
];

function files(directory: string, extension: string, { recursive = false } = {}): string[] {
  return readdirSync(join(root, directory), { encoding: 'utf8', recursive })
    .filter((name) => name.endsWith(extension))
    .map((name) => join(root, directory, name));
}

function newest(paths: readonly string[]): number {
  return Math.max(...paths.map((path) => statSync(path).mtimeMs));
}

function headers(): string[] {
  return ['cuda', 'test/simt/kernels'].flatMap((directory) => files(directory, '.h', { recursive: true }));
}

/** Makes `target` by `command` unless it is newer than all of its sources. */
function make(target: string, sources: readonly string[], command: (output: string) => readonly string[]): string {
  if (existsSync(target) && statSync(target).mtimeMs > newest(sources)) return target;
  execFileSync(compiler, command(target), { stdio: ['ignore', 'inherit', 'inherit'] });
  return target;
}

function holderIsAlive(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}

/** Test files run side by side: whichever comes first builds, the others wait and find everything built. */
function exclusively<T>(work: () => T): T {
  mkdirSync(folder, { recursive: true });
  const lock = join(folder, 'lock');
  const pause = new Int32Array(new SharedArrayBuffer(4));
  while (true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch {
      if (holderIsAlive(lock)) Atomics.wait(pause, 0, 0, 100);
      else rmSync(lock, { force: true });
    }
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function object(source: string): string {
  const flags = source.endsWith('.cu') ? KERNEL : [];
  const target = join(folder, `${basename(source)}.o`);
  return make(target, [source, ...headers()], (output) => [...COMMON, ...flags, '-c', source, '-o', output]);
}

/** Compiles test/simt/kernels and the simulator into one program, with nothing but the C++ compiler. Its path. */
export function buildCases(): string {
  return exclusively(() => {
    const sources = ['.cc', '.cu'].flatMap((extension) => files('test/simt/kernels', extension));
    // The simulator stands first, as in the addon: the linker takes the first copy of a function that several have, and those of kernel
    // files are watched.
    const objects = [...files('cuda/simt', '.cc'), ...sources].map(object);
    return make(join(folder, 'cases'), objects, (output) => [
      '-rdynamic',
      '-o',
      output,
      ...objects,
      '-ldl',
      '-lpthread',
    ]);
  });
}

/** Compiles one source of test/simt/executors into a shared library. Its path. */
export function buildExecutor(name: string): string {
  const source = join(root, 'test/simt/executors', `${name}.c`);
  const flags = ['-x', 'c', '-O1', '-Wall', '-Werror', '-fPIC', '-shared', `-I${join(root, 'cuda/simt')}`];
  const target = join(folder, `${name}.so`);
  return exclusively(() => make(target, [source, ...headers()], (output) => [...flags, source, '-o', output]));
}

/** The PTX that nvcc compiles a file of test/simt/kernels to, or undefined where there is no nvcc. */
export function compileToPtx(name: string): string | undefined {
  if (spawnSync('nvcc', ['--version']).status !== 0) return undefined;
  const source = join(root, 'test/simt/kernels', name);
  const target = join(folder, `${name}.ptx`);
  mkdirSync(folder, { recursive: true });
  execFileSync('nvcc', ['-std=c++20', '-arch=sm_80', '-ptx', `-I${join(root, 'cuda')}`, source, '-o', target]);
  return readFileSync(target, 'utf8');
}

let cases: string | undefined;

/** Runs one case of the program and gives the lines that it prints. */
export function runCase(name: string, environment: Record<string, string> = {}): string[] {
  cases ??= buildCases();
  const env = { ...process.env, ...environment };
  const output = execFileSync(cases, [name], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] });
  return output.trimEnd().split('\n');
}
