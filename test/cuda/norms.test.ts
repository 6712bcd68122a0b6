import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Shape } from '../../src/tensor/shape.ts';
import { applyOp, largestError, numbers } from '../binding/support.ts';
import { closeDevices, kernels } from './support.ts';

type Kind = 'batch' | 'layer';

/** Whether two elements share their moments: those of a channel, or of a sample. */
const groupOf =
  (kind: Kind, [n]: Shape, size: number, channels: number) =>
  (i: number) =>
    kind === 'batch' ? i % channels : Math.floor(i / (size / (n as number)));

/** Normalisation and its gradient in double precision, by the book. */
function reference(
  kind: Kind,
  shape: Shape,
  x: Float32Array,
  gain: Float32Array,
  bias: Float32Array,
  dy: Float32Array,
) {
  const channels = gain.length;
  const group = groupOf(kind, shape, x.length, channels);
  const groups = kind === 'batch' ? channels : (shape[0] as number);
  const mean = (value: (i: number) => number) => {
    const sums = new Float64Array(groups);
    for (let i = 0; i < x.length; i++) sums[group(i)] = (sums[group(i)] as number) + value(i);
    return sums.map((sum) => (sum * groups) / x.length);
  };
  const at = (values: ArrayLike<number>, i: number) => values[i] as number;
  const means = mean((i) => at(x, i));
  const variances = mean((i) => (at(x, i) - at(means, group(i))) ** 2);
  const normalized = (i: number) => (at(x, i) - at(means, group(i))) / Math.sqrt(at(variances, group(i)) + EPSILON);
  const g = (i: number) => at(dy, i) * at(gain, i % channels);
  const gMeans = mean(g);
  const productMeans = mean((i) => g(i) * normalized(i));
  return {
    y: Float64Array.from(x, (_, i) => normalized(i) * at(gain, i % channels) + at(bias, i % channels)),
    dx: Float64Array.from(
      x,
      (_, i) =>
        (g(i) - at(gMeans, group(i)) - normalized(i) * at(productMeans, group(i))) /
        Math.sqrt(at(variances, group(i)) + EPSILON),
    ),
  };
}

const EPSILON = 1e-5;

const SHAPES: Record<Kind, readonly Shape[]> = {
  // few rows, three channels, several blocks per channel, more channels than a block is wide
  batch: [
    [7, 5],
    [50, 40, 3],
    [5000, 8],
    [333, 130],
    [8, 8, 8, 64],
  ],
  // one pixel, odd sizes, several blocks per sample
  layer: [
    [2, 6],
    [5, 3, 3, 5],
    [70, 2, 3],
    [2, 90, 50, 3],
    [4, 30, 20, 16],
  ],
};

for (const kind of ['batch', 'layer'] as const) {
  for (const shape of SHAPES[kind]) {
    for (const offset of [0, 100]) {
      test(`${kind} norm and its gradient of [${shape}] about ${offset}`, async () => {
        const x = { shape, data: numbers(shape).data.map((value) => value + offset) };
        const channels = [shape.at(-1) as number];
        const [gain, bias, dy] = [numbers(channels, 2), numbers(channels, 3), numbers(shape, 4)];
        const expected = reference(kind, shape, x.data, gain.data, bias.data, dy.data);
        // Numbers near 100 are known to 4e-6, of a deviation of 0.6.
        const tolerance = offset === 0 ? 1e-5 : 1e-3;
        const attributes = { epsilon: EPSILON };
        const y = await applyOp(kernels, `${kind}Norm`, attributes, [x, gain, bias], shape);
        assert.ok(largestError(y, expected.y) < tolerance, `result off by ${largestError(y, expected.y)}`);
        const dx = await applyOp(kernels, `${kind}NormGradient`, attributes, [x, gain, dy], shape);
        assert.ok(largestError(dx, expected.dx) < tolerance, `gradient off by ${largestError(dx, expected.dx)}`);
      });
    }
  }
}

test.after(closeDevices);
test.run();
