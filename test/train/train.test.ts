import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import { writeGrid } from '../../src/data/index.ts';
import { loadCheckpoint, openSampler, readMetrics, resume, train } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { checkpointBytes, eventsOf, IMAGES, only, tinyConfig } from './tiny.ts';

/** Trains a tiny run to its end; returns its folder. */
async function trained(changes: ConfigChanges = {}): Promise<string> {
  const out = join(temporaryFolder(), 'run');
  await eventsOf(train(tinyConfig(changes), { out }));
  return out;
}

/** The losses and probabilities of every line of metrics, without times. */
const valuesOf = async (run: string) => (await readMetrics(run)).map(({ step, values }) => ({ step, values }));

/** How often each optimiser has updated its network. */
async function updatesAt(run: string, step: number): Promise<[discriminator: number, generator: number]> {
  const file = (await loadCheckpoint(run, { step })).files.get('optimizer');
  const count = async (player: string) => (await file?.read(`${player}.optimizer.step`))?.[0] as number;
  return [await count('discriminator'), await count('generator')];
}

test('one seed gives one run, bit for bit; another seed another', async () => {
  const [run, again, other] = [await trained(), await trained(), await trained({ seed: 2 })];
  assert.equal(checkpointBytes(again, 6), checkpointBytes(run, 6));
  assert.equal(await valuesOf(again), await valuesOf(run));
  assert.not.equal(checkpointBytes(other, 6), checkpointBytes(run, 6));
});

test('two threads give the same bits each time', async () => {
  const changes = { threads: 2, steps: 3, model: { width: 8 } };
  assert.equal(checkpointBytes(await trained(changes), 3), checkpointBytes(await trained(changes), 3));
});

test('how often metrics, samples and checkpoints are taken changes nothing that is learned', async () => {
  const often = await trained();
  const rarely = await trained({ logEvery: 100, sampleEvery: 100, checkpointEvery: 100 });
  assert.equal(checkpointBytes(rarely, 6), checkpointBytes(often, 6));
});

test("a run's grid of samples is what sampling draws first from the checkpoint", async () => {
  const run = await trained();
  const session = await openSampler(run, { step: 6 });
  const { latent, sampleCount, seed } = session.model.config;
  const latents = await session.drawLatents(sampleCount + 20, seed);
  const { data, shape } = await session.sample(latents);
  session.close();
  assert.is(latents.length, (sampleCount + 20) * latent.size);
  const begin = data.subarray(0, (data.length / shape[0]) * sampleCount);
  const again = join(temporaryFolder(), 'again.png');
  await writeGrid(again, { data: begin, shape: [sampleCount, shape[1], shape[2], shape[3]] });
  assert.equal(readFileSync(again), readFileSync(join(run, 'samples', 'step-000006.png')));
});

test('a run taken up again reaches the bits of an unbroken one', async () => {
  const whole = await trained({ steps: 12 });
  for (const stop of [1, 5, 6]) {
    const run = await trained({ steps: stop });
    await eventsOf(resume(run, { steps: 12 }));
    assert.equal(checkpointBytes(run, 12), checkpointBytes(whole, 12));
    // A run's last step is always measured, whatever logEvery says.
    const extra = (step: number): boolean => step === stop && stop % 2 === 1;
    assert.equal(
      (await valuesOf(run)).filter(({ step }) => !extra(step)),
      await valuesOf(whole),
    );
  }
});

test('a run whose steps take several batches is taken up again behind the last of them', async () => {
  const schedule = { discriminatorSteps: 2, reuseLatents: true };
  const whole = await trained({ ...schedule, steps: 6 });
  const run = await trained({ ...schedule, steps: 3 });
  await eventsOf(resume(run, { steps: 6 }));
  assert.equal(checkpointBytes(run, 6), checkpointBytes(whole, 6));
});

test('a run taken up again from an earlier checkpoint takes the same course again', async () => {
  const run = await trained({ steps: 8, keepCheckpoints: 10 });
  const before = checkpointBytes(run, 8);
  await eventsOf(resume(run, { step: 2 }));
  assert.equal(checkpointBytes(run, 8), before);
});

test('aborting finishes the step and saves; going on loses nothing', async () => {
  const whole = await trained();
  const out = join(temporaryFolder(), 'run');
  const controller = new AbortController();
  let last: unknown;
  for await (const event of train(tinyConfig(), { out, signal: controller.signal })) {
    if (event.type === 'step' && event.step === 3) controller.abort();
    last = event;
  }
  assert.equal(last, { type: 'end', step: 3, reason: 'interrupted', skipped: '' });
  assert.equal(readdirSync(join(out, 'checkpoints')), ['step-000002', 'step-000003']);
  await eventsOf(resume(out));
  assert.equal(checkpointBytes(out, 6), checkpointBytes(whole, 6));
});

test('leaving the loop stops without saving, and lets go of everything', async () => {
  const out = join(temporaryFolder(), 'run');
  for await (const event of train(tinyConfig({ checkpointEvery: 100 }), { out })) {
    if (event.type === 'step') break;
  }
  assert.not(existsSync(join(out, 'checkpoints')));
});

test('only the configured number of checkpoints is kept', async () => {
  const run = await trained({ steps: 10, keepCheckpoints: 2 });
  assert.equal(readdirSync(join(run, 'checkpoints')), ['step-000008', 'step-000010']);
});

test('a step updates each network as often as configured, on new images each time', async () => {
  const run = await trained({ steps: 4, discriminatorSteps: 2, generatorSteps: 3, reuseLatents: true });
  assert.equal(await updatesAt(run, 4), [8, 12]);
  const { imagesSeen, epoch } = (await readMetrics(run)).at(-1) ?? {};
  assert.equal([imagesSeen, epoch], [4 * 2 * 8, (4 * 2 * 8) / IMAGES]);
});

test('every update draws from a random state of its own', async () => {
  const run = await trained({ steps: 4, discriminatorSteps: 2, generatorSteps: 3 });
  const state = await (await loadCheckpoint(run)).files.get('state')?.read('random');
  // State 0 drew the initial weights.
  assert.equal([...(state ?? [])], [1, 1 + 4 * (2 + 3)]);
});

test('simultaneous updates take one batch for both networks', async () => {
  const run = await trained({ steps: 4, schedule: 'simultaneous' });
  assert.equal(await updatesAt(run, 4), [4, 4]);
  assert.is((await readMetrics(run)).at(-1)?.imagesSeen, 4 * 8);
});

test('epochs are passes over the images, whole batches only', async () => {
  const out = join(temporaryFolder(), 'run');
  const [start] = only(await eventsOf(train(tinyConfig({ epochs: 2, discriminatorSteps: 2 }), { out })), 'start');
  assert.is(start?.steps, (2 * IMAGES) / (8 * 2));
});

const STANDSTILL = { learningRate: 1e-12 };
const FAST = { learningRate: 0.01 };

/** What the first and the last line of metrics say after 40 steps. */
async function firstAndLast(changes: ConfigChanges): Promise<Record<string, number>[]> {
  const metrics = await readMetrics(await trained({ steps: 40, ...changes }));
  return [metrics[0], metrics.at(-1)].map((record) => record?.values as Record<string, number>);
}

test('a discriminator that learns alone tells the real images from the generated ones', async () => {
  const [first = {}, last = {}] = await firstAndLast({ discriminator: FAST, generator: STANDSTILL });
  assert.ok((last.discriminatorLoss as number) < 0.5 * (first.discriminatorLoss as number), JSON.stringify(last));
  assert.ok((last.dReal as number) > 0.6 && (last.dFake as number) < 0.4, JSON.stringify(last));
});

test('a generator that learns alone deceives the discriminator', async () => {
  for (const loss of ['nonSaturating', 'minimax']) {
    const [first = {}, last = {}] = await firstAndLast({ loss, generator: FAST, discriminator: STANDSTILL });
    assert.ok((last.generatorLoss as number) < (first.generatorLoss as number), loss);
    assert.ok((last.dGenerated as number) > (first.dGenerated as number), loss);
  }
});

test.run();
