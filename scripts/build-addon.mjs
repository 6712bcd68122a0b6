// Builds the native addon and, beside it, the simulator of the CUDA kernels: build/Release/gannet.node and gannet_simt.so.
// Does nothing when no source has changed since the last build.
//   --cuda              with the device 'cuda', which needs nvcc and takes minutes; later builds keep it
//   --arch 80-real      the architectures it is compiled for; default: that of this machine's GPU, or 80 where there is none
//   --sanitize          build-sanitize/Release/, both with sanitizers
//   --out build         the folder to build in; every folder remembers its own options
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sanitize = process.argv.includes('--sanitize');
const cuda = process.argv.includes('--cuda');
const folder = resolve(root, option('out') ?? (sanitize ? 'build-sanitize' : 'build'));
const addon = join(folder, 'Release', 'gannet.node');
const stamp = join(folder, 'built');
const lock = join(folder, 'lock');

/** The value of `--name value`, or undefined. */
function option(name) {
  const at = process.argv.indexOf(`--${name}`);
  return at >= 0 ? process.argv[at + 1] : undefined;
}

function* sources(path) {
  if (!statSync(path).isDirectory()) yield path;
  else for (const name of readdirSync(path)) yield* sources(join(path, name));
}

const cache = () =>
  existsSync(join(folder, 'CMakeCache.txt')) ? readFileSync(join(folder, 'CMakeCache.txt'), 'utf8') : '';

/** What the next build is configured with beyond what the folder remembers. */
function changedOptions() {
  const options = [];
  if (sanitize && !cache().includes('GANNET_SANITIZE:BOOL=ON')) options.push('--CDGANNET_SANITIZE=ON');
  if (!cuda) return options;
  const wanted = architectures();
  const remembered = /^GANNET_CUDA_ARCHITECTURES:\w+=(.*)$/m.exec(cache())?.[1];
  if (!/^GANNET_CUDA:\w+=ON$/m.test(cache()) || remembered !== wanted) {
    options.push('--CDGANNET_CUDA=ON', `--CDGANNET_CUDA_ARCHITECTURES=${wanted}`);
  }
  return options;
}

function architectures() {
  const here = () => (spawnSync('nvidia-smi', { stdio: 'ignore' }).status === 0 ? 'native' : '80');
  return option('arch') ?? here();
}

function upToDate() {
  if (!existsSync(addon) || !existsSync(stamp) || changedOptions().length > 0) return false;
  const built = statSync(stamp).mtimeMs;
  const inputs = ['package.json', 'CMakeLists.txt', 'binding', 'cuda', 'scripts/build-addon.mjs'];
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
  const cmake = (command, options) =>
    spawnSync(
      process.execPath,
      [cmakeJs, command, '--out', folder, '--config', 'Release', '--log-level', 'warn', ...options],
      {
        cwd: root,
        stdio: ['ignore', 2, 2],
      },
    ).status === 0;
  const options = changedOptions();
  // A folder that has been configured ignores new options of `build`.
  if ((options.length > 0 && !cmake('configure', options)) || !cmake('build', [])) {
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
