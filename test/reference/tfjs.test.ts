import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device } from '../../src/device/device.ts';
import { runOn } from '../../src/device/execution.ts';
import { DeviceError } from '../../src/errors.ts';
import * as gannet from '../../src/ops/index.ts';
import { traceCase, workOf } from '../../src/parity/cases/trace.ts';
import { openTfjsDevice } from '../../src/reference/index.ts';
import { loadTfjs, type Tfjs } from '../../src/reference/tfjs/backend.ts';
import { createTfjsDevice } from '../../src/reference/tfjs/device.ts';
import { feed, type Graph, read, trace } from '../../src/tensor/trace.ts';
import type { Variable } from '../../src/tensor/variable.ts';
import { cases } from '../cases.ts';

const counter = (size: number): Variable => ({
  name: 'counter',
  shape: [size],
  dtype: 'float32',
  trainable: false,
  initializer: (shape) => gannet.fill(0, shape),
});

const pair = counter(2);

/** counter += increment, and twice the new value. */
const counting = (): Graph =>
  trace('counting', () => {
    const increment = feed('increment', [2]);
    gannet.assign(pair, gannet.add(read(pair), increment));
    return { twice: gannet.mul(2, read(pair)) };
  });

const code = (expected: string) => (error: unknown) => error instanceof DeviceError && error.code === expected;

async function rejects(promise: Promise<unknown>, expected: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  assert.ok(code(expected)(error), `${expected}, not ${error}`);
}

let device: Device;
let tf: Tfjs;

test.before(async () => {
  device = await openTfjsDevice();
  ({ tf } = await loadTfjs());
});

test('the description tells which tfjs runs the ops', () => {
  assert.match(device.description, /^@tensorflow\/tfjs(-node|-node-gpu)? \d+\.\d+\.\d+ \(\w+\)$/);
});

test('variables start as zeros, keep what a run writes, and are seen by the next run', async () => {
  const executable = await device.load(counting());
  const increment = Float32Array.of(1, 10);
  const calls = [1, 2, 3].map(() => ({ executable, feeds: { increment }, fetch: true }));
  const { outputs } = await device.run(calls);
  assert.equal(
    outputs.map(({ twice }) => [...(twice ?? [])]),
    [
      [2, 20],
      [4, 40],
      [6, 60],
    ],
  );
  assert.equal(await device.read(pair), Float32Array.of(3, 30));
  await device.write(pair, Float32Array.of(5, 5));
  const next = await device.run([{ executable, feeds: { increment }, fetch: true }]);
  assert.equal(next.outputs[0]?.twice, Float32Array.of(12, 30));
});

test('nothing is fetched that was not asked for', async () => {
  const executable = await device.load(counting());
  const { outputs } = await device.run([{ executable, feeds: { increment: new Float32Array(2) } }]);
  assert.equal(outputs, [{}]);
});

/** The first case of every op that has one. */
const oneOfEach = [...new Map([...cases].reverse().map((row) => [row.op, row])).values()];

test('running leaves no tensor behind, whichever the op', async () => {
  const before = tf.memory().numTensors;
  for (const row of oneOfEach) {
    const work = workOf(traceCase(row));
    const other = await openTfjsDevice();
    await runOn(other, work);
    const { variables } = work.graphs[0] as Graph;
    assert.is(tf.memory().numTensors, before + variables.length, `${row.name}: its variables alone`);
    other.close();
    assert.is(tf.memory().numTensors, before, row.name);
  }
});

test('a run that fails leaves no tensor behind and no variable changed, however far it came', async () => {
  const tfjs = await loadTfjs();
  for (let calls = 1; calls <= 5; calls++) {
    let left = Number.POSITIVE_INFINITY;
    const stopping = createTfjsDevice(tfjs, () => {
      if (left-- <= 0) throw new Error('stopped');
    });
    const executable = await stopping.load(counting());
    await stopping.write(pair, Float32Array.of(1, 2));
    const before = tf.memory().numTensors;
    left = calls;
    const feeds = { increment: Float32Array.of(1, 1) };
    const error = await stopping.run([{ executable, feeds, fetch: true }]).catch((reason) => reason);
    assert.is(error.message, 'stopped');
    assert.is(tf.memory().numTensors, before, `after ${calls} ops`);
    assert.equal(await stopping.read(pair), Float32Array.of(1, 2));
    stopping.close();
  }
});

test('refused feeds and writes leave no tensor behind', async () => {
  const executable = await device.load(counting());
  const before = tf.memory().numTensors;
  await rejects(device.run([{ executable }]), 'feed_missing');
  await rejects(device.run([{ executable, feeds: { increment: new Float32Array(3) } }]), 'wrong_length');
  await rejects(device.write(pair, new Float32Array(3)), 'wrong_length');
  assert.is(tf.memory().numTensors, before);
});

test('closing frees the variables', async () => {
  const before = tf.memory().numTensors;
  const other = await openTfjsDevice();
  await other.load(counting());
  assert.is(tf.memory().numTensors, before + 1);
  other.close();
  assert.is(tf.memory().numTensors, before);
});

/** Numbers that any detour through another type or layout would change. */
const DELICATE = [0.1, -0, 1e-45, -1.1754944e-38, 3.4028235e38, 1 + 2 ** -23, 16777215, -0.3].map(Math.fround);

const bits = (values: ArrayLike<number>): number[] => [...new Uint32Array(Float32Array.from(values).buffer)];

test('variables hold the very bits that were written, of either type', async () => {
  const other = await openTfjsDevice();
  const floats: Variable = { ...counter(8), name: 'floats' };
  const integers: Variable = { ...counter(3), name: 'integers', dtype: 'int32' };
  await other.write(floats, Float32Array.from(DELICATE));
  await other.write(integers, Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 16777217));
  assert.equal(bits(await other.read(floats)), bits(DELICATE));
  assert.equal(await other.read(integers), Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 16777217));
  other.close();
});

test('filters cross into the layout of tfjs and back unchanged', async () => {
  const [filters, size, channels] = [2, 3, 2];
  const count = filters * size * size * channels;
  const weights = Float32Array.from({ length: count }, (_, i) => (DELICATE[i % 8] as number) / 2 ** (i % 3));
  const one = (length: number, at: number) => new Float32Array(length).map((_, i) => Number(i === at));
  const graph = trace('layouts', () => {
    const w = feed('w', [filters, size, size, channels]);
    const image = feed('image', [1, size, size, channels]);
    const place = feed('place', [1, 1, 1, filters]);
    return {
      // One pixel of one channel picks that weight out of every filter, one place of one filter that whole filter.
      picked: gannet.conv2d(image, w, { padding: 'valid' }),
      spread: gannet.conv2dTranspose(place, w, { padding: 'valid', outputSize: [size, size] }),
    };
  });
  const executable = await device.load(graph);
  for (const at of [0, 7, 17]) {
    const feeds = { w: weights, image: one(size * size * channels, at), place: one(filters, 1) };
    const { outputs } = await device.run([{ executable, feeds, fetch: true }]);
    const [first, second] = [weights.subarray(0, count / 2), weights.subarray(count / 2)];
    assert.equal(
      [...(outputs[0]?.picked ?? [])],
      [first[at], second[at]].map((w) => (w as number) + 0),
    );
    assert.equal(
      [...(outputs[0]?.spread ?? [])],
      [...second].map((w) => w + 0),
    );
  }
});

test('a feed that is missing or too short, and a variable of another shape, are refused', async () => {
  const executable = await device.load(counting());
  await rejects(device.run([{ executable }]), 'feed_missing');
  await rejects(device.run([{ executable, feeds: { increment: new Float32Array(3) } }]), 'wrong_length');
  await rejects(device.write(counter(3), new Float32Array(3)), 'variable_redefined');
  await rejects(device.write(pair, new Float32Array(3)), 'wrong_length');
});

test('a graph that another device loaded is refused', async () => {
  const other = await openTfjsDevice();
  const executable = await other.load(counting());
  await rejects(device.run([{ executable }]), 'foreign_executable');
  other.close();
});

test.run();
