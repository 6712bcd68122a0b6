import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigError } from '../../src/errors.ts';
import { gradients } from '../../src/graph/index.ts';
import {
  besideEmbedding,
  besideLabels,
  countParameters,
  type LayerBuilder,
  labelChannels,
  labelProjection,
} from '../../src/nn/index.ts';
import { reduceSum } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { assertClose, withBench } from './bench.ts';

const layer = (build: LayerBuilder, shape: readonly number[]) => build('net.layer1', shape);

/** Two samples, of class 2 and of class 0 of three. */
const LABELS = [0, 0, 1, 1, 0, 0];

test('labels stand behind the numbers of each sample', async () => {
  const built = layer(besideLabels(3), [2]);
  assert.equal([built.description, built.outputShape, built.variables], ['with 3 labels', [5], []]);
  await withBench(built, 2, async (bench) => {
    assert.equal(await bench.apply([1, 2, 3, 4], { labels: LABELS }), [1, 2, 0, 0, 1, 3, 4, 1, 0, 0]);
  });
});

test('the embedding of a class is its row, that of several attributes the sum of theirs', async () => {
  const built = layer(besideEmbedding(3, 2), [1, 1, 1]);
  assert.equal([built.description, built.outputShape], ['with embedding 3x2', [3]]);
  assert.is(countParameters(built.variables), 6);
  await withBench(built, 2, async (bench) => {
    await bench.write('weight', [1, 2, 30, 40, 500, 600]);
    assert.equal(await bench.apply([7, 8], { labels: LABELS }), [7, 500, 600, 8, 1, 2]);
    assert.equal(await bench.apply([7, 8], { labels: [1, 1, 0, 0, 0, 0] }), [7, 31, 42, 8, 0, 0]);
  });
});

test('an embedding learns where its class occurs, and starts as different from others as latents do', async () => {
  await withBench(layer(besideEmbedding(3, 2), [1]), 2, async (bench) => {
    const ofSum = (y: Tensor, weight: Tensor) => gradients(reduceSum(y), [weight])[0] as Tensor;
    assert.equal(await bench.derive([7, 8], 'weight', ofSum, LABELS), [1, 1, 0, 0, 1, 1]);
  });
  await withBench(layer(besideEmbedding(50, 100), [1]), 1, async (bench) => {
    const weights = await bench.read('weight');
    const deviation = Math.hypot(...weights) / Math.sqrt(weights.length);
    assert.ok(Math.abs(deviation - 1) < 0.05, `${deviation}`);
  });
});

test('label channels are the same at all pixels of an image', async () => {
  const built = layer(labelChannels(3), [1, 2, 1]);
  assert.equal([built.description, built.outputShape], ['with 3 label channels', [1, 2, 4]]);
  await withBench(built, 2, async (bench) => {
    assert.equal(await bench.apply([5, 6, 7, 8], { labels: LABELS }), [
      ...[5, 0, 0, 1, 6, 0, 0, 1],
      ...[7, 1, 0, 0, 8, 1, 0, 0],
    ]);
  });
});

test("a projection adds the inner product with the class's vector to a linear layer", async () => {
  const built = layer(labelProjection(3), [2]);
  assert.equal([built.description, built.outputShape], ['linear, projection of 3 labels', [1]]);
  assert.is(countParameters(built.variables), 2 + 1 + 3 * 2);
  await withBench(built, 2, async (bench) => {
    await bench.write('weight', [10, 1]);
    await bench.write('bias', [0.5]);
    await bench.write('projection', [1, 0, 9, 9, 0, -1]);
    // x w + b is 12.5 and 34.5; the rows of classes 2 and 0 give -2 and 3.
    assertClose(await bench.apply([1, 2, 3, 4], { labels: LABELS }), [12.5 - 2, 34.5 + 3]);
    const ofSum = (y: Tensor, weight: Tensor) => gradients(reduceSum(y), [weight])[0] as Tensor;
    assertClose(await bench.derive([1, 2, 3, 4], 'projection', ofSum, LABELS), [3, 4, 0, 0, 1, 2]);
  });
});

test('with spectral norm the largest singular values of the linear layer and of the vectors are 1', async () => {
  const built = layer(labelProjection(2, { spectral: true }), [2]);
  assert.is(built.description, 'linear, projection of 2 labels, spectral norm');
  await withBench(built, 1, async (bench) => {
    await bench.write('weight', [3, 4]);
    await bench.write('projection', [0, 2, 8, 0]);
    const labels = [0, 1];
    for (let pass = 0; pass < 20; pass++) await bench.apply([1, 1], { labels, training: true });
    assertClose(await bench.apply([5, 7], { labels }), [(3 * 5 + 4 * 7) / 5 + (8 * 5) / 8]);
  });
});

test('a layer that needs labels says so where a pass has none', async () => {
  for (const build of [besideLabels(3), besideEmbedding(3, 2), labelProjection(3)]) {
    await withBench(layer(build, [2]), 1, async (bench) => {
      try {
        await bench.apply([1, 2]);
        assert.unreachable();
      } catch (error) {
        assert.instance(error, ConfigError);
        assert.is((error as ConfigError).code, 'labels_missing');
        assert.match((error as ConfigError).message, /^net\.layer1: a conditional network needs the labels/);
      }
    });
  }
});

test.run();
