// Builds the native addon: build/Release/gannet.node, or build-sanitize/Release/gannet.node with --sanitize.
// Does nothing when no source has changed since the last build.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sanitize = process.argv.includes('--sanitize');
const folder = join(root, sanitize ? 'build-sanitize' : 'build');
const addon = join(folder, 'Release', 'gannet.node');
const stamp = join(folder, 'built');
const lock = join(folder, 'lock');

function* sources(path) {
  if (!statSync(path).isDirectory()) yield path;
  else for (const name of readdirSync(path)) yield* sources(join(path, name));
}

function upToDate() {
  if (!existsSync(addon) || !existsSync(stamp)) return false;
  const built = statSync(stamp).mtimeMs;
  const inputs = ['CMakeLists.txt', 'binding', 'scripts/build-addon.mjs'];
  return inputs.every((input) => [...sources(join(root, input))].every((file) => statSync(file).mtimeMs < built));
}

/** Whether the process that holds the lock still runs. */
function holderIsAlive() {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}

/** Two builds in one folder would spoil each other: the later one waits. */
async function acquireLock() {
  mkdirSync(folder, { recursive: true });
  while (true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (holderIsAlive()) await setTimeout(200);
    else rmSync(lock, { force: true });
  }
}

function build() {
  const started = new Date();
  const cmakeJs = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
  const options = ['build', '--out', folder, '--config', 'Release', '--log-level', 'warn'];
  if (sanitize) options.push('--CDGANNET_SANITIZE=ON');
  const { status } = spawnSync(process.execPath, [cmakeJs, ...options], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    console.error('The native addon could not be built. It needs cmake, a C++20 compiler and oneDNN:');
    console.error('  apt-get install build-essential cmake libdnnl-dev');
    process.exitCode = 1;
    return;
  }
  writeFileSync(stamp, '');
  utimesSync(stamp, started, started);
}

if (!upToDate()) {
  await acquireLock();
  try {
    if (!upToDate()) build();
  } finally {
    rmSync(lock, { force: true });
  }
}
