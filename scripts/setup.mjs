// Makes a checkout ready to run: Node packages, a compiler, CMake, oneDNN and the native addon. Does nothing, and needs no network,
// where nothing is missing. Uses Node's own modules only, since it runs before anything is installed.

import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquireLock, ended } from './build/lock.mjs';
import { run } from './build/run.mjs';
import { installPackages } from './setup/packages.mjs';
import { SetupError } from './setup/problem.mjs';
import { installSystemNeeds } from './setup/system.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const OLDEST_NODE = 20;

/** Prepares the checkout; on failure prints the remedy and ends the process with exit code 1. Two set-ups of one checkout run in turn.
 *  Only tests need the simulator of the CUDA kernels; compiling it takes longer than all the rest. */
export async function setup({ simulator = true } = {}) {
  const lock = await acquireLock(join(root, 'build', 'setup-lock'), (pid) =>
    console.log(`Another set-up is at work here (process ${pid}); waiting for it to end.`),
  );
  try {
    if (lock.orphan) {
      console.log(`A command of an earlier set-up still runs (process ${lock.orphan.pid}); waiting for it to end.`);
      await ended(lock.orphan);
    }
    await prepare(lock, simulator ? [] : ['--without-simulator']);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}`);
    lock.release();
    process.exit(1);
  } finally {
    lock.release();
  }
}

async function prepare(lock, buildOptions) {
  checkNode();
  const execute = (command, args) => runShown(command, args, lock);
  await installPackages(root, execute);
  if (isBuilt(buildOptions) && reasonNotLoaded() === undefined) return;
  await installSystemNeeds(execute);
  await buildAddon(execute, buildOptions);
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_NODE) {
    throw new SetupError(
      `gannet needs Node ${OLDEST_NODE} or newer, and this is Node ${process.versions.node}. Install a newer one: https://nodejs.org`,
    );
  }
}

const buildScript = join(root, 'scripts', 'build-addon.mjs');

function isBuilt(options) {
  return spawnSync(process.execPath, [buildScript, '--check', ...options], { stdio: 'ignore' }).status === 0;
}

/** @throws SetupError if the addon cannot be built, or does not load even after a build from nothing */
async function buildAddon(execute, options) {
  for (const afresh of [[], ['--afresh']]) {
    const { code } = await execute(process.execPath, [buildScript, ...options, ...afresh]);
    if (code !== 0) throw new SetupError('Set-up stopped: the native addon was not built. The messages above say why.');
    if (reasonNotLoaded() === undefined) return;
  }
  throw new SetupError(`Set-up stopped: the native addon was built and does not load:\n\n  ${reasonNotLoaded()}`);
}

/** What Node says if it cannot load the addon that was built. */
function reasonNotLoaded() {
  const addon = join(root, 'build', 'Release', 'gannet.node');
  const script = 'try { require(process.argv[1]) } catch ({ message }) { console.log(message); process.exit(1) }';
  const { status, signal, stdout } = spawnSync(process.execPath, ['-e', script, addon], { encoding: 'utf8' });
  if (status === 0) return undefined;
  return signal ? `loading it ended with ${signal}` : stdout.trim();
}

/** Runs a command in the checkout. Resolves with its exit code and what it printed, which is shown as well. */
async function runShown(command, args, lock) {
  let output = '';
  const { code, problem } = await run(command, args, {
    cwd: root,
    output: (chunk) => {
      process.stderr.write(chunk);
      output += chunk;
    },
    started: (pid) => lock.employ(pid),
    interrupted: () => lock.release(),
  });
  if (problem) console.error(problem);
  return { code, output };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await setup({ simulator: !process.argv.includes('--without-simulator') });
}
