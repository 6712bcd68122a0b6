import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppendedLines, tailLines } from '../../src/watch/runs/appended_lines.ts';
import { temporaryFolder } from '../data/temporary.ts';

/** A file with its reader; `read` answers the lines that a look finds, and `restart` where all begin again. */
function watched(text: string) {
  const path = join(temporaryFolder({ file: text }), 'file');
  const lines = new AppendedLines(path);
  const read = async (): Promise<string[]> => {
    const found: string[] = [];
    await lines.read({ line: (line) => found.push(line), restart: () => found.push('restart') });
    return found;
  };
  return { path, read };
}

test('each look finds the lines that were added since the one before', async () => {
  const { path, read } = watched('a\nb\n');
  assert.equal(await read(), ['a', 'b']);
  assert.equal(await read(), []);
  appendFileSync(path, 'c\nd\n');
  assert.equal(await read(), ['c', 'd']);
});

test('a last line without its end is left until it has one', async () => {
  const { path, read } = watched('a\n{"step": 1');
  assert.equal(await read(), ['a']);
  appendFileSync(path, '2}');
  assert.equal(await read(), []);
  appendFileSync(path, '\n');
  assert.equal(await read(), ['{"step": 12}']);
});

test('a line longer than what is read at once, and a letter that lies across the border, come whole', async () => {
  const long = 'ä'.repeat(700_000);
  const { read } = watched(`x${long}\nb\n${long}\n`);
  assert.equal(await read(), [`x${long}`, 'b', long]);
});

test('a file that was replaced, cut or rewritten in place is read anew', async () => {
  const { path, read } = watched('a\nb\n');
  await read();
  writeFileSync(`${path}.tmp`, 'a\nb\nc\n');
  renameSync(`${path}.tmp`, path);
  assert.equal(await read(), ['restart', 'a', 'b', 'c']);
  writeFileSync(path, 'a\n');
  assert.equal(await read(), ['restart', 'a']);
  writeFileSync(path, 'z\ny\n');
  assert.equal(await read(), ['restart', 'z', 'y']);
});

test('a file that is not there has no lines, and may come or go', async () => {
  const { path, read } = watched('');
  rmSync(path);
  assert.equal(await read(), []);
  writeFileSync(path, 'a\n');
  assert.equal(await read(), ['a']);
  rmSync(path);
  assert.equal(await read(), ['restart']);
});

test('the tail is whole lines only', async () => {
  const { path } = watched('first\nsecond\nthird\nhal');
  assert.equal(await tailLines(path, 1000), ['first', 'second', 'third']);
  assert.equal(await tailLines(path, 12), ['third']);
  assert.equal(await tailLines(`${path}.missing`, 12), []);
});

test.run();
