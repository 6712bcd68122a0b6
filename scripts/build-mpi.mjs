// Builds the library that the addon reaches MPI through, build-mpi/gannet_mpi.so, with the compiler wrapper that MPICXX names, with that of the
// system's MPI (mpicxx) or, where it is missing, with the flags that pkg-config knows. The addon itself does not link MPI.
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './build/run.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const library = join(root, 'build-mpi', 'gannet_mpi.so');

// Without the C++ functions of old versions of MPI, whose headers are not free of warnings.
const FLAGS =
  '-std=c++20 -O2 -fPIC -shared -fvisibility=hidden -Wall -Wextra -DOMPI_SKIP_MPICXX -DMPICH_SKIP_MPICXX'.split(' ');

const compiler = findCompiler();
if (compiler) await compile(compiler);
else
  fail(
    'MPI was not found: neither mpicxx nor a package of pkg-config. On Debian and Ubuntu: apt-get install openmpi-bin libopenmpi-dev',
  );

/** The command that compiles a program for MPI, and the flags that come last. */
function findCompiler() {
  const named = process.env.MPICXX;
  if (named || succeeds('mpicxx', ['--version'])) return { command: named || 'mpicxx', flags: [] };
  for (const name of ['ompi-cxx', 'mpich', 'ompi']) {
    const { status, stdout } = spawnSync('pkg-config', ['--cflags', '--libs', name], { encoding: 'utf8' });
    if (status === 0) return { command: process.env.CXX ?? 'c++', flags: stdout.trim().split(/\s+/) };
  }
  return undefined;
}

async function compile({ command, flags }) {
  mkdirSync(dirname(library), { recursive: true });
  const unfinished = `${library}.${process.pid}`;
  const source = join(root, 'binding', 'mpi', 'mpi_library.cc');
  const args = [
    ...FLAGS,
    `-ffile-prefix-map=${root}/=`,
    '-I',
    join(root, 'binding'),
    source,
    '-o',
    unfinished,
    ...flags,
  ];
  const interrupted = () => rmSync(unfinished, { force: true });
  const { code, problem } = await run(command, args, { ownGroup: true, interrupted });
  if (code === 0) renameSync(unfinished, library);
  else fail(`the library for MPI could not be compiled by ${command}${problem ? `: ${problem}` : ''}`);
}

function succeeds(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function fail(problem) {
  console.error(problem);
  process.exitCode = 1;
}
