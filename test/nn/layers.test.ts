import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  block,
  constant,
  convolution,
  countParameters,
  dropout,
  enlargedConvolution,
  flat,
  linear,
  maxPool,
  normal,
  reshaped,
  sequential,
  transposedConvolution,
  uniform,
  upsample,
} from '../../src/nn/index.ts';
import { assertClose, LayerBench, withBench } from './bench.ts';

test('a linear layer multiplies, and gives every unit its own bias', () => {
  const layer = block({ transform: linear([2, 1, 2]) })('net.layer1', [3]);
  assert.equal(layer.outputShape, [2, 1, 2]);
  return withBench(layer, 1, async (bench) => {
    await bench.write('weight', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    await bench.write('bias', [0.1, 0.2, 0.3, 0.4]);
    assertClose(await bench.apply([1, 10, 100]), [951.1, 1062.2, 1173.3, 1284.4]);
  });
});

test('a convolution has one bias per channel, and SAME padding keeps the size at stride 1', () => {
  const layer = block({ transform: convolution({ channels: 2, kernel: 3 }) })('net.layer1', [2, 2, 1]);
  assert.equal(layer.outputShape, [2, 2, 2]);
  return withBench(layer, 1, async (bench) => {
    await bench.write('weight', Array(18).fill(1));
    await bench.write('bias', [0, 1]);
    assertClose(await bench.apply([1, 2, 3, 4]), [10, 11, 10, 11, 10, 11, 10, 11]);
  });
});

test('strides halve sizes, rounding up; transposed convolutions double them', () => {
  const shapeOf = (build: ReturnType<typeof block>, input: number[]) => build('net.layer1', input).outputShape;
  assert.equal(shapeOf(block({ transform: convolution({ channels: 4, kernel: 5, stride: 2 }) }), [7, 8, 3]), [4, 4, 4]);
  assert.equal(
    shapeOf(block({ transform: transposedConvolution({ channels: 4, kernel: 5, stride: 2 }) }), [7, 8, 3]),
    [14, 16, 4],
  );
  assert.equal(
    shapeOf(block({ transform: transposedConvolution({ channels: 4, kernel: 4, padding: 'valid' }) }), [1, 1, 3]),
    [4, 4, 4],
  );
});

test('a convolution of an enlarged image has one filter for all places', () => {
  const transform = enlargedConvolution({ channels: 1, kernel: 3, scale: 2 });
  const layer = block({ transform })('net.layer1', [1, 2, 1]);
  assert.is(layer.description, 'nearest 2x, conv3');
  assert.equal(layer.outputShape, [2, 4, 1]);
  return withBench(layer, 1, async (bench) => {
    await bench.write('weight', Array(9).fill(1));
    assertClose(await bench.apply([1, 10]), [4, 24, 42, 40, 4, 24, 42, 40]);
  });
});

test('a transposed convolution spreads each pixel as its kernel', () => {
  const transform = transposedConvolution({ channels: 1, kernel: 2, stride: 2 });
  return withBench(block({ transform })('net.layer1', [1, 2, 1]), 1, async (bench) => {
    await bench.write('weight', [1, 2, 3, 4]);
    assertClose(await bench.apply([1, 10]), [1, 2, 10, 20, 3, 4, 30, 40]);
  });
});

test('the activation comes after the norm, or before it where asked', async () => {
  const transform = linear([1]);
  const norm = { transform, norm: 'batch', activation: 'relu', weights: constant(1) } as const;
  const after = block(norm)('net.layer1', [1]);
  const before = block({ ...norm, activationFirst: true })('net.layer1', [1]);
  assert.is(after.description, 'linear, batch norm, relu');
  assert.is(before.description, 'linear, relu, batch norm');
  await withBench(after, 2, async (bench) => assertClose(await bench.apply([-1, 1], { training: true }), [0, 1]));
  await withBench(before, 2, async (bench) =>
    assertClose(await bench.apply([-1, 1], { training: true }), [-1, 1], 1e-4),
  );
});

test('layer norm normalises each sample by itself, in training as in inference', () => {
  const layer = block({ transform: linear([4]), norm: 'layer' })('net.layer1', [4]);
  return withBench(layer, 2, async (bench) => {
    await bench.write('weight', [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    const x = [1, 2, 3, 4, 10, 10, 30, 30];
    const one = Math.sqrt(1.25);
    const expected = [-1.5 / one, -0.5 / one, 0.5 / one, 1.5 / one, -1, -1, 1, 1];
    assertClose(await bench.apply(x), expected, 1e-4);
    assertClose(await bench.apply(x, { training: true }), expected, 1e-4);
    assert.equal(
      layer.variables.filter(({ trainable }) => !trainable),
      [],
    );
  });
});

test('activations', async () => {
  const x = [-2, -0.5, 0, 3];
  const expected = {
    none: x,
    relu: [0, 0, 0, 3],
    leakyRelu: [-0.4, -0.1, 0, 3],
    elu: [Math.expm1(-2), Math.expm1(-0.5), 0, 3],
    tanh: x.map(Math.tanh),
    sigmoid: x.map((value) => 1 / (1 + Math.exp(-value))),
  };
  for (const [activation, values] of Object.entries(expected)) {
    const layer = block({ transform: linear([1]), weights: constant(1), activation: activation as 'relu' })(
      'net.layer1',
      [1],
    );
    await withBench(layer, 4, async (bench) => assertClose(await bench.apply(x), values));
  }
});

test('dropout zeroes a part while training, scales the rest, and is off in inference', () =>
  withBench(dropout(0.25)('net.layer1', [4000]), 1, async (bench) => {
    const x = Array(4000).fill(3);
    assert.equal(await bench.apply(x), x);
    const dropped = await bench.apply(x, { training: true });
    assert.ok(dropped.every((value) => value === 0 || Math.abs(value - 4) < 1e-5));
    const zeros = dropped.filter((value) => value === 0).length;
    assert.ok(Math.abs(zeros / 4000 - 0.25) < 0.03, `${zeros} zeros`);
    assert.equal(await bench.apply(x, { training: true }), dropped, 'one step drops the same each time');
    assert.not.equal(await bench.apply(x, { training: true, step: 1 }), dropped);
  }));

test('a block drops what it puts out, after its activation', () =>
  withBench(
    block({ transform: linear([4000]), activation: 'relu', dropout: 0.25 })('net.layer1', [1]),
    1,
    async (bench) => {
      assert.is(bench.layer.description, 'linear, relu, dropout 0.25');
      await bench.write('weight', Array(4000).fill(3));
      assert.equal(await bench.apply([1]), Array(4000).fill(3));
      const dropped = await bench.apply([1], { training: true });
      const zeros = dropped.filter((value) => value === 0).length;
      assert.ok(Math.abs(zeros / 4000 - 0.25) < 0.03, `${zeros} zeros`);
      assert.ok(dropped.every((value) => value === 0 || Math.abs(value - 4) < 1e-5));
    },
  ));

test('pooling, upsampling, reshaping and flattening', async () => {
  const square = [1, 2, 3, 4];
  await withBench(maxPool(2)('net.layer1', [2, 2, 1]), 1, async (bench) =>
    assert.equal(await bench.apply(square), [4]),
  );
  await withBench(upsample(2)('net.layer1', [1, 2, 1]), 1, async (bench) => {
    assert.equal(await bench.apply([5, 6]), [5, 5, 6, 6, 5, 5, 6, 6]);
  });
  for (const [layer, output] of [
    [reshaped([1, 4])('net.layer1', [2, 2]), [1, 4]],
    [flat('net.layer1', [2, 2]), [4]],
  ] as const) {
    assert.equal(layer.outputShape, output);
    await withBench(layer, 1, async (bench) => assert.equal(await bench.apply(square), square));
  }
});

test('layers in sequence hand on their shapes, carry the path in their names, and compute one after another', async () => {
  const network = sequential(
    'critic',
    [2],
    [
      block({ transform: linear([3]), weights: constant(1) }),
      block({ transform: linear([1]), weights: constant(2), bias: false }),
    ],
  );
  assert.equal(
    network.variables.map(({ name }) => name),
    ['critic.layer1.weight', 'critic.layer1.bias', 'critic.layer2.weight'],
  );
  assert.is(countParameters(network.variables), 2 * 3 + 3 + 3);
  const layer = { ...network, description: '' };
  await withBench(layer, 1, async (bench) => assertClose(await bench.apply([1, 10]), [66]));
});

test('a layer that does not fit its input says which', () => {
  assert.throws(
    () => sequential('critic', [8], [block({ transform: convolution({ channels: 1, kernel: 3 }) })]),
    /critic\.layer1.*conv3 expects images \[H,W,C\]/,
  );
});

test('initial values follow their distribution, and the seed', async () => {
  const withWeights = (weights: ReturnType<typeof normal>) =>
    block({ transform: linear([200]), weights })('net.layer1', [100]);
  const drawn = async (weights: ReturnType<typeof normal>, seed = 1): Promise<number[]> => {
    const bench = await LayerBench.open(withWeights(weights), 1, seed);
    assert.ok((await bench.read('bias')).every((value) => value === 0));
    const values = await bench.read('weight');
    bench.close();
    return values;
  };
  const values = await drawn(normal(0.02));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  assert.ok(Math.abs(mean) < 1e-3 && Math.abs(deviation - 0.02) < 5e-4, `${mean} ${deviation}`);
  assert.equal(await drawn(normal(0.02)), values);
  assert.not.equal(await drawn(normal(0.02), 2), values);
  const even = await drawn(uniform(2, 3));
  assert.ok(Math.min(...even) >= 2 && Math.max(...even) < 3);
});

test.run();
