import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openEmoji } from '../../src/data/emoji.ts';
import { openDataset } from '../../src/data/open.ts';
import { uniformPng } from './pictures.ts';
import { readBytes } from './read.ts';
import { rejects } from './rejects.ts';
import { temporaryFolder } from './temporary.ts';

const picture = (column: number, row: number, rest = {}) => ({
  sheet_x: column,
  sheet_y: row,
  has_img_google: true,
  ...rest,
});

test('the real pictures: 3,786 of 64x64 on white, in ten categories', async () => {
  const emoji = await openDataset('emoji');
  assert.equal([emoji.name, emoji.count, emoji.size, emoji.channels], ['emoji', 3786, [64, 64], 3]);
  assert.is(emoji.labels?.names.length, 10);
  assert.is(emoji.labels?.names[0], 'Smileys & Emotion');
  assert.is(emoji.labels?.values[0], 0);
  const face = await readBytes(emoji, 0);
  assert.equal(face.slice(0, 3), [255, 255, 255], 'what is transparent is white');
  const centre = face.slice((24 * 64 + 16) * 3, (24 * 64 + 16) * 3 + 3) as [number, number, number];
  assert.ok(centre[0] > 200 && centre[1] > 150 && centre[2] < 120, `the first face is yellow, not ${centre}`);
  const small = await openDataset('emoji', { size: 32 });
  assert.is(small.count, 3786);
  assert.is(small.fingerprint, emoji.fingerprint);
});

test('with four channels the pictures keep their transparency', async () => {
  const emoji = await openDataset('emoji', { channels: 4, size: 32 });
  const face = await readBytes(emoji, 0);
  assert.equal(face.slice(0, 4), [0, 0, 0, 0]);
  assert.is(face[(12 * 32 + 8) * 4 + 3], 255);
});

test('pictures come in the order of the table, each followed by its skin tones', async () => {
  const folder = temporaryFolder({
    'img/google/sheets/64.png': await uniformPng(132, 66, [200, 100, 0, 255]),
    'emoji.json': JSON.stringify([
      picture(0, 0, {
        category: 'b',
        sort_order: 2,
        skin_variations: { dark: picture(1, 0), none: picture(9, 9, { has_img_google: false }) },
      }),
      picture(1, 0, { category: 'a', sort_order: 1 }),
    ]),
  });
  const emoji = await openEmoji({ directory: folder });
  assert.is(emoji.count, 3);
  assert.equal(emoji.labels?.names, ['a', 'b']);
  assert.equal([...(emoji.labels?.values ?? [])], [0, 1, 1]);
  assert.equal((await readBytes(emoji, 2)).slice(0, 3), [200, 100, 0]);
});

test('a missing package is named with the command that installs it', () =>
  rejects(
    () => openEmoji({ searchFrom: [temporaryFolder()] }),
    'emoji_missing',
    /npm install emoji-datasource-google/,
    /emoji:DIR/,
  ));

test('a folder without the table, or a sheet too small for it, is damaged', async () => {
  await rejects(() => openEmoji({ directory: temporaryFolder() }), 'emoji_damaged', /emoji\.json/);
  const folder = temporaryFolder({
    'img/google/sheets/64.png': await uniformPng(66, 66, [0, 0, 0, 0]),
    'emoji.json': JSON.stringify([picture(3, 1, { category: 'a', sort_order: 1 })]),
  });
  await rejects(() => openEmoji({ directory: folder }), 'emoji_damaged', /64\.png/, /column 3, row 1/);
});

test('a table in which something is of another type is damaged, and the place is named', async () => {
  const whole = picture(0, 0, { category: 'a', sort_order: 1 });
  for (const [key, value] of Object.entries({ category: null, sheet_x: -1, sort_order: 'x', skin_variations: [1] })) {
    const folder = temporaryFolder({
      'img/google/sheets/64.png': await uniformPng(66, 66, [0, 0, 0, 0]),
      'emoji.json': JSON.stringify([whole, { ...whole, [key]: value }]),
    });
    await rejects(() => openEmoji({ directory: folder }), 'emoji_damaged', new RegExp(`emoji\\.json .*1\\.${key}`));
  }
});

test.run();
