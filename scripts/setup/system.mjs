// What the addon's build needs of the system: each need is probed in the way that the build uses it, and installed with apt-get.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { SetupError } from './problem.mjs';

/** In each probe a string tells what is wrong; undefined, that nothing is. */
const NEEDS = [
  { what: 'a C++ compiler with OpenMP', debian: 'g++', probe: () => compile('int main() {}') },
  { what: 'CMake', debian: 'cmake', probe: () => failureOf('cmake', ['--version']) },
  {
    what: 'make',
    debian: 'make',
    // cmake-js takes ninja where it is there.
    probe: () => failureOf('ninja', ['--version']) && failureOf('make', ['--version']),
  },
  {
    what: 'oneDNN',
    debian: 'libdnnl-dev',
    probe: () =>
      compile('#include <oneapi/dnnl/dnnl.hpp>\nint main() { return dnnl_version() == nullptr; }', ['-ldnnl']),
  },
];

const APT_OPTIONS = ['-o', 'DPkg::Lock::Timeout=300', '-qq'];
const LISTS_TRIES = 30;
const LISTS_PAUSE_MS = 10_000;

const LONGEST_REASON = 5;

/** Installs what is missing. `execute(command, args)` runs a command, shows what it prints, and resolves with its exit code and
 *  its output.
 *  @throws SetupError with the command to run by hand where it cannot */
export async function installSystemNeeds(execute) {
  const missing = missingNeeds();
  if (missing.length === 0) return;
  const list = missing.map(({ what }) => what).join(', ');
  const packages = missing.map(({ debian }) => debian);
  if (!onPath('apt-get')) {
    throw new SetupError(
      `Missing: ${list}. Install them (on Debian and Ubuntu: ${packages.join(' ')}), then run this again.\n\n${problemsOf(missing)}`,
    );
  }
  const byHand = `apt-get update && apt-get install -y ${packages.join(' ')}`;
  const prefix = administratorPrefix();
  if (prefix === undefined) {
    throw new SetupError(
      `Missing: ${list}, and installing needs an administrator. Run this, then try again:\n\n  sudo sh -c '${byHand}'`,
    );
  }
  console.log(`Installing ${list} with ${[...prefix, 'apt-get'].join(' ')} (${packages.join(' ')})`);
  if (!(await installDebianPackages(packages, execute))) {
    throw new SetupError(
      `apt-get failed; its messages stand above. Run this by hand, then try again:\n\n  ${[...prefix, `sh -c '${byHand}'`].join(' ')}`,
    );
  }
  const stillMissing = missingNeeds();
  if (stillMissing.length > 0) {
    throw new SetupError(
      `apt-get has installed ${packages.join(' ')}, and yet the build would fail:\n\n${problemsOf(stillMissing)}`,
    );
  }
}

function missingNeeds() {
  return NEEDS.map((need) => ({ ...need, problem: need.probe() })).filter(({ problem }) => problem !== undefined);
}

const problemsOf = (needs) => needs.map(({ what, problem }) => `${what}: ${problem}`).join('\n');

/** Installs Debian packages, as root or with sudo. `execute` is that of installSystemNeeds. Returns whether they are installed. Where an
 *  earlier dpkg was killed half-way, its work is finished first. */
export async function installDebianPackages(packages, execute) {
  const apt = (...args) => {
    const [command, ...rest] = [...(administratorPrefix() ?? []), 'env', 'DEBIAN_FRONTEND=noninteractive', ...args];
    return execute(command, rest);
  };
  const install = (...more) => apt('apt-get', 'install', '-y', '--no-install-recommends', ...APT_OPTIONS, ...more);
  if (!(await updateLists(apt))) return false;
  if ((await install(...packages)).code === 0) return true;
  await apt('dpkg', '--configure', '-a');
  await install('--fix-broken');
  return (await install(...packages)).code === 0;
}

/** apt-get waits for dpkg's lock by itself, but not for that of its lists, which the system's own updates take now and then. */
async function updateLists(apt) {
  for (let attempt = 1; ; attempt++) {
    const { code, output } = await apt('apt-get', 'update', ...APT_OPTIONS);
    if (code === 0) return true;
    if (attempt === LISTS_TRIES || !output.includes('lists/lock')) return false;
    await setTimeout(LISTS_PAUSE_MS);
  }
}

/** Whether this process runs as root. */
export const isAdministrator = () => process.getuid?.() === 0;

/** What to put before a command that needs root: nothing for root; sudo where it asks for no password or there is a terminal to ask
 *  on; else undefined. */
function administratorPrefix() {
  if (isAdministrator()) return [];
  if (!onPath('sudo')) return undefined;
  if (spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0) return ['sudo', '-n'];
  return process.stdin.isTTY ? ['sudo'] : undefined;
}

/** Compiles and links a program as the build does. Returns what is wrong, or undefined. */
function compile(source, libraries = []) {
  const compiler = process.env.CXX ?? ['c++', 'g++', 'clang++'].find(onPath);
  if (compiler === undefined) return 'none of c++, g++, clang++ is on PATH';
  const prefixes = (process.env.CMAKE_PREFIX_PATH ?? '').split(delimiter).filter(Boolean);
  const folders = prefixes.flatMap((prefix) => [`-I${join(prefix, 'include')}`, `-L${join(prefix, 'lib')}`]);
  const folder = mkdtempSync(join(tmpdir(), 'gannet-probe-'));
  const flags = ['-std=c++20', '-fopenmp', ...folders, '-x', 'c++', '-', '-o', join(folder, 'probe')];
  try {
    return failureOf(compiler, [...flags, ...libraries], source);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a command says if it fails or is not there; undefined if it succeeds. */
function failureOf(command, args, input = '') {
  const { status, signal, error, stderr } = spawnSync(command, args, { input, encoding: 'utf8' });
  if (status === 0) return undefined;
  // A program that fails without reading its input has an exit code and an error (EPIPE).
  if (status === null) return `${command} does not start (${error?.code ?? signal})`;
  return stderr.trim().split('\n').slice(0, LONGEST_REASON).join('\n') || `${command} ends with exit code ${status}`;
}

function onPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)));
}
