import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NativeDevice } from '../../src/device/native.ts';
import type { OpAttributes } from '../../src/tensor/operators.ts';
import { largestError, numbers, runOnce, Sketch } from '../binding/support.ts';
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

test.after(closeDevices);
test.run();
