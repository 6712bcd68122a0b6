import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** The folders and single modules of src/, in the order of who may import whom: each only from itself and from its left. */
const ORDER = [
  'error_codes errors package suggest files durable storage tensor safetensors ops graph oracle device nn losses optim config games models',
  'data charts classifier extractor metrics train explore evaluation comparison study projection reference export parity bench watch report cli index',
].flatMap((line) => line.split(' '));

const ADDON_LOADING = /['"`]node-gyp-build['"`]|\bdlopen\b|\.node['"`]/;

/** Path from the repository's root (with slashes) -> text. */
type Sources = Record<string, string>;

/** Everything that breaks the rules of who may import whom, one sentence each. */
function violations(sources: Sources): string[] {
  return Object.entries(sources).flatMap(([path, text]) => [
    ...importsOf(path, text).flatMap((target) => judgeImport(path, target) ?? []),
    ...(ADDON_LOADING.test(text) && folderOf(path) !== 'device' ? [`${path} loads the addon`] : []),
  ]);
}

function judgeImport(path: string, target: string): string | undefined {
  if (target === 'package.json') return undefined;
  if (!target.startsWith('src/')) return `${path} imports ${target}, outside src/`;
  const [from, to] = [folderOf(path), folderOf(target)];
  for (const folder of [from, to]) {
    if (!ORDER.includes(folder)) return `${path}: '${folder}' has no place in the order of folders`;
  }
  return ORDER.indexOf(to) > ORDER.indexOf(from) ? `${path} imports ${target}, to its right` : undefined;
}

/** `src/ops/conv2d.ts` -> ops, `src/errors.ts` -> errors. */
const folderOf = (path: string): string => (path.split('/')[1] ?? '').replace(/\.ts$/, '');

/** The files that a file imports by relative path: statically, as types, for their effect, or dynamically. */
function importsOf(path: string, text: string): string[] {
  const specifiers = [...text.matchAll(/\b(?:from|import|require)\s*\(?\s*['"`](\.[^'"`]*\.\w+)['"`]/g)];
  return specifiers.map(([, specifier]) => posix.join(posix.dirname(path), specifier ?? ''));
}

function readSources(): Sources {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const paths = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) =>
      relative(root, join(root, 'src', path))
        .split(sep)
        .join('/'),
    );
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

test('every folder of src imports only from its left, and only device loads the addon', () => {
  const sources = readSources();
  assert.ok(Object.keys(sources).length > 20);
  assert.equal(violations(sources), []);
});

test('the order names what is there, and docs/design.md tells the same', () => {
  const present = new Set(Object.keys(readSources()).map(folderOf));
  assert.equal(
    ORDER.filter((folder) => !present.has(folder)),
    [],
  );
  const design = readFileSync(new URL('../docs/design.md', import.meta.url), 'utf8');
  const [, told = ''] = /^ +src\/ +(error_codes[\s\S]*?)^ +scripts\//m.exec(design) ?? [];
  assert.equal(
    [...told.matchAll(/\w+/g)].map(String),
    ORDER.filter((folder) => folder !== 'index'),
  );
});

test('imports to the left and inside a folder are allowed', () => {
  const sources = {
    'src/ops/conv2d.ts': "import { op } from './op.ts';\nimport type { Tensor } from '../tensor/tensor.ts';",
    'src/index.ts': "export { train } from './train/index.ts';",
  };
  assert.equal(violations(sources), []);
});

test('an import to the right is found, whichever way it is written', () => {
  const right = ['src/ops/a.ts imports src/device/native.ts, to its right'];
  assert.equal(violations({ 'src/ops/a.ts': "import type { Native } from '../device/native.ts';" }), right);
  assert.equal(violations({ 'src/ops/a.ts': "import {\n  open,\n} from '../device/native.ts';" }), right);
  assert.equal(violations({ 'src/ops/a.ts': "export * from '../device/native.ts';" }), right);
  assert.equal(violations({ 'src/ops/a.ts': "import '../device/native.ts';" }), right);
  assert.equal(violations({ 'src/ops/a.ts': "const { open } = await import('../device/native.ts');" }), right);
});

test('an import from test/ is found', () => {
  assert.equal(violations({ 'src/graph/verify.ts': "import { cases } from '../../test/cases.ts';" }), [
    'src/graph/verify.ts imports test/cases.ts, outside src/',
  ]);
});

test('a folder without a place in the order is found', () => {
  assert.equal(violations({ 'src/helpers/a.ts': "import { GannetError } from '../errors.ts';" }), [
    "src/helpers/a.ts: 'helpers' has no place in the order of folders",
  ]);
});

test('loading the addon outside device is found', () => {
  assert.equal(violations({ 'src/train/a.ts': "import load from 'node-gyp-build';" }), [
    'src/train/a.ts loads the addon',
  ]);
  assert.equal(violations({ 'src/cli/a.ts': "require('build/Release/gannet.node');" }), [
    'src/cli/a.ts loads the addon',
  ]);
  assert.equal(violations({ 'src/device/a.ts': "import load from 'node-gyp-build';" }), []);
});

test.run();
