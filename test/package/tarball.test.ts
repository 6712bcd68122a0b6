import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Consumer, type Outcome } from './consumer.ts';
import { filesOf, packCheckout, root } from './packing.ts';

const folder = mkdtempSync(join(tmpdir(), 'gannet-package-'));
const tarball = packCheckout(folder);
const consumer = new Consumer(join(folder, 'project'));
consumer.install(tarball);
const files = filesOf(consumer.installed);

const prebuilds = `prebuilds/${process.platform}-${process.arch}`;

test.after(() => rmSync(folder, { recursive: true, force: true }));

/** Everything that the package may hold. */
const PARTS: Readonly<Record<string, { readonly paths: RegExp; readonly megabytes: number }>> = {
  'compiled TypeScript': { paths: /^dist\/(?!page\/).*\.(js|d\.ts)$/, megabytes: 4 },
  'pages of gannet watch and of exports': {
    paths: /^dist\/page\/(index\.html|(page|export)\.(js|css)|icon\.svg|licenses\.txt)$/,
    megabytes: 1.5,
  },
  'sources of the addon': { paths: /^(binding|cuda)\/.*\.(cc|cu|cuh|h|json|txt)$/, megabytes: 2 },
  addon: { paths: /^prebuilds\/[^/]+\/(gannet\.glibc\.node|gannet_simt\.so)$/, megabytes: 150 },
  'libraries of others': { paths: /^prebuilds\/[^/]+\/lib(dnnl\.so\.2|gomp\.so\.1|OpenCL\.so\.1)$/, megabytes: 45 },
  'their licences': { paths: /^prebuilds\/[^/]+\/licenses\/[\w.-]+\.txt$/, megabytes: 0.5 },
  studies: { paths: /^studies\/[\w-]+\.json$/, megabytes: 0.1 },
  documentation: { paths: /^docs\/.*\.(md|png|svg|json|txt|csv)$/, megabytes: 7 },
  'about it': {
    paths:
      /^(package\.json|(README|NOTICE|CHANGELOG|CONTRIBUTING|SECURITY)\.md|LICENSE|CMakeLists\.txt|scripts\/build(-(addon|mpi)\.mjs|\/\w+\.mjs))$/,
    megabytes: 0.2,
  },
};

function succeeded({ exitCode, stdout, stderr }: Outcome): string {
  assert.is(exitCode, 0, `${stdout}\n${stderr}`);
  return stdout;
}

test('it installs into an empty project without compiler, network and scripts', () => {
  assert.ok(files.has('package.json'));
  for (const program of ['cc', 'c++', 'g++', 'cmake', 'make']) {
    assert.throws(() => consumer.run(program, '--version'), /ENOENT/, program);
  }
});

test('it has no scripts of its own for an installation', () => {
  const { scripts } = JSON.parse(readFileSync(join(consumer.installed, 'package.json'), 'utf8'));
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) assert.is(scripts[name], undefined, name);
});

test('it holds its parts and nothing else, each within its budget', () => {
  const strangers = [...files.keys()].filter((path) => !Object.values(PARTS).some(({ paths }) => paths.test(path)));
  assert.equal(strangers, []);
  for (const [name, { paths, megabytes }] of Object.entries(PARTS)) {
    const sizes = [...files].filter(([path]) => paths.test(path)).map(([, bytes]) => bytes);
    assert.ok(sizes.length > 0, `there is no ${name}`);
    const total = sizes.reduce((sum, bytes) => sum + bytes, 0) / 1e6;
    assert.ok(total <= megabytes, `${name}: ${total.toFixed(1)} of ${megabytes} MB`);
  }
  assert.ok(statSync(tarball).size < 60e6, `the tarball has ${statSync(tarball).size} bytes`);
});

/** The rows of the table in NOTICE.md: where each work of others is, and the texts of its licence. */
const notice = readFileSync(join(consumer.installed, 'NOTICE.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| .*`/.test(line))
  .map((line) => line.split('|').slice(1, -1))
  .map(([work = '', where = '', , text = '']) => ({ work, where: quoted(where), texts: quoted(text) }));

function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
}

/** Names of what lies in a folder of the package. */
const namesIn = (folder: string): string[] =>
  [...files.keys()].filter((path) => dirname(path) === folder).map((path) => basename(path));

/** The CUDA runtime that is linked into the addon opens the driver by this name. */
const hasCuda = readFileSync(join(consumer.installed, prebuilds, 'gannet.glibc.node')).includes('libcuda.so.1');
const carried = notice.filter(({ work }) => hasCuda || !work.includes('CUDA'));

test('NOTICE lists every library and licence that is carried, and none that is not', () => {
  const named = [...new Set(carried.flatMap(({ where }) => where))].sort();
  assert.equal(namesIn(prebuilds).sort(), named);
  const texts = [...new Set(carried.flatMap(({ texts }) => texts)), 'sources.txt'].sort();
  assert.equal(namesIn(`${prebuilds}/licenses`).sort(), texts);
  for (const { work, texts } of notice) assert.ok(texts.length > 0, `${work} has a text`);
});

test('NOTICE names what npm installs beside the package', () => {
  const [, introduction] = readFileSync(join(consumer.installed, 'NOTICE.md'), 'utf8').split('\n\n');
  const { dependencies } = JSON.parse(readFileSync(join(consumer.installed, 'package.json'), 'utf8'));
  const [, list = ''] = /npm installs (.*) beside it/s.exec(introduction ?? '') ?? [];
  assert.equal(quoted(list).sort(), Object.keys(dependencies).sort());
});

test('the source of every library of others is named with its version', () => {
  const lines = readFileSync(join(consumer.installed, prebuilds, 'licenses/sources.txt'), 'utf8')
    .trim()
    .split('\n');
  assert.equal(
    lines.map((line) => line.split(':')[0]).sort(),
    namesIn(prebuilds)
      .filter((name) => /^lib/.test(name))
      .sort(),
  );
  for (const line of lines)
    assert.match(line, /^lib\w+\.so\.\d: Debian's package \S+ \d\S*, from the source \S+ \d\S*$/);
});

test('headers of others that are compiled in are listed', () => {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const headers = Object.keys(devDependencies).filter((name) => /^node-(addon-api|.*headers)$/.test(name));
  assert.is(headers.length, 2);
  for (const name of headers)
    assert.ok(
      carried.some(({ work }) => work.includes(name)),
      name,
    );
});

test('no source and nothing compiled from one names another owner', () => {
  // The pages are bundled with packages of others, whose licences lie beside them.
  const ours = [...files.keys()].filter((path) => /^(dist\/(?!page\/)|binding\/|cuda\/|scripts\/)/.test(path));
  assert.ok(ours.length > 100);
  const foreign = ours.filter((path) =>
    /copyright|SPDX-|©/i.test(readFileSync(join(consumer.installed, path), 'utf8')),
  );
  assert.equal(foreign, []);
});

test('no file of ours tells where it was made', () => {
  const places = [root, folder, homedir()].map((place) => `${place}/`);
  for (const path of files.keys()) {
    if (/\/lib\w+\.so\.\d+$/.test(path)) continue;
    const bytes = readFileSync(join(consumer.installed, path));
    for (const place of places) assert.not.ok(bytes.includes(place), `${path} contains ${place}`);
  }
});

test('doctor finds everything there, and the libraries are those of the package', () => {
  const report = JSON.parse(succeeded(consumer.run('npx', 'gannet', 'doctor', '--json')));
  assert.is(report.canTrain, true);
  const working = report.findings.filter(({ ok }: { ok: boolean }) => ok).map(({ name }: { name: string }) => name);
  for (const name of ['addon', 'device cpu', 'device simt', 'sharp']) assert.ok(working.includes(name), name);

  const script = `import { bestDevice } from 'gannet'; import { readFileSync } from 'node:fs';
    bestDevice(); console.log(readFileSync('/proc/self/maps', 'utf8'));`;
  const maps = succeeded(consumer.run('node', '--input-type=module', '-e', script));
  for (const library of ['gannet.glibc.node', 'libdnnl.so.2', 'libgomp.so.1', 'libOpenCL.so.1']) {
    const loaded = maps.split('\n').filter((line) => line.endsWith(`/${library}`));
    assert.ok(loaded.length > 0, `${library} is not loaded`);
    for (const line of loaded) assert.match(line, `${consumer.installed}/${prebuilds}/${library}`);
  }
});

test('it trains on a folder of images', async () => {
  mkdirSync(join(consumer.folder, 'images'));
  for (let i = 0; i < 12; i++) {
    const background = { r: 20 * i, g: 255 - 20 * i, b: 128 };
    const image = sharp({ create: { width: 16, height: 16, channels: 3, background } });
    await image.png().toFile(join(consumer.folder, 'images', `${i}.png`));
  }
  const settings = ['model.width=2', 'latent.size=4', 'sampleCount=4', 'health.collapseBelow=0'];
  succeeded(
    consumer.run(
      ...(['npx', 'gannet', 'train', 'dcgan', '--data', 'images', '--size', '16', '--batch', '4'] as const),
      ...['--steps', '4', '--device', 'cpu', '--out', 'run', ...settings.flatMap((setting) => ['--set', setting])],
    ),
  );
  const made = [...filesOf(join(consumer.folder, 'run')).keys()];
  assert.ok(made.some((path) => path.endsWith('.safetensors')));
  assert.ok(made.some((path) => path.endsWith('.png')));
});

test('it compares devices: parity', () => {
  const table = succeeded(
    consumer.run(
      ...(['npx', 'gannet', 'parity', '--device', 'cpu', '--against', 'simt', '--junit', 'parity.xml'] as const),
      ...['--only', 'matmul*', '*dcgan-digits*'],
    ),
  );
  assert.match(table, /^matmul +float32/m);
  assert.match(table, /^step of dcgan-digits +float32/m);
  assert.match(table, /[1-9]\d* passed, 0 failed, 0 skipped/);
  assert.match(readFileSync(join(consumer.folder, 'parity.xml'), 'utf8'), '<testsuite');
});

test('build says which packages it needs before it compiles', () => {
  const { exitCode, stderr } = consumer.run('npx', 'gannet', 'build');
  assert.is(exitCode, 3);
  assert.match(stderr, /npm install --save-dev 'cmake-js@\^\d.*' 'node-addon-api@\^\d.*'/);
});

/** A consumer's program that uses the types: `steps` must be a number, and the last line must not compile. */
const PROGRAM = `
import { type Device, nn, ops, openDevice, resolveConfig, train } from 'gannet';

const config = resolveConfig({ recipe: 'dcgan', data: 'images', steps: 4 });
export const steps: number = config.steps;
export const device = (): Device => openDevice('cpu', { threads: 1 });
export { nn, ops };
export async function run(): Promise<number> {
  let events = 0;
  for await (const event of train(config)) events += event.type.length;
  return events;
}
// @ts-expect-error there is no such device
openDevice('abacus');
`;

/** Node's projects have its types, those of bundlers the browser's. */
const PROJECTS = {
  nodenext: { module: 'nodenext', lib: ['ES2023'], types: ['node'] },
  bundler: { module: 'esnext', lib: ['ES2023', 'DOM'], types: [] },
};

for (const [moduleResolution, options] of Object.entries(PROJECTS)) {
  test(`a strict TypeScript project type-checks with module resolution ${moduleResolution}`, () => {
    for (const name of ['@types/node', 'undici-types']) consumer.provide(`node_modules/${name}`);
    const compilerOptions = {
      ...{ ...options, moduleResolution, target: 'es2022', noEmit: true },
      ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false },
    };
    writeFileSync(join(consumer.folder, 'program.ts'), PROGRAM);
    const project = join(consumer.folder, `${moduleResolution}.json`);
    writeFileSync(project, JSON.stringify({ compilerOptions, files: ['program.ts'] }));
    succeeded(consumer.run('node', join(root, 'node_modules/typescript/bin/tsc'), '-p', project));
  });
}

test.run();
