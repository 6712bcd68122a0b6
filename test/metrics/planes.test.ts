import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { colourPlanes, greyPlane, type Plane, planeOf } from '../../src/metrics/planes.ts';
import { laplacianPyramid } from '../../src/metrics/pyramid.ts';
import { bicubicResizer } from '../../src/metrics/resize.ts';
import { assertAllClose, fixture } from './fixture.ts';
import { images } from './images.ts';

const sizeOf = ({ height, width }: Plane): [number, number] => [height, width];

test('a channel of an image is its bytes, and grey is their mean', () => {
  const coloured = images(2, [2, 3], 3, (image, y, x, channel) => 100 * image + 10 * y + x + 3 * channel);
  assert.equal([...planeOf(coloured, 1, 2).values], [106, 107, 108, 116, 117, 118]);
  assert.equal([...greyPlane(coloured, 1).values], [103, 104, 105, 113, 114, 115]);
  const grey = images(1, [1, 2], 1, (_image, _y, x) => x);
  assert.equal([...greyPlane(grey, 0).values], [0, 1]);
});

test('what is transparent lies on white', () => {
  const colour = [10, 100, 200];
  const overlaid = images(1, [1, 3], 4, (_image, _y, x, channel) => colour[channel] ?? [0, 51, 255][x] ?? 0);
  const [red] = colourPlanes(overlaid, 0);
  assert.equal([...(red as Plane).values], [255, 255 - 245 / 5, 10]);
  assert.is(colourPlanes(overlaid, 0).length, 3);
  assertAllClose(greyPlane(overlaid, 0).values, [255, (206 + 224 + 244) / 3, 310 / 3], 1e-12);
});

test('resizing is that of Pillow on floats, to smaller and to larger sizes', () => {
  for (const expected of fixture.resized) {
    const resized = bicubicResizer(sizeOf(fixture.image), sizeOf(expected))(fixture.image);
    assert.equal(sizeOf(resized), sizeOf(expected));
    // Pillow rounds to float32 between the two axes.
    assertAllClose(resized.values, expected.values, 1e-4);
  }
});

test('resizing to the same size changes nothing', () => {
  assert.is(bicubicResizer([24, 36], [24, 36])(fixture.image), fixture.image);
});

test('the levels of a Laplacian pyramid are those of scipy', () => {
  const levels = laplacianPyramid([24, 36], 3)(fixture.image);
  assert.equal(levels.map(sizeOf), [
    [24, 36],
    [12, 18],
    [6, 9],
  ]);
  for (const [i, { values }] of levels.entries()) assertAllClose(values, fixture.pyramid[i]?.values ?? [], 1e-10);
});

test('a pyramid of odd sides and of one level', () => {
  const odd = images(1, [7, 5], 1, (_image, y, x) => 10 * y + x);
  assert.equal(laplacianPyramid([7, 5], 2)(planeOf(odd, 0, 0)).map(sizeOf), [
    [7, 5],
    [4, 3],
  ]);
  assert.equal(laplacianPyramid([24, 36], 1)(fixture.image), [fixture.image]);
});

test.run();
