import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { composeGrid, composeImage, type ImageBatch } from '../../src/data/grid.ts';
import { encodePng, writeGrid, writeImage } from '../../src/data/png.ts';
import { rejects } from './rejects.ts';
import { temporaryFolder } from './temporary.ts';

/** Three grey images of 1x2: bytes (0, 255), (51, 102), (153, 204). */
const grey: ImageBatch = {
  data: Float32Array.from([0, 255, 51, 102, 153, 204], (byte) => byte / 127.5 - 1),
  shape: [3, 1, 2, 1],
};

/** One image of 1x2: red, then (0, 128, 255). */
const colour: ImageBatch = { data: Float32Array.of(1, -1, -1, -1, 128 / 127.5 - 1, 1), shape: [1, 1, 2, 3] };

async function decode(path: string) {
  const { space } = await sharp(path).metadata();
  const { data, info } = await sharp(path)
    .toColourspace(space ?? '')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels as number, pixels: [...data] };
}

test('rows and columns with gaps; a cell without an image stays background', () => {
  const picture = composeGrid(grey, { columns: 2, gap: 1, background: 9 });
  assert.equal([picture.width, picture.height, picture.channels], [5, 3, 1]);
  assert.equal([...picture.pixels], [0, 255, 9, 51, 102, 9, 9, 9, 9, 9, 153, 204, 9, 9, 9]);
});

test('a scale repeats pixels, not gaps', () => {
  const picture = composeGrid(grey, { columns: 3, gap: 1, scale: 2, background: 9 });
  const row = [0, 0, 255, 255, 9, 51, 51, 102, 102, 9, 153, 153, 204, 204];
  assert.equal([picture.width, picture.height], [14, 2]);
  assert.equal([...picture.pixels], [...row, ...row]);
});

test('the default is nearly a square, two white pixels between', () => {
  const picture = composeGrid(grey);
  assert.equal([picture.width, picture.height], [6, 4]);
  assert.is(picture.pixels[2], 255);
});

test('values outside [-1, 1] are clamped, others go to the nearest byte, NaN is black', () => {
  const data = Float32Array.of(-7, 7, 0.5 / 127.5 - 1 + 1e-4, -1 + 0.4 / 127.5, Number.NaN, Number.POSITIVE_INFINITY);
  assert.equal([...composeImage({ data, shape: [1, 1, 6, 1] }, 0).pixels], [0, 255, 1, 0, 0, 255]);
});

test('a grid on disk holds the very pixels, in as many channels', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'made', 'on', 'the', 'way', 'grid.png');
  await writeGrid(path, grey, { columns: 2, gap: 1, background: 9 });
  const expected = composeGrid(grey, { columns: 2, gap: 1, background: 9 });
  assert.equal(await decode(path), { ...expected, pixels: [...expected.pixels] });
  assert.is((await sharp(path).metadata()).channels, 1);
  assert.equal(readdirSync(join(folder, 'made', 'on', 'the', 'way')), ['grid.png'], 'no temporary file is left');
});

test('colour keeps its channels', async () => {
  const path = join(temporaryFolder(), 'image.png');
  await writeImage(path, colour);
  assert.equal(await decode(path), { width: 2, height: 1, channels: 3, pixels: [255, 0, 0, 0, 128, 255] });
});

test('one image of a batch', async () => {
  const path = join(temporaryFolder(), 'image.png');
  await writeImage(path, grey, 1);
  assert.equal((await decode(path)).pixels, [51, 102]);
});

test('one picture gives one file, byte for byte', async () => {
  const encode = () => encodePng(composeGrid(colour));
  assert.equal(await encode(), await encode());
});

test('a path that cannot be written is named, and what was there stays', async () => {
  const folder = temporaryFolder({ file: 'kept' });
  await rejects(() => writeGrid(join(folder, 'file', 'grid.png'), grey), 'image_unwritable', /grid\.png/);
  assert.is(readFileSync(join(folder, 'file'), 'utf8'), 'kept');
  const taken = temporaryFolder({ 'grid.png/inside': '' });
  await rejects(() => writeGrid(join(taken, 'grid.png'), grey), 'image_unwritable');
  assert.equal(readdirSync(taken), ['grid.png'], 'no temporary file is left');
  writeFileSync(join(folder, 'old.png'), 'old');
  await writeGrid(join(folder, 'old.png'), grey);
  assert.is((await decode(join(folder, 'old.png'))).width, 6);
});

test.run();
