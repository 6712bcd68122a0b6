import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Config } from '../../src/config/index.ts';
import type { Device } from '../../src/device/index.ts';
import type { Variable } from '../../src/tensor/variable.ts';
import { createModel, type TrainingModel, TrainingSession } from '../../src/train/index.ts';
import { devices } from '../devices.ts';
import { tinyConfig } from './tiny.ts';

const STEPS = 6;

/** Large enough a half-life for a plain mean at first, small enough for a moving one at last. */
const HALF_LIFE = 22;

const images = ({ config, discriminator }: TrainingModel): Float32Array =>
  new Float32Array(config.batch * discriminator.inputShape.reduce((a: number, b: number) => a * b, 1)).map((_, i) =>
    Math.sin(0.37 * i),
  );

async function openSession(device: Device, config: Config): Promise<TrainingSession> {
  const session = await TrainingSession.open(createModel(config), device);
  await session.initialize();
  return session;
}

const closeTo = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, name: string): void => {
  assert.is(actual.length, expected.length);
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs));
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs((actual[i] as number) - (expected[i] as number)) / scale;
    assert.ok(error < tolerance, `${name}[${i}]: ${actual[i]}, not ${expected[i]}`);
  }
};

for (const [name, openDevice] of Object.entries(devices)) {
  const averages = suite(`the average of the generator's weights on ${name}`);

  const isOfAllValues = (accumulation: number) => async () => {
    const config = tinyConfig({
      batch: 4,
      accumulation,
      ema: { halfLife: HALF_LIFE },
      generator: { learningRate: 0.02 },
    });
    const device = await openDevice();
    const session = await openSession(device, config);
    const { average, generator } = session.model;
    const pairs = average?.pairs ?? [];
    assert.equal(
      pairs.map(({ current }) => current),
      generator.variables,
    );

    const expected = new Map<Variable, Float64Array>();
    const decay = 0.5 ** (config.batch / HALF_LIFE);
    for (let step = 1; step <= STEPS; step++) {
      await session.step(step, [{ images: images(session.model) }], { fetch: false });
      const weight = Math.max(1 / step, 1 - decay);
      for (const { current } of pairs) {
        const values = await session.read(current);
        const before = expected.get(current) ?? new Float64Array(values.length);
        expected.set(
          current,
          before.map((x, i) => x + weight * ((values[i] as number) - x)),
        );
      }
    }
    for (const { current, average: variable } of pairs) {
      closeTo(await session.read(variable), expected.get(current) as Float64Array, 1e-6, variable.name);
    }

    const latents = Float32Array.from({ length: 4 * config.latent.size }, (_, i) => Math.sin(1.7 * i));
    const sampled = (await session.sample(latents)).data;
    const peer = await openDevice();
    const plain = await openSession(peer, tinyConfig({ batch: 4 }));
    for (const [variable, values] of expected) await plain.write(variable, Float32Array.from(values));
    closeTo(sampled, (await plain.sample(latents)).data, 1e-5, 'sampled images');
    session.close();
    plain.close();
  };

  averages(
    'is that of a float64 loop over its values, running statistics included, and what samples use',
    isOfAllValues(1),
  );
  averages('takes an update in once, and for its whole batch, when the batch is taken in parts', isOfAllValues(2));

  averages.run();
}
