import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Shape } from '../../src/tensor/shape.ts';
import { elements } from '../../src/tensor/shape.ts';
import { addon, applyOp, largestError, numbers } from './support.ts';

// What may be computed by minimal filtering is compared with larger windows, which are not: the same weights with rings of zeros around.

const device = addon.openDevice('cpu', { threads: 0 });

/** Rounding of transformed numbers and of sums over many places. */
const TOLERANCE = 2e-5;

interface Sizes {
  readonly n: number;
  readonly image: readonly [number, number];
  readonly channels: number;
  readonly filters: number;
  /** The side of the window. */
  readonly window: number;
  readonly stride?: number;
  /** Zeros before and after each axis of the image. */
  readonly padding: readonly [number, number];
  readonly why: string;
}

const cases: readonly Sizes[] = [
  {
    n: 24,
    image: [64, 64],
    channels: 64,
    filters: 64,
    window: 3,
    padding: [1, 1],
    why: 'more images than fit at once',
  },
  {
    n: 7,
    image: [32, 32],
    channels: 192,
    filters: 256,
    window: 3,
    padding: [1, 1],
    why: 'a batch that only 1 and 7 divide',
  },
  {
    n: 1,
    image: [61, 43],
    channels: 80,
    filters: 64,
    window: 3,
    padding: [1, 1],
    why: 'sides that tiles do not divide',
  },
  {
    n: 3,
    image: [33, 31],
    channels: 64,
    filters: 70,
    window: 3,
    padding: [1, 1],
    why: 'filters that vectors do not divide',
  },
  {
    n: 2,
    image: [64, 64],
    channels: 64,
    filters: 48,
    window: 5,
    stride: 2,
    padding: [1, 2],
    why: 'windows of 3 and of 2',
  },
  {
    n: 3,
    image: [62, 38],
    channels: 48,
    filters: 64,
    window: 4,
    stride: 2,
    padding: [1, 1],
    why: 'phases that begin apart',
  },
  {
    n: 2,
    image: [64, 64],
    channels: 64,
    filters: 72,
    window: 3,
    stride: 2,
    padding: [0, 1],
    why: 'windows of 2 and of 1',
  },
  {
    n: 2,
    image: [47, 61],
    channels: 48,
    filters: 64,
    window: 3,
    stride: 2,
    padding: [1, 1],
    why: 'windows of 1 and of 2',
  },
  {
    n: 3,
    image: [45, 62],
    channels: 64,
    filters: 48,
    window: 5,
    stride: 2,
    padding: [2, 2],
    why: 'windows of 2 and of 3',
  },
  { n: 2, image: [41, 37], channels: 64, filters: 64, window: 2, padding: [0, 1], why: 'the smallest window' },
  {
    n: 5,
    image: [64, 64],
    channels: 64,
    filters: 72,
    window: 3,
    stride: 2,
    padding: [0, 1],
    why: 'many squares, and windows of 2 and of 1',
  },
  {
    n: 7,
    image: [54, 38],
    channels: 72,
    filters: 64,
    window: 4,
    stride: 2,
    padding: [1, 1],
    why: 'many squares, and phases that begin apart',
  },
  {
    n: 4,
    image: [16, 16],
    channels: 100,
    filters: 150,
    window: 3,
    stride: 2,
    padding: [0, 1],
    why: 'few squares, and channels that no block divides',
  },
  {
    n: 8,
    image: [8, 8],
    channels: 150,
    filters: 100,
    window: 5,
    stride: 2,
    padding: [1, 2],
    why: 'few squares, and windows of 3 and of 2',
  },
  {
    n: 9,
    image: [8, 8],
    channels: 136,
    filters: 200,
    window: 3,
    padding: [1, 1],
    why: 'few squares',
  },
];

/** Rings of zeros that make the window longer than minimal filtering takes. */
function ringsOf({ window, stride = 1 }: Sizes): number {
  return Math.ceil((3 * stride + 1 - window) / 2);
}

/** w [K,r,r,C] -> [K,r+2*rings,r+2*rings,C] with zeros around. */
function surround({ shape: [k, r, , c], data }: { shape: Shape; data: Float32Array }, rings: number) {
  const [filters, window, channels] = [k as number, r as number, c as number];
  const outer = window + 2 * rings;
  const shape = [filters, outer, outer, channels];
  const result = new Float32Array(elements(shape));
  const line = window * channels;
  for (let filter = 0; filter < filters; filter++)
    for (let row = 0; row < window; row++) {
      const from = (filter * window + row) * line;
      const to = ((filter * outer + row + rings) * outer + rings) * channels;
      result.set(data.subarray(from, from + line), to);
    }
  return { shape, data: result };
}

for (const sizes of cases) {
  const { n, image, channels, filters, window, stride = 1, padding, why } = sizes;
  const rings = ringsOf(sizes);
  const outer = window + 2 * rings;
  const [before, after] = padding;
  const [height, width] = image.map((side) => Math.floor((side + before + after - window) / stride) + 1) as [
    number,
    number,
  ];
  const steps: [number, number] = [stride, stride];
  const small = { stride: steps, padding: [before, after, before, after] as const };
  const large = {
    stride: steps,
    padding: [before + rings, after + rings, before + rings, after + rings] as const,
  };
  const x = numbers([n, ...image, channels], 1);
  const w = numbers([filters, window, window, channels], 2);
  const dy = numbers([n, height, width, filters], 3);
  const name = `[${x.shape}] * [${w.shape}] by steps of ${stride}: ${why}`;

  test(`conv2d ${name}`, async () => {
    const expected = await applyOp(device, 'conv2d', large, [x, surround(w, rings)], dy.shape);
    const actual = await applyOp(device, 'conv2d', small, [x, w], dy.shape);
    assert.ok(largestError(actual, expected) < TOLERANCE);
  });

  test(`conv2dInputGradient ${name}`, async () => {
    const inputSize = image;
    const expected = await applyOp(
      device,
      'conv2dInputGradient',
      { ...large, inputSize },
      [dy, surround(w, rings)],
      x.shape,
    );
    const actual = await applyOp(device, 'conv2dInputGradient', { ...small, inputSize }, [dy, w], x.shape);
    assert.ok(largestError(actual, expected) < TOLERANCE);
  });

  test(`conv2dFilterGradient ${name}`, async () => {
    const shape: Shape = [filters, outer, outer, channels];
    const all = await applyOp(
      device,
      'conv2dFilterGradient',
      { ...large, filterSize: [outer, outer] as const },
      [x, dy],
      shape,
    );
    const filterSize = [window, window] as const;
    const actual = await applyOp(device, 'conv2dFilterGradient', { ...small, filterSize }, [x, dy], w.shape);
    const inner = surround({ shape: w.shape, data: new Float32Array(elements(w.shape)).fill(1) }, rings).data;
    assert.ok(
      largestError(
        actual,
        all.filter((_, i) => inner[i] === 1),
      ) < TOLERANCE,
    );
  });
}

test('few squares have the same bits on so many threads that they are shared out otherwise', async () => {
  const [x, w, dy] = [numbers([9, 8, 8, 136], 1), numbers([200, 3, 3, 136], 2), numbers([9, 8, 8, 200], 3)];
  const attributes = { stride: [1, 1] as const, padding: [1, 1, 1, 1] as const };
  const results: Float32Array[][] = [];
  for (const threads of [1, 16]) {
    const other = addon.openDevice('cpu', { threads });
    results.push([
      await applyOp(other, 'conv2d', attributes, [x, w], dy.shape),
      await applyOp(other, 'conv2dInputGradient', { ...attributes, inputSize: [8, 8] as const }, [dy, w], x.shape),
      await applyOp(other, 'conv2dFilterGradient', { ...attributes, filterSize: [3, 3] as const }, [x, dy], w.shape),
    ]);
    other.close();
  }
  assert.equal(results[0], results[1]);
});

test.after(() => device.close());
test.run();
