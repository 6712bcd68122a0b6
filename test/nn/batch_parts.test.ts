import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mergeChanges } from '../../src/config/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { gradients } from '../../src/graph/index.ts';
import { resolveChanges } from '../../src/models/index.ts';
import { block, linear, normalization } from '../../src/nn/index.ts';
import { mul, reduceSum } from '../../src/ops/index.ts';
import { elements } from '../../src/tensor/shape.ts';
import { feed, read, trace } from '../../src/tensor/trace.ts';
import { createModel } from '../../src/train/index.ts';
import { computeInStep } from '../graph/ranks/in_step.ts';
import { assertClose, noise, withBench } from './bench.ts';

const CHANNELS = 3;
const norm = () => normalization({ norm: 'batch' })('net.layer1', [CHANNELS]);

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Rows [from, to) of x [N, CHANNELS], each channel normalised by their moments. */
function standardized(x: readonly number[], from: number, to: number): number[] {
  const rows = x.slice(from * CHANNELS, to * CHANNELS);
  return rows.map((value, i) => {
    const channel = rows.filter((_, j) => j % CHANNELS === i % CHANNELS);
    const mean = meanOf(channel);
    return (value - mean) / Math.sqrt(meanOf(channel.map((other) => (other - mean) ** 2)) + 1e-5);
  });
}

test('each part of a batch is normalised by its own moments', () =>
  withBench(norm(), 6, async (bench) => {
    const x = noise(6, CHANNELS);
    const y = await bench.apply(x, { training: true, parts: { count: 2, images: 6 } });
    assertClose(y, [...standardized(x, 0, 3), ...standardized(x, 3, 6)]);
  }));

test('of two batches at once, the parts of both that a process has are normalised together', () =>
  withBench(norm(), 8, async (bench) => {
    const x = noise(8, CHANNELS);
    const y = await bench.apply(x, { training: true, parts: { count: 2, images: 4 } });
    const rows = (...which: number[]) => which.flatMap((row) => x.slice(row * CHANNELS, (row + 1) * CHANNELS));
    const [own, other] = [rows(0, 1, 4, 5), rows(2, 3, 6, 7)].map((part) => standardized(part, 0, 4)) as [
      number[],
      number[],
    ];
    const half = 2 * CHANNELS;
    assertClose(y, [...own.slice(0, half), ...other.slice(0, half), ...own.slice(half), ...other.slice(half)]);
  }));

test('the running moments follow the means of those of the parts', () =>
  withBench(norm(), 6, async (bench) => {
    const x = noise(6, CHANNELS).map((value, i) => (i < 3 * CHANNELS ? value : 10 + value));
    await bench.apply(x, { training: true, parts: { count: 2, images: 6 } });
    const expected = [0, 1, 2].map((c) => {
      const [first, second] = [x.slice(0, 9), x.slice(9)].map((part) => part.filter((_, i) => i % CHANNELS === c)) as [
        number[],
        number[],
      ];
      const variance = (values: number[]) => meanOf(values.map((value) => (value - meanOf(values)) ** 2));
      return { mean: meanOf([...first, ...second]), variance: meanOf([variance(first), variance(second)]) };
    });
    assertClose(
      await bench.read('norm.mean'),
      expected.map(({ mean }) => 0.1 * mean),
    );
    assertClose(
      await bench.read('norm.variance'),
      expected.map(({ variance }) => 0.9 + 0.1 * variance),
    );
  }));

test('every rank computes the parts of its own, without waiting for the others before the last sum', () => {
  const layer = block({ transform: linear([CHANNELS]), norm: 'batch', activation: 'tanh' })('net.layer1', [2]);
  const weight = layer.variables[0] as (typeof layer.variables)[0];
  const graph = trace('two layers', () => {
    const y = layer.apply(feed('x', [8, 2]), { training: true, parts: { count: 2, images: 8 } });
    const loss = reduceSum(mul(y, mul(y, y)));
    const [slope] = gradients(loss, [read(weight)]);
    return { loss, slope };
  });
  const values = Object.fromEntries(
    [...graph.variables.map(({ name, shape }) => [name, elements(shape)] as const), ['x', 16] as const].map(
      ([name, length]) => [name, Float64Array.from({ length }, (_, i) => 1.5 + Math.sin(i + 1))],
    ),
  );
  const alone = computeInStep(graph, values, 1, 8).outputs[0] as Record<string, Float64Array>;
  const { summed, outputs } = computeInStep(graph, values, 2, 8);
  // Loss, slope, running mean and variance.
  assert.equal(summed, [[1 + 2 * CHANNELS + CHANNELS + CHANNELS]]);
  for (const output of outputs)
    for (const name of ['loss', 'slope'])
      assertClose(Array.from(output[name] as Float64Array), Array.from(alone[name] as Float64Array), 1e-9);
});

function refuses(code: string, message: RegExp, action: () => unknown): void {
  assert.throws(
    action,
    (error: ConfigError) => error instanceof ConfigError && error.code === code && message.test(error.message),
  );
}

const small = { recipe: 'dcgan', size: 16, batch: 8, latent: { size: 4 }, model: { width: 2 }, syncNorm: false };
const stepsOf = (changes: object, ranks: number) =>
  createModel(resolveChanges(mergeChanges(small, changes as typeof small)), { ranks }).match.programs.map(({ trace }) =>
    trace(),
  );

test('syncNorm is refused where neither network has batch norm', () => {
  const without = { model: { generatorNorm: 'none', discriminatorNorm: 'layer' } };
  refuses('norm_missing', /neither network of recipe 'dcgan' has batch norm/, () => stepsOf(without, 1));
  refuses('norm_missing', /'began'/, () => createModel(resolveChanges({ recipe: 'began', syncNorm: false })));
  assert.ok(stepsOf({ model: { discriminatorNorm: 'layer' } }, 1).length > 0);
});

test('syncNorm is refused where a process would have a single number, or no equal part', () => {
  const parts = { count: 4, images: 4 };
  refuses('norm_of_one', /each of 4 processes has one image of 4/, () =>
    trace('one', () => ({ y: norm().apply(feed('x', [4, CHANNELS]), { training: true, parts }) })),
  );
  const replay = { replay: { share: 0.25, images: 4 } };
  refuses('norm_parts', /given 6 images at once, which 2 processes that share out 8/, () => stepsOf(replay, 2));
  assert.ok(stepsOf(replay, 1).length > 0);
});

test.run();
