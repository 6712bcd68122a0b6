import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { block, convolution, linear } from '../../src/nn/index.ts';
import { feed, trace } from '../../src/tensor/trace.ts';
import { assertClose, withBench } from './bench.ts';

test('passes in training bring a linear weight to a largest singular value of 1', () =>
  withBench(block({ transform: linear([2]), spectral: true })('net.layer1', [3]), 1, async (bench) => {
    // Singular values 5 and 2.
    await bench.write('weight', [0, 2, 3, 0, 4, 0]);
    for (let pass = 0; pass < 20; pass++) await bench.apply([1, 1, 1], { training: true });
    assertClose(await bench.apply([1, 3, 4], { training: true }), [25 / 5, 2 / 5]);
    const known = await bench.read('spectral.u');
    assertClose(await bench.apply([1, 3, 4]), [25 / 5, 2 / 5]);
    assert.equal(await bench.read('spectral.u'), known, 'inference leaves the singular vectors alone');
  }));

test('a filter is normalised as a matrix with a row for each output channel', () =>
  withBench(
    block({ transform: convolution({ channels: 2, kernel: 2, padding: 'valid' }), spectral: true })(
      'net.layer1',
      [2, 2, 1],
    ),
    1,
    async (bench) => {
      await bench.write('weight', [3, 0, 0, 4, 0, 1, 0, 0]);
      for (let pass = 0; pass < 20; pass++) await bench.apply([0, 0, 0, 0], { training: true });
      assertClose(await bench.apply([3, 10, 0, 4]), [25 / 5, 10 / 5]);
    },
  ));

test('a program takes one step of power iteration, however often it applies a layer', () => {
  const layer = block({ transform: linear([2]), spectral: true })('net.layer1', [3]);
  assert.is(layer.description, 'linear, spectral norm');
  const { updates } = trace('twice', () => ({
    a: layer.apply(feed('a', [1, 3]), { training: true }),
    b: layer.apply(feed('b', [1, 3]), { training: true }),
  }));
  assert.equal(
    updates.map(({ op }) => op),
    ['assign', 'assign'],
  );
});

test.run();
