import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readGroup } from '../../src/explore/groups.ts';
import { formatLatents, readLatents } from '../../src/explore/latents_file.ts';
import { noiseSpace } from '../../src/explore/space.ts';
import { rejects } from '../data/rejects.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { vector } from './close_to.ts';

const folder = temporaryFolder();
const origin = { command: 'gannet explore runs/x eigen', recipe: 'began', step: 400, seed: 3 };
const grid = {
  columns: ['mean', '0'],
  rows: [
    { caption: 'a', cells: [vector(0.1, 1 / 3), undefined] },
    { caption: 'b', cells: [vector(-1e-9, 7), vector(1, 2)] },
  ],
};

function fileOf(text: string): string {
  const path = join(folder, 'latents.json');
  writeFileSync(path, text);
  return path;
}

const space = noiseSpace({ size: 2, distribution: 'normal' }, async () => []);

test('latents are read back to the bit, empty places and captions too', async () => {
  const path = fileOf(formatLatents(grid, origin));
  assert.equal(await readLatents(path, 2), { ...grid, origin });
  assert.is(readFileSync(path, 'utf8').split('\n').length, 5, 'a row in a line');
});

test('latents of another size are refused with both sizes', () =>
  rejects(() => readLatents(fileOf(formatLatents(grid, origin)), 64), 'latents_size', /64/, /2/));

test('what is no latents file is refused', async () => {
  await rejects(() => readLatents(join(folder, 'nothing.json'), 2), 'latents_file', /nothing\.json/);
  await rejects(() => readLatents(fileOf('{'), 2), 'latents_file', /JSON/);
  await rejects(() => readLatents(fileOf('{"format": "other"}'), 2), 'latents_file', /at 'format'/);
});

test('a group is numbers of random latents', async () => {
  const drawn = space.draw(6, 3);
  assert.equal(await readGroup('5,0', space, 3), [drawn[5], drawn[0]]);
});

test('a group is a latents file, or some of it, counted row by row', async () => {
  const path = fileOf(formatLatents(grid, origin));
  assert.equal(await readGroup(path, space, 3), [vector(0.1, 1 / 3), vector(-1e-9, 7), vector(1, 2)]);
  assert.equal(await readGroup(`${path}#2,0`, space, 3), [vector(1, 2), vector(0.1, 1 / 3)]);
});

test('a group that is none is refused', async () => {
  const path = fileOf(formatLatents(grid, origin));
  await rejects(() => readGroup(`${path}#3`, space, 3), 'group_index', /latents 0 to 2, but 3/);
  for (const text of ['', 'smiling', '1;2', '1,', '-1']) {
    await rejects(() => readGroup(text, space, 3), 'group_syntax', /3,17,24/);
  }
});

test.run();
