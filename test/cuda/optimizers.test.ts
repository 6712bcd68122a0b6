import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NativeDevice } from '../../src/device/native.ts';
import type { OpAttributes } from '../../src/tensor/operators.ts';
import { addon, largestError, numbers, runOnce, Sketch } from '../binding/support.ts';
import { closeDevices, cpu, kernels } from './support.ts';

const OPTIMIZERS = {
  sgd: { slots: 0, settings: {} },
  momentum: { slots: 1, settings: { momentum: 0.9 } },
  adagrad: { slots: 1, settings: { epsilon: 1e-10 } },
  adadelta: { slots: 2, settings: { decay: 0.9, epsilon: 1e-6 } },
  rmsprop: { slots: 1, settings: { decay: 0.99, epsilon: 1e-8 } },
  adam: { slots: 2, settings: { beta1: 0.5, beta2: 0.999, epsilon: 1e-8 } },
} as const;

type Name = keyof typeof OPTIMIZERS;

/** Weights and slots after three updates. */
async function updated(device: NativeDevice, name: Name, size: number, clip: number): Promise<Float32Array[]> {
  const { slots, settings } = OPTIMIZERS[name];
  const sketch = new Sketch();
  const states = Array.from({ length: slots + 1 }, () => sketch.variable([size]));
  const gradient = sketch.feed([size]);
  const scalars = [sketch.feed([]), ...(name === 'adam' ? [sketch.feed([])] : [])];
  sketch.update(name, { ...settings, clip } as OpAttributes[Name], [...states, gradient, ...scalars]);
  const variables: number[] = [];
  for (const i of states.keys()) {
    const variable = device.createVariable(size * 4);
    // Squares are never negative.
    await device.writeVariable(variable, i === 0 ? numbers([size]).data : numbers([size], i + 1).data.map(Math.abs));
    variables.push(variable);
  }
  for (let step = 1; step <= 3; step++) {
    const feeds = [
      numbers([size], 10 + step).data,
      Float32Array.of(0.01),
      ...(name === 'adam' ? [Float32Array.of(step)] : []),
    ];
    await runOnce(device, sketch, feeds, variables);
  }
  const results: Float32Array[] = [];
  for (const variable of variables) results.push(new Float32Array(await device.readVariable(variable)));
  return results;
}

for (const name of Object.keys(OPTIMIZERS) as Name[]) {
  test(`three updates by ${name}, with and without clipping`, async () => {
    for (const size of [1, 3, 1024, 2051]) {
      for (const clip of [Number.POSITIVE_INFINITY, 0.25]) {
        const [actual, expected] = await Promise.all([
          updated(kernels, name, size, clip),
          updated(cpu, name, size, clip),
        ]);
        actual.forEach((values, i) => {
          const error = largestError(values, expected[i] as Float32Array);
          assert.ok(error < 1e-6, `${i === 0 ? 'weights' : `slot ${i}`} of ${size}, clip ${clip}: off by ${error}`);
        });
      }
    }
  });
}

/** The limits of some GPU, to count launches for. */
const GPU = {
  multiprocessors: 108,
  sharedBytesPerMultiprocessor: 164 * 1024,
  sharedBytesPerBlock: 163 * 1024,
  architecture: 80,
  precision: 'float32',
};

/** Updates of tensors of these sizes, one behind the other, with common rates. */
function updates(sizes: readonly number[]): Sketch {
  const sketch = new Sketch();
  const [rate, count] = [sketch.feed([]), sketch.feed([])];
  const { settings } = OPTIMIZERS.adam;
  for (const size of sizes) {
    const states = [0, 1, 2].map(() => sketch.variable([size]));
    sketch.update('adam', { ...settings, clip: 0.25 }, [...states, sketch.feed([size]), rate, count]);
  }
  return sketch;
}

test('updates of many tensors share launches, 32 to each, and come out as they would alone', async () => {
  const sizes = Array.from({ length: 40 }, (_, i) => 1 + 37 * i);
  const sketch = updates(sizes);
  assert.equal(
    addon.planLaunches(sketch.program(), GPU).map(({ step, steps }) => [step, steps]),
    [
      [0, 32],
      [32, 8],
    ],
  );
  const feeds = [Float32Array.of(0.01), Float32Array.of(3), ...sizes.map((size, i) => numbers([size], 100 + i).data)];
  const [actual, expected] = await Promise.all(
    [kernels, cpu].map(async (device) => {
      const variables: number[] = [];
      for (const [i, { shape }] of sketch.program().variables.entries()) {
        const variable = device.createVariable((shape[0] as number) * 4);
        await device.writeVariable(variable, numbers(shape, i + 1).data.map(Math.abs));
        variables.push(variable);
      }
      await runOnce(device, sketch, feeds, variables);
      return Promise.all(variables.map(async (id) => new Float32Array(await device.readVariable(id))));
    }),
  );
  actual?.forEach((values, i) => {
    const error = largestError(values, expected?.[i] as Float32Array);
    assert.ok(error < 1e-6, `variable ${i} is off by ${error}`);
  });
});

test('an update that needs the one before it, or has a rate of its own, is launched by itself', () => {
  const sketch = new Sketch();
  const [rate, other] = [sketch.feed([]), sketch.feed([])];
  const [w, v] = [sketch.variable([5]), sketch.variable([5])];
  const gradient = sketch.feed([5]);
  const clip = Number.POSITIVE_INFINITY;
  sketch.update('sgd', { clip }, [w, gradient, rate]);
  sketch.update('sgd', { clip }, [w, gradient, rate]);
  sketch.update('sgd', { clip }, [v, w, rate]);
  sketch.update('sgd', { clip }, [w, gradient, other]);
  sketch.update('sgd', { clip: 1 }, [v, gradient, other]);
  assert.equal(
    addon.planLaunches(sketch.program(), GPU).map(({ steps }) => steps),
    [1, 1, 1, 1, 1],
  );
});

test.after(closeDevices);
test.run();
