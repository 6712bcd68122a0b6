#!/usr/bin/env node
// `npm run prebuilds`: makes prebuilds/linux-x64/, which the package ships: the addon, the simulator of the CUDA kernels, and beside
// them the libraries that a machine with Node need not have, each with its licence. prebuildify drives it; where it would call
// node-gyp it calls this file again, which builds with cmake-js.
//   --cuda               with the device 'cuda' for every architecture: half an hour on two cores
//   --from build/Release take this addon instead of compiling one
//   --check              only see whether the prebuilds are there and newer than the sources, for `npm pack`
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ARCHITECTURES, option, root } from './kernels/toolchain.mjs';
import { copyLibraries } from './libraries.mjs';

const prebuilds = join(root, 'prebuilds', `${platform()}-${arch()}`);
/** prebuildify takes the binaries from build/Release of the folder it is given. A folder of its own leaves a developer's alone. */
const workshop = join(root, 'build/prebuild');
const release = join(workshop, 'build/Release');
const extras = join(workshop, 'extras');

const OURS = ['gannet.node', 'gannet_simt.so'];

const calledByPrebuildify = process.argv[2] === 'rebuild';
if (calledByPrebuildify) compile();
else if (process.argv.includes('--check')) check();
else await prebuild();

async function prebuild() {
  if (platform() !== 'linux') throw new Error('prebuilds are made on Linux');
  rmSync(prebuilds, { recursive: true, force: true });
  rmSync(extras, { recursive: true, force: true });
  mkdirSync(extras, { recursive: true });
  const require = createRequire(import.meta.url);
  process.env.GANNET_PREBUILD_OPTIONS = JSON.stringify({ cuda: process.argv.includes('--cuda'), from: option('from') });
  await promisify(require('prebuildify'))({
    name: require('../package.json').name,
    cwd: workshop,
    out: root,
    targets: [process.versions.node],
    napi: true,
    strip: true,
    // A musl system finds no prebuild, rather than one that it cannot load.
    tagLibc: true,
    nodeGyp: fileURLToPath(import.meta.url),
    artifacts: extras,
  });
}

/** Puts the addon, the simulator and the libraries they need into build/Release, where prebuildify takes them from. */
function compile() {
  const { cuda, from } = JSON.parse(process.env.GANNET_PREBUILD_OPTIONS);
  if (from) cpSync(resolve(root, from), release, { recursive: true });
  else build(cuda);
  const buildFolder = dirname(from ? resolve(root, from) : release);
  for (const name of OURS) hideSourceFolder(join(release, name), sourceFolderOf(buildFolder));
  copyLibraries(join(release, 'gannet.node'), { folder: release, licenses: join(extras, 'licenses'), cuda });
}

function build(cuda) {
  const architectures = [...ARCHITECTURES.map((n) => `${n}-real`), `${ARCHITECTURES.at(-1)}-virtual`].join(';');
  const options = cuda ? ['--cuda', '--arch', architectures] : [];
  const script = join(root, 'scripts/build-addon.mjs');
  const { status } = spawnSync(process.execPath, [script, '--out', join(workshop, 'build'), ...options], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

function sourceFolderOf(buildFolder) {
  const cache = readFileSync(join(buildFolder, 'CMakeCache.txt'), 'utf8');
  return /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(cache)[1];
}

/** The compiler's records for the simulator's alignment checks hold paths that -ffile-prefix-map leaves alone. Slashes in their
 *  place move nothing within the binary: /home/me/gannet/cuda/pool.cu becomes .//////////////cuda/pool.cu. */
function hideSourceFolder(file, sourceFolder) {
  const bytes = readFileSync(file);
  const folder = Buffer.from(`${sourceFolder}/`);
  const replacement = Buffer.from('.'.padEnd(folder.length, '/'));
  for (let at = bytes.indexOf(folder); at >= 0; at = bytes.indexOf(folder, at)) replacement.copy(bytes, at);
  writeFileSync(file, bytes);
}

function check() {
  const addon = existsSync(prebuilds) && readdirSync(prebuilds).find((name) => name.endsWith('.node'));
  if (addon && statSync(join(prebuilds, addon)).mtimeMs > newestSourceMs()) return;
  const what = addon ? 'The addon is older than its sources' : 'There is no addon';
  console.error(`${what} in ${prebuilds}. Make it before packing: npm run prebuilds -- --cuda`);
  process.exitCode = 1;
}

function newestSourceMs() {
  const folders = ['binding', 'cuda'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, name)),
  );
  return Math.max(...['CMakeLists.txt', ...folders].map((name) => statSync(join(root, name)).mtimeMs));
}
