import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConfigChanges, imageShapeOf } from '../../src/config/index.ts';
import type { Device } from '../../src/device/index.ts';
import { elements } from '../../src/tensor/shape.ts';
import { createModel, TrainingSession } from '../../src/train/index.ts';
import { openKernelDevice } from '../devices.ts';
import { tinyConfig } from './tiny.ts';

/** How many graphs each of four training steps starts on the device of the CUDA kernels; the third reads its metrics back. */
async function graphLaunches(changes: ConfigChanges): Promise<(number | undefined)[]> {
  const device = await openKernelDevice();
  const counts: (number | undefined)[] = [];
  const run: Device['run'] = device.run.bind(device);
  device.run = async (calls, options) => {
    const result = await run(calls, options);
    counts.push(result.graphLaunches);
    return result;
  };
  const config = tinyConfig(changes);
  const session = await TrainingSession.open(createModel(config), device);
  try {
    await session.initialize();
    counts.length = 0;
    const pixels = elements([config.batch, ...imageShapeOf(config)]);
    for (let step = 1; step <= 4; step++) {
      const batches = Array.from({ length: session.batchesIn(step) }, () => ({ images: new Float32Array(pixels) }));
      await session.step(step, batches, { fetch: step === 3 });
    }
    return counts;
  } finally {
    session.close();
  }
}

test("a discriminator's step and its generator's are one graph", async () => {
  assert.equal(await graphLaunches({}), [1, 1, 1, 1]);
});

test("five updates of a critic and its generator's are one graph", async () => {
  const critic = { recipe: 'wgan-gp', channels: 1, discriminatorSteps: 5 } as const;
  assert.equal(await graphLaunches(critic), [1, 1, 1, 1]);
});

test.run();
