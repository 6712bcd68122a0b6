import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Config, imageShapeOf } from '../../src/config/index.ts';
import type { Precision } from '../../src/device/index.ts';
import { resolveConfig } from '../../src/models/index.ts';
import { createModel, TrainingSession } from '../../src/train/index.ts';
import { numbers } from '../binding/support.ts';
import { openKernelDevice } from '../devices.ts';

const STEPS = 3;

/** Values above a kibibyte are kept as bfloat16: activations, their gradients and copies of filters. */
const BFLOAT16_FROM = 512;

const small = (recipe: string): Config =>
  resolveConfig({ recipe, size: 16, batch: 4, latent: { size: 8 }, model: { width: 8 } });

/** The losses of a few steps on the same random images, from the same first weights. */
async function losses(config: Config, precision: Precision): Promise<number[]> {
  const session = await TrainingSession.open(createModel(config), await openKernelDevice(precision, BFLOAT16_FROM));
  await session.initialize();
  const shape = [config.batch, ...imageShapeOf(config)];
  const result: number[] = [];
  for (let step = 1; step <= STEPS; step++) {
    const batches = Array.from({ length: session.batchesIn(step) }, (_, i) => ({
      images: numbers(shape, 10 * step + i).data,
    }));
    const metrics = await session.step(step, batches, { fetch: true });
    result.push(metrics?.discriminatorLoss as number, metrics?.generatorLoss as number);
  }
  session.close();
  return result;
}

for (const recipe of ['dcgan', 'wgan-gp']) {
  test(`${recipe}: the losses of the first steps in bfloat16 stay near those in float32`, async () => {
    const exact = await losses(small(recipe), 'float32');
    const stored = await losses(small(recipe), 'bfloat16');
    assert.is(stored.length, 2 * STEPS);
    for (const [i, loss] of stored.entries()) {
      const off = Math.abs(loss - (exact[i] as number));
      assert.ok(off > 0, 'values are rounded');
      assert.ok(off < 0.03 * Math.max(1, Math.abs(exact[i] as number)), `${loss} instead of ${exact[i]}`);
    }
  });
}

test.run();
