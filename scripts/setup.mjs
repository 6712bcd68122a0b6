// Makes a checkout ready to run: Node packages, a compiler, CMake, oneDNN and the native addon. Does nothing where nothing
// is missing. Uses Node's own modules only, since it runs before anything is installed.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const OLDEST_NODE = 20;

/** What the addon's build needs from the system, and the Debian package that brings it. */
const SYSTEM_NEEDS = [
  { what: 'a C++ compiler', debian: 'g++', present: () => anyOnPath(process.env.CXX, 'c++', 'g++', 'clang++') },
  { what: 'CMake', debian: 'cmake', present: () => anyOnPath('cmake') },
  { what: 'make', debian: 'make', present: () => anyOnPath('make', 'ninja') },
  { what: 'oneDNN', debian: 'libdnnl-dev', present: hasOneDnn },
];

/** A set-up step that cannot go on; the message tells the user what to do. */
class SetupError extends Error {}

/** Brings the checkout into a state in which src/ runs; throws SetupError with the remedy where it cannot. */
function prepare() {
  checkNode();
  installPackages();
  installSystemNeeds();
  run(process.execPath, [join(root, 'scripts', 'build-addon.mjs')], 'Set-up stopped: the native addon was not built.');
}

/** Prepares the checkout; on failure prints the remedy and ends the process with exit code 1. */
export function setup() {
  try {
    prepare();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}`);
    process.exit(1);
  }
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_NODE) {
    throw new SetupError(
      `gannet needs Node ${OLDEST_NODE} or newer, and this is Node ${process.versions.node}. Install a newer one: https://nodejs.org`,
    );
  }
}

function installPackages() {
  const reason = reasonToInstall();
  if (reason === undefined) return;
  console.log(`Installing the Node packages with npm ci (${reason})`);
  run(
    'npm',
    ['ci', '--include=dev', '--loglevel=error', '--no-audit', '--no-fund'],
    'npm ci failed; its messages stand above. It needs the network, and a package-lock.json that fits package.json.',
  );
}

/** Why node_modules does not serve, or undefined where it matches package-lock.json. */
function reasonToInstall() {
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'node_modules is missing';
  const locked = packagesOf(join(root, 'package-lock.json'));
  const differing = Object.entries(locked ?? {}).find(
    ([path, { version, optional }]) => path !== '' && !optional && installed[path]?.version !== version,
  );
  return differing && `${differing[0]} is not at version ${differing[1].version}`;
}

function packagesOf(lockFile) {
  return existsSync(lockFile) ? JSON.parse(readFileSync(lockFile, 'utf8')).packages : undefined;
}

function installSystemNeeds() {
  const missing = SYSTEM_NEEDS.filter(({ present }) => !present());
  if (missing.length === 0) return;
  const list = missing.map(({ what }) => what).join(', ');
  const packages = missing.map(({ debian }) => debian);
  if (!anyOnPath('apt-get')) {
    throw new SetupError(
      `Missing: ${list}. Install them (on Debian and Ubuntu: ${packages.join(' ')}), then run this again.`,
    );
  }
  const byHand = `apt-get update && apt-get install -y ${packages.join(' ')}`;
  const prefix = administratorPrefix();
  if (prefix === undefined) {
    throw new SetupError(
      `Missing: ${list}, and installing needs an administrator. Run this, then try again:\n\n  sudo sh -c '${byHand}'`,
    );
  }
  console.log(`Installing ${list} with apt-get (${packages.join(' ')})`);
  const options = ['-o', 'DPkg::Lock::Timeout=300', '-qq'];
  const remedy = `apt-get failed. Run this by hand, then try again:\n\n  ${[...prefix, `sh -c '${byHand}'`].join(' ')}`;
  aptGet([...prefix, 'apt-get', 'update', ...options], remedy);
  aptGet([...prefix, 'apt-get', 'install', '-y', '--no-install-recommends', ...options, ...packages], remedy);
}

function aptGet([command, ...args], remedy) {
  run(command, args, remedy, { DEBIAN_FRONTEND: 'noninteractive' });
}

/** What to put before a command that needs root: nothing for root, sudo where it asks for no password, else undefined. */
function administratorPrefix() {
  if (process.getuid?.() === 0) return [];
  const allowed = anyOnPath('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  return allowed ? ['sudo', '-n'] : undefined;
}

function hasOneDnn() {
  const prefixes = ['/usr', '/usr/local', ...(process.env.CMAKE_PREFIX_PATH ?? '').split(delimiter)];
  return prefixes.some((prefix) => prefix !== '' && existsSync(join(prefix, 'include', 'oneapi', 'dnnl', 'dnnl.hpp')));
}

function anyOnPath(...commands) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return commands.some((command) => command && folders.some((folder) => existsSync(join(folder, command))));
}

/** Runs a command in the checkout, its output going to the terminal. @throws SetupError with the remedy if it fails */
function run(command, args, remedy, environment = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new SetupError(error ? `${remedy}\n${error.message}` : remedy);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup();
