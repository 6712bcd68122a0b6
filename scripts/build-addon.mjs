// Builds the native addon and, beside it, the simulator of the CUDA kernels: build/Release/gannet.node and gannet_simt.so.
// Does nothing when no source has changed since the last build. Starts afresh after a build that was killed, and where the
// configuration is incomplete or belongs to another folder.
//   --cuda              with the device 'cuda', which needs nvcc and takes minutes; later builds keep it
//   --arch 80-real      the architectures it is compiled for; default: that of this machine's GPU, or 80 where there is none
//   --without-simulator gannet.node alone, in half the time, unless the folder has the simulator already
//   --sanitize          build-sanitize/Release/, both with AddressSanitizer and UndefinedBehaviorSanitizer
//   --sanitize-threads  build-sanitize-threads/Release/, the addon alone with ThreadSanitizer
//   --out build         the folder to build in; every folder remembers its own options
//   --afresh            discards what an earlier build left
//   --check             builds nothing; exit code 0 if nothing has changed since the last build, else 1
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { causeOf, clean, isConfigured, rememberedOptions } from './build/cmake.mjs';
import { acquireLock } from './build/lock.mjs';
import { condense } from './build/progress.mjs';
import { run, signalProcess } from './build/run.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = resolve(root, option('out') ?? usualFolder());
const addon = join(folder, 'Release', 'gannet.node');
/** A simulator of older sources beside a newer addon would not serve. */
const whole = !given('without-simulator') || existsSync(join(folder, 'Release', 'gannet_simt.so'));
const ADDON_STAMP = join(folder, 'built-addon');
const WHOLE_STAMP = join(folder, 'built');
/** Lies in the folder while CMake or the compiler runs: found by a later build, it tells that one was killed. */
const unfinished = join(folder, 'unfinished');

const INPUTS = ['package.json', 'CMakeLists.txt', 'binding', 'cuda', 'scripts/build-addon.mjs', 'scripts/build'];

if (given('check')) process.exitCode = upToDate() ? 0 : 1;
else if (given('afresh') || !upToDate()) await buildInTurn();

/** Whether `--name` was given. */
function given(name) {
  return process.argv.includes(`--${name}`);
}

/** The value of `--name value`, or undefined. */
function option(name) {
  const at = process.argv.indexOf(`--${name}`);
  return at >= 0 ? process.argv[at + 1] : undefined;
}

function usualFolder() {
  if (given('sanitize-threads')) return 'build-sanitize-threads';
  return given('sanitize') ? 'build-sanitize' : 'build';
}

/** What the folder remembers, changed by what was asked for: CMake option -> value. */
function wantedOptions() {
  return {
    ...rememberedOptions(folder),
    ...(given('sanitize') && { GANNET_SANITIZE: 'ON' }),
    ...(given('sanitize-threads') && { GANNET_SANITIZE_THREADS: 'ON' }),
    ...(given('cuda') && { GANNET_CUDA: 'ON', GANNET_CUDA_ARCHITECTURES: option('arch') ?? ownArchitecture() }),
  };
}

function ownArchitecture() {
  return spawnSync('nvidia-smi', { stdio: 'ignore' }).status === 0 ? 'native' : '80';
}

function optionsChanged() {
  const remembered = rememberedOptions(folder);
  return Object.entries(wantedOptions()).some(([name, value]) => remembered[name] !== value);
}

function upToDate() {
  const stamp = whole ? WHOLE_STAMP : ADDON_STAMP;
  if (!existsSync(addon) || !existsSync(stamp) || existsSync(unfinished) || optionsChanged()) return false;
  const built = statSync(stamp).mtimeMs;
  return INPUTS.every((input) => [...files(join(root, input))].every((file) => statSync(file).mtimeMs < built));
}

function* files(path) {
  if (!statSync(path).isDirectory()) yield path;
  else for (const name of readdirSync(path)) yield* files(join(path, name));
}

/** Two builds in one folder would spoil each other: the later one waits. */
async function buildInTurn() {
  const lock = await acquireLock(join(folder, 'lock'), (pid) =>
    console.error(`Another build is at work in this folder (process ${pid}); waiting for it to end.`),
  );
  try {
    if (lock.orphan) signalProcess(-lock.orphan.pid, 'SIGKILL');
    if (given('afresh') || !upToDate()) await build(lock);
  } finally {
    lock.release();
  }
}

async function build(lock) {
  const startedAt = new Date();
  const options = wantedOptions();
  const serves = isConfigured(folder, root) && !existsSync(unfinished) && !given('afresh');
  if (!serves) clean(folder);
  if (!serves || optionsChanged()) {
    const definitions = Object.entries(options).map(([name, value]) => `--CD${name}=${value}`);
    if (!(await cmakeJs('configure', definitions, lock))) return;
  }
  // make runs one compiler at a time unless it is told; ninja needs no telling.
  const target = whole ? [] : ['--target', 'gannet'];
  if (!(await cmakeJs('build', ['--parallel', String(availableParallelism()), ...target], lock))) return;
  for (const stamp of whole ? [ADDON_STAMP, WHOLE_STAMP] : [ADDON_STAMP]) {
    writeFileSync(stamp, '');
    utimesSync(stamp, startedAt, startedAt);
  }
}

/** Runs cmake-js, shows what it prints and, if it fails, repeats the cause. Returns whether it succeeded. */
async function cmakeJs(command, options, lock) {
  const script = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
  const args = [script, command, '--out', folder, '--config', 'Release', '--log-level', 'warn', ...options];
  let output = '';
  const show = condense((text) => process.stderr.write(text));
  const ended = () => rmSync(unfinished, { force: true });
  writeFileSync(unfinished, '');
  const { code, problem } = await run(process.execPath, args, {
    cwd: root,
    ownGroup: true,
    output: (chunk) => {
      show(chunk.toString());
      output += chunk;
    },
    started: (pid) => lock.employ(pid),
    interrupted: () => {
      ended();
      lock.release();
    },
  });
  ended();
  if (code === 0) return true;
  console.error(
    `\nThe native addon could not be built: \`cmake-js ${command}\` failed.\n\n${problem ?? causeOf(output)}`,
  );
  process.exitCode = 1;
  return false;
}
