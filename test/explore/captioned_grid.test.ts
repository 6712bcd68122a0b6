import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Picture } from '../../src/data/index.ts';
import { composeCaptioned } from '../../src/explore/captioned_grid.ts';

const blank = (width: number, height: number, channels: 1 | 3 = 1): Picture => ({
  width,
  height,
  channels,
  pixels: new Uint8Array(width * height * channels).fill(255),
});

const grey = (side: number, level: number, channels: 1 | 3 = 1): Picture => {
  const picture = blank(side, side, channels);
  picture.pixels.fill(level);
  return picture;
};

test('images lie in rows and columns on white, captions above and before them', async () => {
  const grid = {
    columns: ['a', 'b'],
    rows: [
      { caption: 'r', pictures: [grey(64, 10), grey(64, 20)] },
      { caption: 's', pictures: [undefined, grey(64, 30)] },
    ],
  };
  const { width, height, pixels } = await composeCaptioned(grid);
  // A letter of double size is 12x22; gaps are 4.
  assert.equal([width, height], [4 + 12 + 4 + 2 * 68, 4 + 22 + 4 + 2 * 68]);
  const at = (x: number, y: number) => pixels[y * width + x];
  assert.equal([at(20, 30), at(83, 93), at(88, 30), at(88, 98)], [10, 10, 20, 30]);
  assert.equal([at(84, 30), at(20, 98), at(20, 94)], [255, 255, 255], 'gaps and empty places are white');
  const ink = (left: number, top: number, right: number, bottom: number) => {
    let count = 0;
    for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) count += (at(x, y) ?? 255) < 128 ? 1 : 0;
    return count;
  };
  assert.ok(ink(46, 4, 58, 26) > 0, "'a' is centred above the first column");
  assert.is(ink(20, 0, 44, 30), 0);
  assert.ok(ink(4, 51, 16, 73) > 0, "'r' is beside the middle of its row");
});

test('small images are enlarged until they can be seen, or as asked', async () => {
  const grid = { columns: [], rows: [{ caption: '', pictures: [grey(16, 0, 3)] }] };
  const { width, height } = await composeCaptioned(grid);
  assert.equal([width, height], [72, 72]);
  assert.is((await composeCaptioned(grid, { scale: 1 })).width, 24);
});

test('column captions too long for double size are written small', async () => {
  const grid = (caption: string) => ({ columns: [caption], rows: [{ caption: '', pictures: [grey(64, 9)] }] });
  assert.is((await composeCaptioned(grid('short'))).height, 4 + 22 + 4 + 68);
  assert.is((await composeCaptioned(grid('overlong'))).height, 4 + 11 + 4 + 68);
});

test.run();
