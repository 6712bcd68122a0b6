import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDevice } from '../../src/device/index.ts';
import { gradients } from '../../src/graph/index.ts';
import { block, initialization, linear, measureReference, normalization, sequential } from '../../src/nn/index.ts';
import { mul, reduceSum } from '../../src/ops/index.ts';
import { elements } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { feed, read, trace } from '../../src/tensor/trace.ts';
import type { Variable } from '../../src/tensor/variable.ts';
import { assertClose, noise } from './bench.ts';

const EPSILON = 1e-5;
const IMAGE = [2, 3, 2];
const PIXELS = 2 * 3 * 2;
const [BATCH, SIZE] = [3, 5];
const images = noise(BATCH, ...IMAGE);
const reference = noise(SIZE + 1, ...IMAGE)
  .slice(PIXELS)
  .map((value) => 2 * value + 0.5);

const norm = () => sequential('net', IMAGE, [normalization({ norm: 'virtual', referenceBatch: SIZE })]);
const biased = () =>
  sequential('net', [2], [block({ transform: linear([4]), norm: 'virtual', referenceBatch: SIZE, activation: 'elu' })]);

type Network = ReturnType<typeof norm>;

/** A network on the CPU with its initial values: what is read of it, and what it makes of samples beside a reference batch. */
async function withNetwork<T>(network: Network, use: (of: ReturnType<typeof usesOf>) => Promise<T>): Promise<T> {
  const device = openDevice('cpu', { threads: 1 });
  try {
    const executable = await device.load(initialization(network.variables));
    await device.run([{ executable, feeds: { random: Int32Array.of(1, 0) } }]);
    return await use(usesOf(network, device));
  } finally {
    device.close();
  }
}

function usesOf(network: Network, device: ReturnType<typeof openDevice>) {
  const variable = (name: string): Variable => {
    const found = network.variables.find((one) => one.name === `net.layer1.${name}`);
    assert.ok(found, name);
    return found as Variable;
  };
  const run = async (body: (x: Tensor, beside: Tensor) => Tensor, x: readonly number[], beside: readonly number[]) => {
    const sampleSize = elements(network.inputShape);
    const shapeOf = (values: readonly number[]) => [values.length / sampleSize, ...network.inputShape];
    const graph = trace('test', () => ({ y: body(feed('x', shapeOf(x)), feed('beside', shapeOf(beside))) }));
    const all = { x: Float32Array.from(x), beside: Float32Array.from(beside) };
    const feeds = Object.fromEntries(
      graph.feeds.map(({ attributes: { name } }) => [name, all[name as keyof typeof all]]),
    );
    const { outputs } = await device.run([{ executable: await device.load(graph), feeds, fetch: true }]);
    return [...(outputs[0]?.y ?? [])];
  };
  const trained = (x: Tensor, beside: Tensor): Tensor =>
    network.apply(x, { training: true, reference: measureReference(network, beside, {}) });
  return {
    train: (x: readonly number[], beside: readonly number[] = reference) => run(trained, x, beside),
    sample: (x: readonly number[]) => run((of) => network.apply(of, { training: false }), x, x),
    gradient: (name: string, x: readonly number[], beside: readonly number[]) =>
      run(
        (of, with_) => {
          const y = trained(of, with_);
          return gradients(reduceSum(mul(y, y)), [read(variable(name))])[0] as Tensor;
        },
        x,
        beside,
      ),
    read: async (name: string) => [...(await device.read(variable(name)))],
    write: (name: string, values: readonly number[]) => device.write(variable(name), Float32Array.from(values)),
  };
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const varianceOf = (values: readonly number[]): number => meanOf(values.map((value) => (value - meanOf(values)) ** 2));
const channel = (x: readonly number[], c: number): number[] => x.filter((_, i) => i % 2 === c);

/** Each channel of an image by its moments in one batch of the image and the reference, by plain sums. */
const byUnion = (image: readonly number[]): number[] =>
  image.map((value, i) => {
    const union = channel([...reference, ...image], i % 2);
    return (value - meanOf(union)) / Math.sqrt(varianceOf(union) + EPSILON);
  });

test('training normalises each channel of an image by the moments of one batch of the image and the reference', () =>
  withNetwork(norm(), async ({ train }) => {
    const expected = [0, 1, 2].flatMap((i) => byUnion(images.slice(i * PIXELS, (i + 1) * PIXELS)));
    assertClose(await train(images), expected);
  }));

test('an image does not depend on the others of its batch', () =>
  withNetwork(norm(), async ({ train }) => {
    const others = [...images.slice(0, PIXELS), ...images.slice(PIXELS).map((value) => 9 * value)];
    assert.equal((await train(others)).slice(0, PIXELS), (await train(images)).slice(0, PIXELS));
  }));

test('the moments of the reference are kept, and sampling normalises as training does', () =>
  withNetwork(norm(), async ({ train, sample, read: readValues }) => {
    const trained = await train(images);
    assertClose(
      await readValues('norm.mean'),
      [0, 1].map((c) => meanOf(channel(reference, c))),
    );
    assertClose(
      await readValues('norm.variance'),
      [0, 1].map((c) => varianceOf(channel(reference, c))),
    );
    assertClose(await sample(images), trained);
  }));

test('the reference itself passes by its own moments', async () => {
  const behind = sequential('net', IMAGE, [
    normalization({ norm: 'virtual', referenceBatch: SIZE }),
    normalization({ norm: 'virtual', referenceBatch: SIZE, epsilon: 0 }),
  ]);
  const mean = behind.variables.find(({ name }) => name === 'net.layer2.norm.mean') as Variable;
  const variance = behind.variables.find(({ name }) => name === 'net.layer2.norm.variance') as Variable;
  const device = openDevice('cpu', { threads: 1 });
  const executable = await device.load(
    trace('reference', () => {
      measureReference(behind, feed('beside', [SIZE, ...IMAGE]), {});
      return {};
    }),
  );
  const initial = await device.load(initialization(behind.variables));
  await device.run([{ executable: initial, feeds: { random: Int32Array.of(1, 0) } }]);
  await device.run([{ executable, feeds: { beside: Float32Array.from(reference) } }]);
  assertClose([...(await device.read(mean))], [0, 0]);
  assertClose([...(await device.read(variance))], [1, 1], 1e-4);
  device.close();
});

test('batch norm before it keeps the moments of batches, not of the reference', async () => {
  const network = sequential('net', IMAGE, [
    normalization({ norm: 'batch', momentum: 0.5 }),
    normalization({ norm: 'virtual', referenceBatch: SIZE }),
  ]);
  const mean = network.variables.find(({ name }) => name === 'net.layer1.norm.mean') as Variable;
  const device = openDevice('cpu', { threads: 1 });
  const program = trace('test', () => {
    const moments = measureReference(network, feed('beside', [SIZE, ...IMAGE]), {});
    return { y: network.apply(feed('x', [BATCH, ...IMAGE]), { training: true, reference: moments }) };
  });
  const feeds = { beside: Float32Array.from(reference), x: Float32Array.from(images) };
  await device.run([{ executable: await device.load(program), feeds }]);
  assertClose(
    [...(await device.read(mean))],
    [0, 1].map((c) => meanOf(channel(images, c)) / 2),
  );
  device.close();
});

test('where samples have no pixels, each number stands beside those of the reference', () =>
  withNetwork(biased(), async ({ train, read: readValues, write }) => {
    const [x, beside] = [noise(1, 2), noise(SIZE, 2)];
    await write('bias', [0, 0, 0, 0]);
    const weight = await readValues('weight');
    const at = (i: number): number => weight[i] as number;
    const outputs = (rows: readonly number[]) =>
      rows.flatMap((value, i) =>
        i % 2 === 0 ? [0, 1, 2, 3].map((c) => value * at(c) + (rows[i + 1] as number) * at(4 + c)) : [],
      );
    const [own, others] = [outputs(x), outputs(beside)];
    const expected = own.map((value, c) => {
      const union = [value, ...others.filter((_, i) => i % 4 === c)];
      const y = (value - meanOf(union)) / Math.sqrt(varianceOf(union) + EPSILON);
      return y > 0 ? y : Math.expm1(y);
    });
    assertClose(await train(x, beside), expected, 1e-4);
  }));

test('gradients flow through the reference: what is only there moves the weight', () =>
  withNetwork(biased(), async ({ gradient }) => {
    const beside = noise(SIZE, 2);
    const slopes = await gradient('weight', [0.3, 0], beside);
    // The second input is 0 in the sample, so that its weights count in the reference alone.
    assert.ok(
      slopes.slice(4).every((value) => Math.abs(value) > 1e-4),
      `${slopes}`,
    );
  }));

test('a bias before the norm changes the kept mean and nothing else, and its gradient is exactly zero', () =>
  withNetwork(biased(), async ({ train, sample, gradient, read: readValues, write }) => {
    const [x, beside] = [noise(3, 2), noise(SIZE, 2)];
    const before = await train(x, beside);
    const [mean, variance] = [await readValues('norm.mean'), await readValues('norm.variance')];
    await write('bias', [1, -2, 3, 4]);
    assert.equal(await train(x, beside), before);
    assertClose(
      await readValues('norm.mean'),
      [1, -2, 3, 4].map((bias, c) => (mean[c] as number) + bias),
    );
    assert.equal(await readValues('norm.variance'), variance);
    assertClose(await sample(x), before, 1e-4);
    assert.equal((await gradient('bias', x, beside)).map(Math.abs), [0, 0, 0, 0]);
  }));

test('a layer tells that it needs a reference of so many samples, and mixes none', () => {
  const [layer] = norm().layers;
  assert.equal(
    [layer?.referenceBatch, layer?.mixesSamples, layer?.description],
    [SIZE, false, 'virtual batch norm, none'],
  );
});

test('a pass for training without a reference is refused', () => {
  assert.throws(
    () => trace('test', () => ({ y: norm().apply(feed('x', [1, ...IMAGE]), { training: true }) })),
    (error: Error & { code: string }) =>
      error.code === 'reference_missing' && /^net\.layer1\.norm: virtual batch norm/.test(error.message),
  );
});

test.run();
