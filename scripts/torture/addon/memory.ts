import * as assert from 'node:assert/strict';
import type { NativeDevice } from '../../../src/device/native.ts';
import { Sketch } from '../../../test/binding/support.ts';
import { expectCode, expectHealthy, loadSum, open, outputOf, sum, type Use } from './use.ts';

const SIZE = 1 << 20;

/** One op with feeds of these shapes, loaded. */
function loadOp(device: NativeDevice, op: string, attributes: object, shapes: number[][], output: number[]) {
  const sketch = new Sketch();
  const feeds = shapes.map((shape) => sketch.feed(shape));
  sketch.output(sketch.step(op as never, attributes as never, feeds, output));
  return device.load(sketch.program(), []);
}

/** Starts runs of y = x + 0 on feeds of ones behind a longer run; while they wait, `spoil` does something to the buffer of each. */
async function spoilFeeds(makeBuffer: () => ArrayBuffer, spoil: (buffer: ArrayBuffer) => void): Promise<void> {
  const device = open();
  const { program } = await loadSum(device, SIZE);
  const product = await loadOp(
    device,
    'matmul',
    { transposeA: false, transposeB: false },
    [
      [1024, 1024],
      [1024, 1024],
    ],
    [1024, 1024],
  );
  const factors = [new Float32Array(1024 ** 2), new Float32Array(1024 ** 2)];
  const buffers = Array.from({ length: 6 }, makeBuffer);
  const busy = device.run([{ program: product.program, feeds: factors, fetch: false }], { profile: false });
  const outputs = buffers.map((buffer) => outputOf(device, program, new Float32Array(buffer).fill(1)));
  for (const buffer of buffers) spoil(buffer);
  await busy;
  for (const output of outputs) assert.ok((await output).every((value) => value === 1));
  device.close();
}

/** A buffer that can shrink, which TypeScript's library does not know yet. */
const resizable = (bytes: number): ArrayBuffer & { resize(bytes: number): void } =>
  new (ArrayBuffer as unknown as new (bytes: number, options: object) => never)(bytes, { maxByteLength: bytes });

/** Memory that is taken away, that cannot be had, or that a program names wrongly. */
export const memoryUses: Readonly<Record<string, Use>> = {
  'the buffers of feeds are transferred during the run': () =>
    spoilFeeds(
      () => new ArrayBuffer(4 * SIZE),
      (buffer) => new Float32Array(structuredClone(buffer, { transfer: [buffer] })).fill(Number.NaN),
    ),

  'the buffers of feeds shrink during the run': () =>
    spoilFeeds(
      () => resizable(4 * SIZE),
      (buffer) => (buffer as ReturnType<typeof resizable>).resize(0),
    ),

  'the feeds are overwritten during the run': () =>
    spoilFeeds(
      () => new ArrayBuffer(4 * SIZE),
      (buffer) => new Float32Array(buffer).fill(Number.NaN),
    ),

  'what a variable is written from is transferred': async () => {
    const device = open();
    const variable = device.createVariable(4 * SIZE);
    const values = new Float32Array(SIZE).fill(3);
    const written = device.writeVariable(variable, values);
    new Float32Array(structuredClone(values.buffer, { transfer: [values.buffer] })).fill(Number.NaN);
    await written;
    assert.ok(new Float32Array(await device.readVariable(variable)).every((value) => value === 3));
    device.close();
  },

  'feeds whose memory is gone already': async () => {
    const device = open();
    const { program } = await loadSum(device);
    const detached = new Float32Array(4);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    const buffer = resizable(16);
    const shrunk = new Float32Array(buffer, 0, 4);
    const following = new Float32Array(buffer);
    buffer.resize(8);
    for (const feed of [detached, shrunk, following])
      await expectCode('feed_length', () => outputOf(device, program, feed));
    await expectHealthy(device);
    device.close();
  },

  'a variable larger than the machine is read': async () => {
    const device = open();
    for (const bytes of [2 ** 40, 2 ** 48, 2 ** 53 - 4]) {
      const variable = device.createVariable(bytes);
      await expectCode('out_of_memory', () => device.readVariable(variable));
    }
    await expectHealthy(device);
    device.close();
  },

  'a larger program does not fit, and an earlier one runs on': async () => {
    const device = open();
    const { program } = await loadSum(device, SIZE);
    for (let i = 0; i < 3; i++) {
      const variable = device.createVariable(16);
      await expectCode('out_of_memory', () => device.load(sum(4, { arenaBytes: 2 ** 50 }), [variable]));
      const output = await outputOf(device, program, new Float32Array(SIZE).fill(2));
      assert.ok(output.every((value) => value === 2));
    }
    device.close();
  },

  'a factor of a matrix that is none': async () => {
    const device = open();
    for (const shape of [[], [4], [2, 3], [2, 2, 2]])
      await expectCode('shape_mismatch', () => loadOp(device, 'cholesky', {}, [[2, 2]], shape));
    for (const shape of [[], [4], [2, 3]])
      await expectCode('shape_mismatch', () => loadOp(device, 'cholesky', {}, [shape], shape));
    device.close();
  },

  'attributes whose products leave 63 bits': async () => {
    const device = open();
    const expression = { access: ['full'], instructions: [] };
    const values = Array(1 << 20).fill(0);
    const wide = { stride: [1, 1], padding: [2 ** 31, 2 ** 31, 0, 0] };
    await expectCode('attribute_invalid', () =>
      loadOp(device, 'upsampleNearest', { scale: 2 ** 52 + 1 }, [[1, 2 ** 12, 2 ** 12, 1]], [1, 2 ** 12, 2 ** 12, 1]),
    );
    for (const extent of [
      [2 ** 32, 2 ** 32, 1],
      [2 ** 32, 1, 2 ** 32],
      [1, 2 ** 52, 2 ** 52],
    ])
      await expectCode('attribute_invalid', () =>
        loadOp(device, 'reduce', { expression, kind: 'sum', extent }, [[1]], [1]),
      );
    await expectCode('attribute_invalid', () =>
      loadOp(device, 'reduceSums', { expression, values, factor: 1, extent: [2 ** 44, 1, 1] }, [[1]], [1]),
    );
    await expectCode('shape_unsupported', () =>
      loadOp(
        device,
        'conv2d',
        wide,
        [
          [1, 1, 1, 1],
          [1, 1, 1, 1],
        ],
        [1, 1, 1, 1],
      ),
    );
    await expectCode('attribute_invalid', () => {
      const sketch = new Sketch();
      sketch.output(sketch.step('constant', { value: 2 ** 40 }, [], [1], 'int32'));
      return device.load(sketch.program(), []);
    });
    await expectHealthy(device);
    device.close();
  },

  'a stride far beyond the image': async () => {
    const device = open();
    const far = { stride: [2 ** 30, 2 ** 30], padding: [0, 0, 0, 0], inputSize: [3, 3] };
    const { program } = await loadOp(
      device,
      'conv2dInputGradient',
      far,
      [
        [1, 1, 1, 1],
        [1, 3, 3, 1],
      ],
      [1, 3, 3, 1],
    );
    const feeds = [Float32Array.of(2), Float32Array.from({ length: 9 }, (_, i) => i)];
    const { outputs } = await device.run([{ program, feeds, fetch: true }], { profile: false });
    assert.deepEqual([...new Float32Array(outputs[0]?.[0] as ArrayBuffer)], [0, 2, 4, 6, 8, 10, 12, 14, 16]);
    device.close();
  },

  'devices opened and closed a hundred times, and others forgotten': async (random) => {
    for (let i = 0; i < 100; i++) {
      const device = open();
      const { program } = await loadSum(device);
      const runs = Array.from({ length: random.below(4) }, () =>
        outputOf(device, program, Float32Array.of(1, 2, 3, 4)),
      );
      if (random.below(2) === 0) device.close();
      await Promise.all(runs);
    }
  },
};
