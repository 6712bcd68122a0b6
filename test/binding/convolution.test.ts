import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Shape } from '../../src/tensor/shape.ts';
import { addon, applyOp, largestError, numbers } from './support.ts';

const device = addon.openDevice('cpu', { threads: 0 });

interface Case {
  n?: number;
  image: [number, number, number];
  filters: number;
  window: [number, number];
  stride?: [number, number];
  padding?: [number, number, number, number];
  why: string;
}

const cases: Case[] = [
  {
    image: [8, 8, 16],
    filters: 32,
    window: [5, 5],
    stride: [2, 2],
    padding: [1, 2, 1, 2],
    why: 'SAME with stride 2 pads unevenly',
  },
  {
    image: [7, 9, 5],
    filters: 6,
    window: [5, 5],
    stride: [2, 2],
    padding: [2, 2, 2, 2],
    why: 'odd sizes and channels',
  },
  { image: [9, 9, 3], filters: 16, window: [5, 5], stride: [2, 2], padding: [2, 2, 2, 2], why: 'a colour image' },
  {
    image: [16, 16, 3],
    filters: 64,
    window: [5, 5],
    stride: [2, 2],
    padding: [1, 2, 1, 2],
    why: 'the first layer of a discriminator',
  },
  { image: [8, 8, 1], filters: 1, window: [3, 3], padding: [1, 1, 1, 1], why: 'one channel to one' },
  { image: [6, 6, 4], filters: 1, window: [4, 4], padding: [0, 0, 0, 0], why: 'one filter' },
  { n: 1, image: [5, 4, 17], filters: 33, window: [1, 1], why: 'a 1x1 window is a matrix product' },
  { image: [6, 7, 8], filters: 8, window: [1, 1], stride: [2, 2], why: 'a 1x1 window that skips every other pixel' },
  { image: [8, 6, 2], filters: 3, window: [2, 3], stride: [2, 1], padding: [0, 1, 2, 0], why: 'nothing is square' },
  { image: [10, 10, 4], filters: 4, window: [7, 7], stride: [2, 2], padding: [3, 3, 3, 3], why: 'a 7x7 window' },
  {
    image: [6, 6, 4],
    filters: 8,
    window: [3, 3],
    stride: [2, 2],
    padding: [0, 0, 0, 0],
    why: 'the last row and column are never read',
  },
  { image: [3, 3, 4], filters: 8, window: [3, 3], padding: [4, 4, 4, 4], why: 'padding wider than the window' },
  {
    image: [2, 2, 32],
    filters: 64,
    window: [5, 5],
    stride: [2, 2],
    padding: [1, 2, 1, 2],
    why: 'a window larger than the image',
  },
  { image: [4, 4, 128], filters: 64, window: [5, 5], stride: [2, 2], padding: [1, 2, 1, 2], why: 'a deep layer' },
  {
    image: [8, 8, 64],
    filters: 3,
    window: [5, 5],
    stride: [1, 1],
    padding: [2, 2, 2, 2],
    why: 'an image from deep features',
  },
  {
    n: 5,
    image: [7, 7, 40],
    filters: 24,
    window: [4, 4],
    stride: [2, 2],
    padding: [1, 1, 1, 1],
    why: 'the 4x4 window of many GANs',
  },
  { n: 2, image: [5, 5, 3], filters: 4, window: [2, 2], stride: [3, 3], why: 'a stride wider than the window' },
  {
    n: 8,
    image: [4, 5, 32],
    filters: 64,
    window: [5, 5],
    stride: [2, 2],
    padding: [1, 2, 2, 2],
    why: 'a batch, products by taps',
  },
  {
    n: 12,
    image: [5, 4, 50],
    filters: 61,
    window: [3, 3],
    padding: [1, 1, 1, 1],
    why: 'products by taps that do not fill the last tiles',
  },
  {
    n: 32,
    image: [6, 6, 32],
    filters: 32,
    window: [3, 3],
    stride: [2, 2],
    why: 'products by taps, and pixels that nothing reads',
  },
  { n: 1, image: [33, 33, 32], filters: 150, window: [1, 1], why: 'deep, but a single image' },
  {
    n: 600,
    image: [2, 2, 32],
    filters: 32,
    window: [2, 2],
    stride: [1, 1],
    padding: [1, 0, 1, 0],
    why: 'many small images',
  },
  {
    n: 9,
    image: [9, 14, 33],
    filters: 47,
    window: [3, 3],
    padding: [2, 0, 0, 1],
    why: 'minimal filtering, tiles and vectors that nothing fills, uneven padding',
  },
  {
    n: 33,
    image: [8, 7, 40],
    filters: 32,
    window: [2, 3],
    padding: [0, 1, 2, 1],
    why: 'minimal filtering of a window that is not square',
  },
  {
    n: 16,
    image: [16, 15, 33],
    filters: 35,
    window: [5, 5],
    stride: [2, 2],
    padding: [1, 2, 2, 2],
    why: 'minimal filtering of every other pixel by every other tap',
  },
  {
    n: 12,
    image: [15, 12, 34],
    filters: 40,
    window: [5, 3],
    stride: [2, 1],
    padding: [2, 2, 1, 1],
    why: 'minimal filtering of every other row',
  },
  {
    n: 4,
    image: [33, 32, 20],
    filters: 3,
    window: [3, 3],
    padding: [1, 0, 2, 1],
    why: 'three filters, one product of whole images',
  },
  {
    n: 9,
    image: [33, 32, 20],
    filters: 3,
    window: [3, 4],
    padding: [1, 0, 2, 1],
    why: 'three filters, products of several groups of images, the last one smaller',
  },
  {
    n: 8,
    image: [32, 33, 32],
    filters: 32,
    window: [3, 3],
    stride: [2, 2],
    padding: [0, 1, 1, 1],
    why: 'products by taps of larger images',
  },
  {
    n: 8,
    image: [3, 3, 300],
    filters: 136,
    window: [4, 4],
    padding: [2, 1, 1, 2],
    why: 'more channels than one block',
  },
];

interface Geometry {
  x: Shape;
  w: Shape;
  y: Shape;
  stride: [number, number];
  padding: [number, number, number, number];
}

function geometry({
  n = 3,
  image: [h, wide, c],
  filters,
  window: [r, s],
  stride = [1, 1],
  padding = [0, 0, 0, 0],
}: Case): Geometry {
  const positions = (length: number, before: number, after: number, size: number, step: number) =>
    Math.floor((length + before + after - size) / step) + 1;
  const p = positions(h, padding[0], padding[1], r, stride[0]);
  const q = positions(wide, padding[2], padding[3], s, stride[1]);
  return { x: [n, h, wide, c], w: [filters, r, s, c], y: [n, p, q, filters], stride, padding };
}

/** Visits every product of a convolution with the indices of its three numbers. */
function forEachProduct(
  { x, w, y, stride, padding }: Geometry,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [n, h, wide, c] = x as [number, number, number, number];
  const [k, r, s] = w as [number, number, number];
  const [, p, q] = y as [number, number, number];
  for (let image = 0; image < n; image++)
    for (let row = 0; row < p; row++)
      for (let column = 0; column < q; column++)
        for (let i = 0; i < r; i++)
          for (let j = 0; j < s; j++) {
            const a = row * stride[0] - padding[0] + i;
            const b = column * stride[1] - padding[2] + j;
            if (a < 0 || a >= h || b < 0 || b >= wide) continue;
            for (let filter = 0; filter < k; filter++)
              for (let channel = 0; channel < c; channel++)
                visit(
                  ((image * h + a) * wide + b) * c + channel,
                  ((filter * r + i) * s + j) * c + channel,
                  ((image * p + row) * q + column) * k + filter,
                );
          }
}

for (const example of cases) {
  const shapes = geometry(example);
  const { stride, padding } = shapes;
  const x = numbers(shapes.x, 1);
  const w = numbers(shapes.w, 2);
  const dy = numbers(shapes.y, 3);
  const name = `[${shapes.x}] * [${shapes.w}]: ${example.why}`;

  test(`conv2d ${name}`, async () => {
    const expected = new Float64Array(dy.data.length);
    forEachProduct(shapes, (i, j, o) => {
      expected[o] = (expected[o] as number) + (x.data[i] as number) * (w.data[j] as number);
    });
    const actual = await applyOp(device, 'conv2d', { stride, padding }, [x, w], shapes.y);
    assert.ok(largestError(actual, expected) < 3e-6);
  });

  test(`conv2dInputGradient ${name}`, async () => {
    const expected = new Float64Array(x.data.length);
    forEachProduct(shapes, (i, j, o) => {
      expected[i] = (expected[i] as number) + (dy.data[o] as number) * (w.data[j] as number);
    });
    const inputSize = [shapes.x[1], shapes.x[2]] as [number, number];
    const actual = await applyOp(device, 'conv2dInputGradient', { stride, padding, inputSize }, [dy, w], shapes.x);
    assert.ok(largestError(actual, expected) < 3e-6);
  });

  test(`conv2dFilterGradient ${name}`, async () => {
    const expected = new Float64Array(w.data.length);
    forEachProduct(shapes, (i, j, o) => {
      expected[j] = (expected[j] as number) + (x.data[i] as number) * (dy.data[o] as number);
    });
    const filterSize = [shapes.w[1], shapes.w[2]] as [number, number];
    const actual = await applyOp(device, 'conv2dFilterGradient', { stride, padding, filterSize }, [x, dy], shapes.w);
    assert.ok(largestError(actual, expected) < 3e-6);
  });
}

test('no bit of minimal filtering depends on the number of threads', async () => {
  const counts = [1, 2, 3];
  const devices = counts.map((threads) => addon.openDevice('cpu', { threads }));
  for (const example of cases.filter(({ why }) => why.startsWith('minimal filtering'))) {
    const { x, w, y, stride, padding } = geometry(example);
    const [image, filters, dy] = [numbers(x, 1), numbers(w, 2), numbers(y, 3)];
    const inputSize = [x[1], x[2]] as [number, number];
    const filterSize = [w[1], w[2]] as [number, number];
    const results: Float32Array[][] = [];
    for (const one of devices)
      results.push([
        await applyOp(one, 'conv2d', { stride, padding }, [image, filters], y),
        await applyOp(one, 'conv2dInputGradient', { stride, padding, inputSize }, [dy, filters], x),
        await applyOp(one, 'conv2dFilterGradient', { stride, padding, filterSize }, [image, dy], w),
      ]);
    const [expected = []] = results;
    for (const [i, result] of results.entries())
      for (const [j, values] of result.entries())
        assert.ok(
          Buffer.from(values.buffer).equals(Buffer.from((expected[j] as Float32Array).buffer)),
          `${example.why}: result ${j} with ${counts[i]} threads`,
        );
  }
  for (const one of devices) one.close();
});

test.after(() => device.close());
test.run();
