import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NativeDevice } from '../../src/device/native.ts';
import type { Slot } from '../../src/graph/program.ts';
import { addon, applyOp, numbers, runOnce, Sketch } from './support.ts';

// Filters are kept in another layout between steps; these tests see that nobody reads a stale or foreign one.

const device = addon.openDevice('cpu', { threads: 0 });

const window = { stride: [1, 1], padding: [1, 1, 1, 1] } as const;
const inputGradient = { ...window, inputSize: [6, 6] } as const;

/** Few channels go to oneDNN, many to products by taps. */
for (const channels of [16, 40]) {
  const image = [8, 6, 6, channels];
  const filter = [channels, 3, 3, channels];
  const x = numbers(image);
  const bytes = 4 * filter.reduce((a, b) => a * b, 1);

  async function variableOf(values: Float32Array): Promise<number> {
    const id = device.createVariable(bytes);
    await device.writeVariable(id, values);
    return id;
  }

  test(`a convolution of ${channels} channels after an update sees the new filter`, async () => {
    const sketch = new Sketch();
    const [feed, w, value] = [sketch.feed(image), sketch.variable(filter), sketch.feed(filter)];
    const conv = () => sketch.output(sketch.step('conv2d', window, [feed, w], image));
    conv();
    conv();
    sketch.update('assign', {}, [w, value]);
    conv();
    const weights = numbers(filter, 2).data;
    const [before, again, after] = await runOnce(
      device,
      sketch,
      [x.data, weights.map((v) => 2 * v)],
      [await variableOf(weights)],
    );
    assert.equal(again, before);
    assert.equal(
      after,
      (before as Float32Array).map((v) => 2 * v),
    );
  });

  test(`filters of ${channels} channels that are used in turns keep apart`, async () => {
    const sketch = new Sketch();
    const feed = sketch.feed(image);
    const filters = [2, 3, 4].map((seed) => numbers(filter, seed));
    const slots = filters.map(() => sketch.variable(filter)) as [Slot, Slot, Slot];
    const order = [0, 1, 0, 2, 1, 2, 0];
    for (const i of order) {
      sketch.output(sketch.step('conv2d', window, [feed, slots[i] as Slot], image));
      sketch.output(sketch.step('conv2dInputGradient', inputGradient, [feed, slots[i] as Slot], image));
    }
    const results = await runOnce(
      device,
      sketch,
      [x.data],
      await Promise.all(filters.map(({ data }) => variableOf(data))),
    );
    for (const [i, filterIndex] of order.entries()) {
      const w = filters[filterIndex] as { shape: number[]; data: Float32Array };
      assert.equal(results[2 * i], await applyOp(device, 'conv2d', window, [x, w], image));
      assert.equal(results[2 * i + 1], await applyOp(device, 'conv2dInputGradient', inputGradient, [x, w], image));
    }
  });
}

test('convolutions by taps do not depend on the number of threads', async () => {
  const image = [9, 5, 5, 40];
  const filter = [48, 3, 3, 40];
  const result = [9, 5, 5, 48];
  const [x, w, dy] = [numbers(image, 1), numbers(filter, 2), numbers(result, 3)];
  const all = (target: NativeDevice) =>
    Promise.all([
      applyOp(target, 'conv2d', window, [x, w], result),
      applyOp(target, 'conv2dInputGradient', { ...window, inputSize: [5, 5] }, [dy, w], image),
      applyOp(target, 'conv2dFilterGradient', { ...window, filterSize: [3, 3] }, [x, dy], filter),
    ]);
  const expected = await all(device);
  for (const threads of [1, 3]) {
    const other = addon.openDevice('cpu', { threads });
    assert.equal(await all(other), expected);
    other.close();
  }
});

test.after(() => device.close());
test.run();
