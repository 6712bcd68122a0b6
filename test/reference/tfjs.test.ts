import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device } from '../../src/device/device.ts';
import { DeviceError } from '../../src/errors.ts';
import * as gannet from '../../src/ops/index.ts';
import { traceCase } from '../../src/parity/cases/trace.ts';
import { openTfjsDevice } from '../../src/reference/index.ts';
import { loadTfjs, type Tfjs } from '../../src/reference/tfjs/backend.ts';
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

test('running leaves no tensor behind', async () => {
  const { graph, bindings } = traceCase(
    cases.find(({ name }) => name.includes('penalised gradient')) as (typeof cases)[0],
  );
  const executable = await device.load(graph);
  const feeds = Object.fromEntries(Object.entries(bindings).map(([name, values]) => [name, Float32Array.from(values)]));
  const updating = { executable: await device.load(counting()), feeds: { increment: new Float32Array(2) } };
  const before = tf.memory().numTensors;
  await device.run([{ executable, feeds, fetch: true }, updating]);
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

test('without any tfjs the error names every package and how to get one', async () => {
  const error = await loadTfjs({ packages: [] }).then(
    () => undefined,
    (reason: DeviceError) => reason,
  );
  assert.is(error?.code, 'tfjs_missing');
  assert.match(error?.message ?? '', 'npm install @tensorflow/tfjs');
});

test.run();
