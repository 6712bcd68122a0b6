import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/graph/index.ts';
import { block, linear, normalization } from '../../src/nn/index.ts';
import { mul, reduceSum } from '../../src/ops/index.ts';
import { assertClose, noise, withBench } from './bench.ts';

const BATCH = 4;
const CHANNELS = 3;
const EPSILON = 1e-5;

/** Channel c of x [N, C]. */
const channel = (x: readonly number[], c: number): number[] => x.filter((_, i) => i % CHANNELS === c);
const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const varianceOf = (values: readonly number[]): number => meanOf(values.map((value) => (value - meanOf(values)) ** 2));
const perChannel = (x: readonly number[], statistic: (values: number[]) => number): number[] =>
  Array.from({ length: CHANNELS }, (_, c) => statistic(channel(x, c)));

const norm = () => normalization({ norm: 'batch' })('net.layer1', [CHANNELS]);
const x = noise(BATCH, CHANNELS);

test('training normalises each channel by the moments of the batch', () =>
  withBench(norm(), BATCH, async (bench) => {
    const [mean, variance] = [perChannel(x, meanOf), perChannel(x, varianceOf)];
    const expected = x.map((value, i) => {
      const c = i % CHANNELS;
      return (value - (mean[c] as number)) / Math.sqrt((variance[c] as number) + EPSILON);
    });
    assertClose(await bench.apply(x, { training: true }), expected);
  }));

test('training moves the running moments a tenth of the way to those of the batch', () =>
  withBench(norm(), BATCH, async (bench) => {
    assert.equal(await bench.read('norm.mean'), [0, 0, 0]);
    assert.equal(await bench.read('norm.variance'), [1, 1, 1]);
    let [mean, variance] = [Array(CHANNELS).fill(0), Array(CHANNELS).fill(1)];
    for (let step = 0; step < 3; step++) {
      await bench.apply(x, { training: true });
      mean = perChannel(x, meanOf).map((value, c) => 0.9 * mean[c] + 0.1 * value);
      variance = perChannel(x, varianceOf).map((value, c) => 0.9 * variance[c] + 0.1 * value);
      assertClose(await bench.read('norm.mean'), mean);
      assertClose(await bench.read('norm.variance'), variance);
    }
  }));

test('inference uses the running moments and leaves them as they are', () =>
  withBench(norm(), BATCH, async (bench) => {
    await bench.write('norm.mean', [0.5, -1, 2]);
    await bench.write('norm.variance', [4, 0.25, 1]);
    await bench.write('norm.gain', [1, 2, 3]);
    await bench.write('norm.bias', [10, 20, 30]);
    const [mean, deviation] = [
      [0.5, -1, 2],
      [2, 0.5, 1],
    ];
    const expected = x.map((value, i) => {
      const c = i % CHANNELS;
      return ((c + 1) * (value - (mean[c] as number))) / (deviation[c] as number) + 10 * (c + 1);
    });
    assertClose(await bench.apply(x), expected, 1e-4);
    assert.equal(await bench.read('norm.mean'), [0.5, -1, 2]);
    assert.equal(await bench.read('norm.variance'), [4, 0.25, 1]);
  }));

test('an image drawn in inference does not depend on the others of its batch', () =>
  withBench(norm(), BATCH, async (bench) => {
    const others = [...x.slice(0, CHANNELS), ...x.slice(CHANNELS).map((value) => 5 * value)];
    assert.equal((await bench.apply(others)).slice(0, CHANNELS), (await bench.apply(x)).slice(0, CHANNELS));
  }));

const INPUTS = 2;
const biased = () =>
  block({ transform: linear([CHANNELS]), norm: 'batch', activation: 'leakyRelu' })('net.layer1', [INPUTS]);
const inputs = noise(BATCH, INPUTS);

test('a bias before batch norm changes the running mean and nothing else', () =>
  withBench(biased(), BATCH, async (bench) => {
    const before = await bench.apply(inputs, { training: true });
    const [mean, variance] = [await bench.read('norm.mean'), await bench.read('norm.variance')];
    await bench.write('norm.mean', [0, 0, 0]);
    await bench.write('norm.variance', [1, 1, 1]);
    await bench.write('bias', [1, -2, 3]);
    assertClose(await bench.apply(inputs, { training: true }), before);
    assertClose(await bench.read('norm.variance'), variance);
    assertClose(
      await bench.read('norm.mean'),
      [1, -2, 3].map((bias, c) => (mean[c] as number) + 0.1 * bias),
    );
  }));

test('in inference the bias takes part', () =>
  withBench(biased(), BATCH, async (bench) => {
    const before = await bench.apply(inputs);
    await bench.write('bias', [100, 100, 100]);
    assert.ok((await bench.apply(inputs)).every((value, i) => value > (before[i] as number) + 50));
  }));

test('the gradient of a bias before batch norm is exactly zero; that of the weight is not', () =>
  withBench(biased(), BATCH, async (bench) => {
    const gradientOf = (name: string) =>
      bench.derive(inputs, name, (y, variable) => gradients(reduceSum(mul(y, y)), [variable])[0] as typeof y);
    assert.equal((await gradientOf('bias')).map(Math.abs), [0, 0, 0]);
    assert.ok((await gradientOf('weight')).some((value) => Math.abs(value) > 1e-6));
  }));

test.run();
