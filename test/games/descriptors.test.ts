import { suite, test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device } from '../../src/device/index.ts';
import {
  createDescriptorStatistics,
  type DescriptorStatistics,
  drawFromDescriptors,
  trackDescriptors,
} from '../../src/games/descriptors.ts';
import { evaluateAll } from '../../src/oracle/evaluate.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { feed, type Graph, trace } from '../../src/tensor/trace.ts';
import { devices } from '../devices.ts';

const SIZE = 3;
const BATCH = 8;

/** Numbers between -1 and 1 that repeat nowhere soon. */
const scattered = (i: number): number => 2 * ((((i * 0.6180339887498949) % 1) + 1) % 1) - 1;

/** Correlated descriptors about `offset`, a batch of rows [BATCH, SIZE] each, whose distribution drifts. */
const descriptors = (batches: number, offset: number): Float64Array[] =>
  Array.from({ length: batches }, (_, batch) =>
    Float64Array.from({ length: BATCH * SIZE }, (_, i) => {
      const row = batch * BATCH + Math.floor(i / SIZE);
      const [a, b, c] = [scattered(3 * row + 1), scattered(7 * row + 2), scattered(11 * row + 3)];
      const drift = batch / batches;
      const value = [a, 0.8 * a + 0.3 * b + drift, 0.2 * c - b][i % SIZE] as number;
      return Math.fround(offset + value);
    }),
  );

interface Expected {
  readonly mean: number[];
  readonly covariance: number[];
}

/** Mean and population covariance in two passes over rows that count `weights[batch]` each. */
function twoPasses(
  batches: readonly Float64Array[],
  weights: readonly number[] = batches.map(() => 1 / batches.length),
): Expected {
  const mean = Array<number>(SIZE).fill(0);
  const covariance = Array<number>(SIZE * SIZE).fill(0);
  const visit = (use: (row: readonly number[], weight: number) => void) => {
    batches.forEach((batch, b) => {
      for (let r = 0; r < BATCH; r++)
        use([...batch.subarray(r * SIZE, (r + 1) * SIZE)], (weights[b] as number) / BATCH);
    });
  };
  visit((row, weight) => {
    for (const [i, x] of row.entries()) mean[i] = (mean[i] as number) + weight * x;
  });
  visit((row, weight) => {
    for (const i of covariance.keys()) {
      const [a, b] = [Math.floor(i / SIZE), i % SIZE];
      const product = ((row[a] as number) - (mean[a] as number)) * ((row[b] as number) - (mean[b] as number));
      covariance[i] = (covariance[i] as number) + weight * product;
    }
  });
  return { mean, covariance };
}

const largestDifference = (a: ArrayLike<number>, b: readonly number[]): number =>
  Math.max(...b.map((x, i) => Math.abs(x - (a[i] as number))));

const trackingGraph = (statistics: DescriptorStatistics, window: number): Graph =>
  trace('track', () => {
    trackDescriptors(statistics, feed('h', [BATCH, SIZE]), window);
    return {};
  });

/** The statistics after all batches, in float64. */
function trackInOracle(batches: readonly Float64Array[], window: number): Record<string, Float64Array> {
  const graph = trackingGraph(createDescriptorStatistics(SIZE), window);
  let state: Record<string, Float64Array> = {
    'descriptors.mean': new Float64Array(SIZE),
    'descriptors.covariance': new Float64Array(SIZE * SIZE),
    'descriptors.batches': new Float64Array(1),
  };
  for (const h of batches) {
    state = evaluateAll(graph.updates as Tensor[], { ...state, h }).variables;
  }
  return state;
}

for (const offset of [0, 1e3]) {
  test(`without a window the statistics are those of all descriptors seen, about ${offset}`, () => {
    const batches = descriptors(200, offset);
    const expected = twoPasses(batches);
    const state = trackInOracle(batches, 0);
    assert.is(state['descriptors.batches']?.[0], 200);
    assert.ok(largestDifference(state['descriptors.mean'] as Float64Array, expected.mean) < 1e-10);
    assert.ok(largestDifference(state['descriptors.covariance'] as Float64Array, expected.covariance) < 1e-10);
  });
}

test('with a window, a batch counts 1/window of what came before it', () => {
  const window = 4;
  const batches = descriptors(12, 5);
  const weights = batches.map(() => 0);
  batches.forEach((_, t) => {
    const weight = Math.max(1 / (t + 1), 1 / window);
    for (let i = 0; i < t; i++) weights[i] = (weights[i] as number) * (1 - weight);
    weights[t] = weight;
  });
  const expected = twoPasses(batches, weights);
  const state = trackInOracle(batches, window);
  assert.ok(largestDifference(state['descriptors.mean'] as Float64Array, expected.mean) < 1e-12);
  assert.ok(largestDifference(state['descriptors.covariance'] as Float64Array, expected.covariance) < 1e-12);
});

test.run();

/** What float32 rounds of the numbers themselves: a covariance made as a difference of squares would be off by 0.1 about 1000. */
const FLOAT32 = [
  { offset: 0, tolerance: 2e-6 },
  { offset: 1e3, tolerance: 2e-3 },
];

for (const [name, openDevice] of Object.entries(devices)) {
  const onDevice = suite(`descriptor statistics on ${name}`);
  let device: Device;
  onDevice.before(async () => {
    device = await openDevice();
  });
  onDevice.after(() => device.close());

  for (const { offset, tolerance } of FLOAT32) {
    onDevice(`stay those of all descriptors over 200 batches about ${offset}`, async () => {
      const statistics = createDescriptorStatistics(SIZE);
      for (const { shape, ...variable } of Object.values(statistics)) {
        await device.write({ ...variable, shape }, new Float32Array(shape.reduce((a: number, b: number) => a * b, 1)));
      }
      const executable = await device.load(trackingGraph(statistics, 0));
      const batches = descriptors(200, offset);
      await device.run(batches.map((h) => ({ executable, feeds: { h: Float32Array.from(h) } })));
      const expected = twoPasses(batches);
      const meanError = largestDifference(await device.read(statistics.mean), expected.mean);
      const covarianceError = largestDifference(await device.read(statistics.covariance), expected.covariance);
      assert.ok(meanError < tolerance, `mean is off by ${meanError}`);
      assert.ok(covarianceError < tolerance, `covariance is off by ${covarianceError}`);
    });
  }

  onDevice('give latents of their mean and covariance', async () => {
    const count = 4000;
    const statistics = createDescriptorStatistics(SIZE);
    const mean = [3, -1, 0.5];
    const covariance = [4, 1.2, -0.6, 1.2, 1, 0.3, -0.6, 0.3, 0.5];
    await device.write(statistics.mean, Float32Array.from(mean));
    await device.write(statistics.covariance, Float32Array.from(covariance));
    const executable = await device.load(
      trace('draw', () => ({ latents: drawFromDescriptors(statistics, count, feed('random', [2], 'int32')) })),
    );
    const { outputs } = await device.run([{ executable, feeds: { random: Int32Array.of(3, 1) }, fetch: true }]);
    const latents = Float64Array.from(outputs[0]?.latents as Float32Array);
    const rows = Array.from({ length: count / BATCH }, (_, b) =>
      latents.subarray(b * BATCH * SIZE, (b + 1) * BATCH * SIZE),
    );
    const drawn = twoPasses(rows);
    // Four standard errors of a mean, sigma / sqrt(n), and of a covariance, at most sqrt(2) sigma^2 / sqrt(n).
    for (const [i, value] of drawn.mean.entries()) {
      const deviation = Math.sqrt(covariance[i * SIZE + i] as number);
      assert.ok(Math.abs(value - (mean[i] as number)) < (4 * deviation) / Math.sqrt(count), `mean ${i}: ${value}`);
    }
    for (const [i, value] of drawn.covariance.entries()) {
      const [a, b] = [Math.floor(i / SIZE), i % SIZE];
      const scale = Math.sqrt((covariance[a * SIZE + a] as number) * (covariance[b * SIZE + b] as number));
      const allowed = (4 * Math.SQRT2 * scale) / Math.sqrt(count);
      assert.ok(Math.abs(value - (covariance[i] as number)) < allowed, `covariance ${a},${b}: ${value}`);
    }
  });

  onDevice.run();
}
