import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CheckpointError } from '../../src/errors.ts';
import { loadCheckpoint, openSampler, resume, type TrainEvent, train } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { checkpointBytes, eventsOf, only, tinyConfig } from './tiny.ts';

const newRun = (): string => join(temporaryFolder(), 'run');

/** A run of four steps, with checkpoints of steps 2 and 4. */
async function source(): Promise<string> {
  const run = newRun();
  await eventsOf(train(tinyConfig({ steps: 4 }), { out: run }));
  return run;
}

const LATER = { seed: 5, steps: 2, checkpointEvery: 1, keepCheckpoints: 5 } as const;

/** A training that goes so slowly that its weights after a step are those before it. */
const STILL = { generator: { learningRate: 1e-30 }, discriminator: { learningRate: 1e-30 } } as const;

async function weightOf(run: string, step: number, name: string): Promise<number[]> {
  const checkpoint = await loadCheckpoint(run, { step });
  const file = checkpoint.files.get(name.split('.')[0] as string);
  return [...((await file?.read(name)) ?? [])];
}

async function refusal(training: AsyncGenerator<TrainEvent, void>): Promise<CheckpointError> {
  const error = await training.next().catch((caught: unknown) => caught);
  assert.instance(error, CheckpointError);
  return error as CheckpointError;
}

test('a run begins with the weights of another, of its newest checkpoint or that of a step', async () => {
  const run = await source();
  for (const step of [undefined, 2]) {
    const out = newRun();
    const events = await eventsOf(train(tinyConfig({ ...LATER, ...STILL, steps: 1 }), { out, from: { run, step } }));
    const [told] = only(events, 'weights');
    assert.equal([told?.run, told?.step, told?.anew], [run, step ?? 4, []]);
    for (const name of ['generator.layer1.weight', 'discriminator.layer1.weight', 'generator.layer3.bias'])
      assert.equal(await weightOf(out, 1, name), await weightOf(run, step ?? 4, name), name);
  }
});

test('its optimisers begin anew', async () => {
  const out = newRun();
  await eventsOf(train(tinyConfig({ ...LATER, steps: 1 }), { out, from: { run: await source() } }));
  const file = (await loadCheckpoint(out)).files.get('optimizer');
  assert.equal([...((await file?.read('generator.optimizer.step')) ?? [])], [1]);
});

test('it records what it began with, in environment.json and in the log', async () => {
  const [run, out] = [await source(), newRun()];
  await eventsOf(train(tinyConfig(LATER), { out, from: { run, step: 2 } }));
  const { weights } = JSON.parse(readFileSync(join(out, 'environment.json'), 'utf8'));
  assert.equal([weights.run, weights.step, weights.anew, weights.differ], [run, 2, [], []]);
  assert.match(weights.sha256, /^[0-9a-f]{64} [0-9a-f]{64}$/);
  assert.match(readFileSync(join(out, 'log.txt'), 'utf8'), `began with the weights of ${run} at step 2\n`);
});

test('variables that do not fit begin anew and are named, with the settings that differ', async () => {
  const [run, out] = [await source(), newRun()];
  const events = await eventsOf(train(tinyConfig({ ...LATER, ...STILL, latent: { size: 6 } }), { out, from: { run } }));
  const [told] = only(events, 'weights');
  assert.equal(told?.anew, ["'generator.layer1.weight' should be float32 [6,64], but the file holds float32 [4,64]"]);
  assert.equal(told?.differ, ['latent.size from 4 to 6']);
  assert.is((await weightOf(out, 1, 'generator.layer1.weight')).length, 6 * 64);
  assert.equal(await weightOf(out, 1, 'generator.layer2.weight'), await weightOf(run, 4, 'generator.layer2.weight'));
});

test('extractors that differ are named, since they decide how long latents are', async () => {
  const changes = { recipe: 'extractor-gan', latent: { size: 4, distribution: 'unit' } };
  const run = newRun();
  await eventsOf(train(tinyConfig({ ...changes, extractor: { measures: ['brightness'] } }), { out: run }));
  const more = tinyConfig({ ...changes, extractor: { measures: ['brightness', 'sharpness'] } });
  const [told] = only(await eventsOf(train(more, { out: newRun(), from: { run } })), 'weights');
  assert.equal(told?.differ, ['extractor.measures from ["brightness"] to ["brightness","sharpness"]']);
});

test('a network of which nothing fits is refused before a run is made', async () => {
  const out = newRun();
  const from = { run: await source() };
  const error = await refusal(train(tinyConfig({ ...LATER, model: { width: 3 } }), { out, from }));
  assert.is(error.code, 'weights_misfit');
  assert.match(
    error.message,
    /^no weight of the generator fits .*step-000004:\n {2}'generator\.layer1\.weight' should/,
  );
  assert.match(error.message, /from that run to this one differ model\.width from 2 to 3\./);
  assert.is((await refusal(resume(out))).code, 'run_missing');
});

test('a run that was killed before its first checkpoint begins again with the same weights', async () => {
  const [run, whole, broken] = [await source(), newRun(), newRun()];
  const config = tinyConfig({ ...LATER, checkpointEvery: 2 });
  await eventsOf(train(config, { out: whole, from: { run } }));
  for await (const { type } of train(config, { out: broken, from: { run } })) if (type === 'step') break;
  assert.is(only(await eventsOf(resume(broken)), 'weights')[0]?.step, 4);
  assert.equal(checkpointBytes(broken, 2), checkpointBytes(whole, 2));
});

test('it does not begin again with others', async () => {
  const [run, out] = [await source(), newRun()];
  for await (const { type } of train(tinyConfig(LATER), { out, from: { run } })) if (type === 'start') break;
  rmSync(run, { recursive: true });
  await eventsOf(train(tinyConfig({ steps: 4, seed: 9 }), { out: run }));
  const error = await refusal(resume(out));
  assert.is(error.code, 'weights_changed');
  assert.match(error.message, /at step 4, which are others now/);
});

test('it is sampled as any other', async () => {
  const [run, out] = [await source(), newRun()];
  await eventsOf(train(tinyConfig(LATER), { out, from: { run } }));
  const session = await openSampler(out);
  assert.equal((await session.sample(await session.drawLatents(2, 1))).shape, [2, 16, 16, 1]);
  session.close();
});

test.run();
