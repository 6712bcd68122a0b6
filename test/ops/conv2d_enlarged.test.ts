import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDevice } from '../../src/device/index.ts';
import { gradients } from '../../src/graph/index.ts';
import { conv2d, conv2dEnlarged, mul, reduceSum, square, sub, upsampleNearest } from '../../src/ops/index.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { elements } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { feed, trace } from '../../src/tensor/trace.ts';

const device = openDevice('cpu', { threads: 1 });
test.after(() => device.close());

/** Of sums of squares: pooling by thirds rounds, all else is exact. */
const NEGLIGIBLE = 1e-9;

/** Quarters from -2 to 2, so that sums of products are exact. */
const values = (shape: Shape, seed: number): Float32Array =>
  Float32Array.from({ length: elements(shape) }, (_, i) => ((i * 7 + seed * 5 + ((i * i) % 11)) % 17) / 4 - 2);

/** The largest difference between the two forms of one function, in value and in the gradients of x and w. */
async function largestDifference(x: Shape, w: Shape, scale: number): Promise<number> {
  const dyShape = [x[0], x[1], x[2]].map((side, axis) => (axis === 0 ? side : (side as number) * scale) as number);
  const seed: Shape = [...dyShape, w[0] as number];
  const graph = trace('two forms', () => {
    const [image, filter, dy] = [feed('x', x), feed('w', w), feed('dy', seed)];
    const derive = (y: Tensor) => [y, ...gradients(reduceSum(mul(y, dy)), [image, filter])] as Tensor[];
    const folded = derive(conv2dEnlarged(image, filter, scale));
    const plain = derive(conv2d(upsampleNearest(image, scale), filter));
    const difference = folded.map((tensor, i) => reduceSum(square(sub(tensor, plain[i] as Tensor))));
    return { value: difference[0] as Tensor, dx: difference[1] as Tensor, dw: difference[2] as Tensor };
  });
  const executable = await device.load(graph);
  const feeds = { x: values(x, 1), w: values(w, 2), dy: values(seed, 3) };
  const { outputs } = await device.run([{ executable, feeds, fetch: true }]);
  executable.release();
  return Math.max(...Object.values(outputs[0] ?? {}).map((output) => output[0] as number));
}

for (const side of [1, 2, 3, 5]) {
  for (const scale of [1, 2, 3, 4]) {
    test(`a ${side}x${side} convolution of a map enlarged ${scale} times, without the enlarged map`, async () => {
      assert.ok((await largestDifference([2, 3, 5, 3], [4, side, side, 3], scale)) < NEGLIGIBLE);
    });
  }
}

test('a filter wider than tall', async () => {
  assert.ok((await largestDifference([1, 4, 3, 2], [3, 2, 3, 2], 2)) < NEGLIGIBLE);
});

test('a fraction of a scale is refused', () => {
  trace('', () => {
    const call = () => conv2dEnlarged(feed('x', [1, 2, 2, 1]), feed('w', [1, 3, 3, 1]), 1.5);
    assert.throws(call, /upsampleNearest expects a whole scale >= 1, but received 1.5/);
    return {};
  });
});

test.run();
