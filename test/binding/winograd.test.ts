import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Shape } from '../../src/tensor/shape.ts';
import { elements } from '../../src/tensor/shape.ts';
import { addon, applyOp, largestError, numbers } from './support.ts';

// Where 3x3 windows may be computed by minimal filtering, 5x5 ones with a ring of zeros around the same weights are computed as they are.

const device = addon.openDevice('cpu', { threads: 0 });

/** Rounding of transformed numbers and of sums over many places. */
const TOLERANCE = 2e-5;

interface Sizes {
  readonly n: number;
  readonly image: readonly [number, number];
  readonly channels: number;
  readonly filters: number;
  readonly why: string;
}

const cases: readonly Sizes[] = [
  { n: 24, image: [64, 64], channels: 64, filters: 64, why: 'more images than are worked on at once' },
  { n: 7, image: [32, 32], channels: 192, filters: 256, why: 'a batch that only 1 and 7 divide' },
  { n: 1, image: [61, 43], channels: 80, filters: 64, why: 'sides that tiles do not divide' },
  { n: 3, image: [33, 31], channels: 64, filters: 70, why: 'filters that vectors do not divide' },
];

const WINDOWS = {
  small: { stride: [1, 1], padding: [1, 1, 1, 1] },
  large: { stride: [1, 1], padding: [2, 2, 2, 2] },
} as const;

/** w [K,3,3,C] -> [K,5,5,C] with zeros around. */
function surround({ shape: [k, , , c], data }: { shape: Shape; data: Float32Array }) {
  const shape = [k as number, 5, 5, c as number];
  const result = new Float32Array(elements(shape));
  for (let filter = 0; filter < (k as number); filter++)
    for (let row = 0; row < 3; row++) {
      const line = data.subarray((filter * 3 + row) * 3 * (c as number), (filter * 3 + row + 1) * 3 * (c as number));
      result.set(line, ((filter * 5 + row + 1) * 5 + 1) * (c as number));
    }
  return { shape, data: result };
}

for (const { n, image, channels, filters, why } of cases) {
  const x = numbers([n, ...image, channels], 1);
  const w = numbers([filters, 3, 3, channels], 2);
  const dy = numbers([n, ...image, filters], 3);
  const { small, large } = WINDOWS;
  const name = `[${x.shape}] * [${w.shape}]: ${why}`;

  test(`conv2d ${name}`, async () => {
    const expected = await applyOp(device, 'conv2d', large, [x, surround(w)], dy.shape);
    const actual = await applyOp(device, 'conv2d', small, [x, w], dy.shape);
    assert.ok(largestError(actual, expected) < TOLERANCE);
  });

  test(`conv2dInputGradient ${name}`, async () => {
    const inputSize = image;
    const expected = await applyOp(device, 'conv2dInputGradient', { ...large, inputSize }, [dy, surround(w)], x.shape);
    const actual = await applyOp(device, 'conv2dInputGradient', { ...small, inputSize }, [dy, w], x.shape);
    assert.ok(largestError(actual, expected) < TOLERANCE);
  });

  test(`conv2dFilterGradient ${name}`, async () => {
    const outer: Shape = [filters, 5, 5, channels];
    const all = await applyOp(device, 'conv2dFilterGradient', { ...large, filterSize: [5, 5] }, [x, dy], outer);
    const actual = await applyOp(device, 'conv2dFilterGradient', { ...small, filterSize: [3, 3] }, [x, dy], w.shape);
    const inner = surround({ shape: w.shape, data: new Float32Array(elements(w.shape)).fill(1) }).data;
    assert.ok(
      largestError(
        actual,
        all.filter((_, i) => inner[i] === 1),
      ) < TOLERANCE,
    );
  });
}

test.after(() => device.close());
test.run();
