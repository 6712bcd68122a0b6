import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Picture } from '../../src/data/index.ts';
import { composeCaptioned } from '../../src/explore/captioned_grid.ts';
import { charactersIn, drawText, textHeight, textWidth, wrapText } from '../../src/explore/captions.ts';

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

/** A grey picture as text: '#' is black. */
const art = ({ width, height, pixels }: Picture): string[] =>
  Array.from({ length: height }, (_, y) =>
    Array.from(pixels.subarray(y * width, (y + 1) * width), (level) => (level === 0 ? '#' : '.')).join(''),
  );

test('text is drawn from glyphs of 5x7', () => {
  const picture = blank(11, 7);
  drawText(picture, 'v4', 0, 0, 1);
  assert.equal(art(picture), [
    '.........#.',
    '........##.',
    '#...#..#.#.',
    '#...#.#..#.',
    '#...#.#####',
    '.#.#.....#.',
    '..#......#.',
  ]);
});

test('text is enlarged by whole pixels, in every channel', () => {
  const [small, large] = [blank(5, 7), blank(10, 14, 3)];
  drawText(small, 'k', 0, 0, 1);
  drawText(large, 'k', 0, 0, 2);
  for (let i = 0; i < large.pixels.length; i++) {
    const [x, y] = [Math.floor(i / 3) % 10, Math.floor(i / 30)];
    assert.is(large.pixels[i], small.pixels[Math.floor(y / 2) * 5 + Math.floor(x / 2)]);
  }
});

test('every printable character has a glyph of its own, any other is a question mark', () => {
  const drawn = (character: string) => {
    const picture = blank(5, 7);
    drawText(picture, character, 0, 0, 1);
    return art(picture).join('\n');
  };
  const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
  assert.is(new Set(printable.map(drawn)).size, 95);
  assert.is(drawn('é'), drawn('?'));
});

test('captions break behind spaces, plus and minus, or where they must', () => {
  assert.equal(wrapText('smile+tan', 9), ['smile+tan']);
  assert.equal(wrapText('smile+tan', 8), ['smile+', 'tan']);
  assert.equal(wrapText('very wide', 5), ['very', 'wide']);
  assert.equal(wrapText('sunglasses', 4), ['sung', 'lass', 'es']);
  assert.equal(wrapText('', 4), []);
});

test('sizes of text', () => {
  assert.equal([textWidth(3, 2), textHeight(2, 2), textWidth(0, 2)], [34, 32, 0]);
  assert.is(charactersIn(34, 2), 3);
  assert.is(charactersIn(33, 2), 2);
});

test('images lie in rows and columns on white, captions above and before them', () => {
  const grid = {
    columns: ['a', 'b'],
    rows: [
      { caption: 'r', pictures: [grey(64, 10), grey(64, 20)] },
      { caption: 's', pictures: [undefined, grey(64, 30)] },
    ],
  };
  const { width, height, pixels } = composeCaptioned(grid);
  // A letter of double size is 10x14; gaps are 4.
  assert.equal([width, height], [4 + 10 + 4 + 2 * 68, 4 + 14 + 4 + 2 * 68]);
  const at = (x: number, y: number) => pixels[y * width + x];
  assert.equal([at(18, 22), at(81, 85), at(86, 22), at(86, 90)], [10, 10, 20, 30]);
  assert.equal([at(82, 22), at(18, 90), at(18, 86)], [255, 255, 255], 'gaps and empty places are white');
  const ink = (left: number, top: number, right: number, bottom: number) => {
    let count = 0;
    for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) count += at(x, y) === 0 ? 1 : 0;
    return count;
  };
  assert.ok(ink(45, 4, 55, 18) > 0, "'a' is centred above the first column");
  assert.is(ink(18, 0, 40, 22), 0);
  assert.ok(ink(4, 47, 14, 61) > 0, "'r' is beside the middle of its row");
});

test('small images are enlarged until they can be seen, or as asked', () => {
  const grid = { columns: [], rows: [{ caption: '', pictures: [grey(16, 0, 3)] }] };
  assert.equal([composeCaptioned(grid).width, composeCaptioned(grid).height], [72, 72]);
  assert.is(composeCaptioned(grid, { scale: 1 }).width, 24);
});

test('column captions too long for double size are written small', () => {
  const grid = (caption: string) => ({ columns: [caption], rows: [{ caption: '', pictures: [grey(64, 9)] }] });
  assert.is(composeCaptioned(grid('short')).height, 4 + 14 + 4 + 68);
  assert.is(composeCaptioned(grid('overlong')).height, 4 + 7 + 4 + 68);
});

test.run();
