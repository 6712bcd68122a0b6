import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/graph/index.ts';
import { countParameters, minibatchDiscrimination } from '../../src/nn/index.ts';
import { reduceSum, slice } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { assertClose, withBench } from './bench.ts';

/** Two numbers per image, of which the first is compared by itself and both together. */
const layer = () => minibatchDiscrimination({ features: 2, dimensions: 2 })('net.layer1', [2]);
const TENSOR = [1, 0, 1, 0, 0, 0, 0, 1]; // [2,2,2]: m_1 = (x_1, 0), m_2 = (x_1, x_2)

test('features keep their place, and behind them stands how alike an image is to each of the batch, itself included', () =>
  withBench(layer(), 3, async (bench) => {
    await bench.write('weight', TENSOR);
    const images = [0, 0, 1, 0, 1, 2];
    const e = Math.exp;
    assertClose(await bench.apply(images), [
      ...[0, 0, 1 + 2 * e(-1), 1 + e(-1) + e(-3)],
      ...[1, 0, 2 + e(-1), 1 + e(-1) + e(-2)],
      ...[1, 2, 2 + e(-1), 1 + e(-2) + e(-3)],
    ]);
  }));

test('images that are all the same are told the size of their batch, an image alone 1', async () => {
  await withBench(layer(), 4, async (bench) => {
    await bench.write('weight', TENSOR);
    const image = [0.3, -0.7];
    assertClose(
      await bench.apply([...image, ...image, ...image, ...image]),
      [...Array(4)].flatMap(() => [...image, 4, 4]),
    );
  });
  await withBench(layer(), 1, async (bench) => assertClose((await bench.apply([5, 3])).slice(2), [1, 1]));
});

test('the tensor learns: every pair draws by its similarity, towards where it differs, and counts for both its images', () =>
  withBench(layer(), 2, async (bench) => {
    await bench.write('weight', TENSOR);
    // The images differ by (1, 0.5): in m_1 by (1, 0), and in m_2 by (1, 0.5).
    const [first, second] = [Math.exp(-1), Math.exp(-1.5)];
    const ofSimilarities = (y: Tensor, weight: Tensor) =>
      gradients(reduceSum(slice(y, [0, 2], [2, 2])), [weight])[0] as Tensor;
    assertClose(await bench.derive([0, 0, 1, 0.5], 'weight', ofSimilarities), [
      ...[-2 * first, 0, -2 * second, -2 * second],
      ...[-first, 0, -second, -second],
    ]);
  }));

test('it has A x B x C parameters, starts as large as its inputs, and says that it mixes images', async () => {
  const built = minibatchDiscrimination()('net.layer1', [4, 4, 64]);
  assert.is(built.description, 'minibatch discrimination 128x5');
  assert.is(countParameters(built.variables), 1024 * 128 * 5);
  assert.equal(built.outputShape, [1024 + 128]);
  assert.ok(built.mixesSamples);
  await withBench(built, 1, async (bench) => {
    const weights = await bench.read('weight');
    const deviation = Math.hypot(...weights.slice(0, 50_000)) / Math.sqrt(50_000);
    assert.ok(Math.abs(deviation * 32 - 1) < 0.02, `${deviation}`);
  });
});

test.run();
