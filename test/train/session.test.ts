import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Config, type ConfigChanges, imageShapeOf } from '../../src/config/index.ts';
import { unitToBytes } from '../../src/data/pixels.ts';
import { loadAddon } from '../../src/device/addon.ts';
import { openDevice } from '../../src/device/index.ts';
import type { NativeDevice } from '../../src/device/native.ts';
import { elements } from '../../src/tensor/shape.ts';
import { createModel, generatedImages, hostLatents, TrainingSession } from '../../src/train/index.ts';
import { tinyConfig, toArray } from './tiny.ts';

async function withSession(changes: ConfigChanges, body: (session: TrainingSession) => Promise<void>): Promise<void> {
  const config = tinyConfig(changes);
  const session = await TrainingSession.open(createModel(config), openDevice('cpu', { threads: config.threads }));
  try {
    await session.initialize();
    await body(session);
  } finally {
    session.close();
  }
}

/** A batch without anything in its images. */
const blankBatch = (config: Config) => ({
  images: new Float32Array(elements([config.batch, ...imageShapeOf(config)])),
});

const noisyBatch = (config: Config) => {
  const { images } = blankBatch(config);
  return { images: images.map((_, i) => Math.sin(i * i)) };
};

/** The index of the first number of `part` that is not at the same place in `whole`. */
function firstDifference(part: Float32Array, whole: Float32Array): number | undefined {
  const index = part.findIndex((value, i) => value !== whole[i]);
  return index < 0 ? undefined : index;
}

/** Lets `body` count the calls of native devices' methods. */
async function countCrossings(body: (calls: Map<string, number>) => Promise<void>): Promise<void> {
  const addon = loadAddon() as { openDevice: ReturnType<typeof loadAddon>['openDevice'] };
  const { openDevice: original } = addon;
  const calls = new Map<string, number>();
  addon.openDevice = (kind, options) =>
    new Proxy(original.call(addon, kind, options), {
      get: (device: NativeDevice, name: keyof NativeDevice) => {
        calls.set(name, (calls.get(name) ?? 0) + 1);
        return device[name].bind(device);
      },
    });
  try {
    await body(calls);
  } finally {
    addon.openDevice = original;
  }
}

test('a training step crosses into native code once, however many programs it has', async () => {
  for (const schedule of [{}, { discriminatorSteps: 3, generatorSteps: 2 }, { schedule: 'simultaneous' }]) {
    await countCrossings((calls) =>
      withSession(schedule, async (session) => {
        const batches = Array.from({ length: session.batchesIn(1) }, () => blankBatch(session.model.config));
        calls.clear();
        for (let step = 1; step <= 5; step++) await session.step(step, batches, { fetch: step === 5 });
        assert.equal([...calls], [['run', 5]]);
      }),
    );
  }
});

test('the event loop runs freely during one long step', () =>
  withSession({ size: 64, batch: 16, model: { width: 48 } }, async (session) => {
    const batches = [blankBatch(session.model.config)];
    let running = true;
    const step = session.step(1, batches, { fetch: true }).finally(() => {
      running = false;
    });
    let fired = 0;
    while (running) {
      await sleep(1);
      fired++;
    }
    await step;
    assert.ok(fired >= 20, `a timer of a millisecond fired ${fired} times during a step`);
  }));

test('metrics are read back only when they are asked for', () =>
  withSession({}, async (session) => {
    const batches = [blankBatch(session.model.config)];
    assert.equal(await session.step(1, batches, { fetch: false }), {});
    const metrics = await session.step(2, batches, { fetch: true });
    assert.equal(Object.keys(metrics).sort(), ['dFake', 'dGenerated', 'dReal', 'discriminatorLoss', 'generatorLoss']);
    for (const name of ['dFake', 'dGenerated', 'dReal']) {
      assert.ok((metrics[name] ?? -1) > 0 && (metrics[name] ?? 2) < 1, name);
    }
  }));

test('image i of a seed is the same image in any number of them', () =>
  withSession({}, async (session) => {
    const { latent } = session.model.config;
    const many = await session.sample(hostLatents(latent, 130, 1));
    assert.equal(many.shape, [130, 16, 16, 1]);
    assert.ok(many.data.every((value) => value >= -1 && value <= 1));
    assert.ok(new Set(many.data).size > 1000, 'images differ');
    for (const count of [1, 2, 3, 8, 16, 17, 64]) {
      const few = await session.sample(hostLatents(latent, count, 1));
      assert.equal(few.shape, [count, 16, 16, 1]);
      assert.is(firstDifference(few.data, many.data), undefined, `${count} images`);
    }
  }));

test('image i among many is that of a few to rounding, and the same in any number of many', () =>
  withSession({}, async (session) => {
    const { latent } = session.model.config;
    const few = await session.sample(hostLatents(latent, 70, 1));
    const many = await session.sampleMany(hostLatents(latent, 70, 1));
    assert.equal(many.shape, few.shape);
    const off = many.data.map((value, i) => Math.abs(value - (few.data[i] as number)));
    assert.ok(Math.max(...off) < 1e-5, `off by ${Math.max(...off)}`);
    for (const count of [1, 17, 64]) {
      const { data } = await session.sampleMany(hostLatents(latent, count, 1));
      assert.is(firstDifference(data, many.data), undefined, `${count} images`);
    }
  }));

for (const recipe of ['dcgan', 'began'])
  test(`images of a seed by a ${recipe}, a part at a time, are those of its latents`, () =>
    withSession({ recipe }, async (session) => {
      const whole = await session.sampleMany(await session.drawLatents(130, 1));
      const parts = await toArray(generatedImages(session, { count: 130, seed: 1 }));
      assert.equal(
        parts.map(({ count }) => count),
        [64, 64, 2],
      );
      assert.equal(Buffer.concat(parts.map(({ pixels }) => pixels)), Buffer.from(unitToBytes(whole.data)));
    }));

test('many images are drawn at the rate of 64 at once', () =>
  countCrossings((calls) =>
    withSession({}, async (session) => {
      const latents = hostLatents(session.model.config.latent, 130, 1);
      calls.clear();
      await session.sampleMany(latents);
      assert.is(calls.get('run'), 3);
    }),
  ));

test("latent i of a BEGAN's descriptors is the same in any number of them, and so is its image", () =>
  withSession({ recipe: 'began' }, async (session) => {
    const batches = [noisyBatch(session.model.config)];
    await session.step(1, batches, { fetch: false });
    const many = await session.drawLatents(130, 1);
    const images = await session.sample(many);
    assert.ok(new Set(many).size > 100, 'latents differ');
    for (const count of [1, 3, 17]) {
      const few = await session.drawLatents(count, 1);
      assert.is(few.length, count * session.model.config.latent.size);
      assert.is(firstDifference(few, many), undefined, `${count} latents`);
      assert.is(firstDifference((await session.sample(few)).data, images.data), undefined, `${count} images`);
    }
  }));

test.run();
