import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { errorsPage } from '../../scripts/docs/errors.ts';
import { ERROR_CODES } from '../../src/error_codes.ts';
import { root } from './markdown.ts';

/** All files of a folder whose names end so, as one text. */
const textOf = (folder: string, ending: RegExp): string =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => ending.test(path) && !path.endsWith('error_codes.ts'))
    .map((path) => readFileSync(join(root, folder, path), 'utf8'))
    .join('\n');

const native = textOf('binding', /\.(cc|h)$/);
const written = textOf('src', /\.ts$/);

/** Texts of several words in snake case are codes there, but for what the simulator exports; so is what comes first in an Error. */
const nativeCodes = new Set(
  [...native.matchAll(/"((?!gannet_)[a-z]+(?:_[a-z]+)+)"|\bError\("(\w+)"/g)].map(([, words, first]) => words ?? first),
);

/** Whether the sources name a code, whole or as a text with one part filled in, such as `${kind}_unavailable`. */
function isNamed(code: string): boolean {
  const filled = [...written.matchAll(/`(\w*)\$\{\w+\}(\w*)`/g)].filter(([, head, tail]) =>
    `${head}${tail}`.includes('_'),
  );
  return (
    written.includes(`'${code}'`) ||
    filled.some(([, head = '', tail = '']) => code.startsWith(head) && code.endsWith(tail))
  );
}

test('every code that the addon raises is one of a DeviceError', () => {
  assert.ok(nativeCodes.size >= 25, `${nativeCodes.size} codes`);
  assert.equal(
    [...nativeCodes].filter((code) => !(`${code}` in ERROR_CODES.DeviceError)),
    [],
  );
});

test('every code of the page is raised, by gannet or by the addon', () => {
  const codes = Object.values(ERROR_CODES).flatMap((ofClass) => Object.keys(ofClass));
  assert.ok(codes.length > 150);
  assert.equal(
    codes.filter((code) => !isNamed(code) && !nativeCodes.has(code)),
    [],
  );
});

test('a code is snake case, and its meaning whole sentences', () => {
  for (const [code, meaning] of Object.values(ERROR_CODES).flatMap((ofClass) => Object.entries(ofClass))) {
    assert.match(code, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
    assert.match(meaning, /^[^a-z|][^|]*\.$/, code);
  }
});

test('the page shows a code below its class, whose exit code the command line has', () => {
  const page = errorsPage(
    [...Object.keys(ERROR_CODES)].map((name) => ({ name, doc: `${name}.`, signature: '', file: '', namespace: '' })),
  );
  const data = page.slice(page.indexOf('## DataError'), page.indexOf('## DeviceError'));
  assert.match(data, '## DataError\n\nDataError. Exit code 4.\n\n| code |');
  assert.match(data, '| `batch_too_large` | A batch is larger than the data. Take a smaller one, or add images. |');
  assert.match(page, '## CheckpointError\n\nCheckpointError. Exit code 1.');
});

test.run();
