import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import { ConfigError, DivergedError } from '../../src/errors.ts';
import { differences } from '../../src/train/changes.ts';
import { loadCheckpoint, openSampler, resume, train } from '../../src/train/index.ts';
import { gannet } from '../cli/command.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { asVersion01, checkpointBytes, eventsOf, only, tinyConfig } from './tiny.ts';

/** A run of two steps. */
async function trained(changes: ConfigChanges = {}): Promise<string> {
  const out = join(temporaryFolder(), 'run');
  await eventsOf(train(tinyConfig({ steps: 2, ...changes }), { out }));
  return out;
}

const configOf = (run: string) => JSON.parse(readFileSync(join(run, 'config.json'), 'utf8'));

function editConfig(run: string, edit: (config: Record<string, Record<string, unknown>>) => void): void {
  const config = configOf(run);
  edit(config);
  writeFileSync(join(run, 'config.json'), JSON.stringify(config));
}

/** The learning rates that a checkpoint holds. */
async function ratesOf(run: string): Promise<number[]> {
  const file = (await loadCheckpoint(run)).files.get('optimizer');
  const rate = async (player: string) => (await file?.read(`${player}.optimizer.learningRate`))?.[0] as number;
  return [await rate('generator'), await rate('discriminator')];
}

const float32 = (value: number): number => Float32Array.of(value)[0] as number;

test('differences are told key by key, how long and where to train apart', () => {
  const before = { seed: 1, generator: { name: 'adam', learningRate: 2e-4 }, steps: 5, device: 'cpu' };
  const after = { seed: 1, generator: { name: 'adam', learningRate: 1e-4, clip: 1 }, steps: 9, device: 'auto' };
  assert.equal(differences(before, after), [
    { key: 'generator.clip', from: null, to: 1 },
    { key: 'generator.learningRate', from: 2e-4, to: 1e-4 },
  ]);
});

test('a run goes on with another learning rate, and says so in its events, log, config.json and checkpoints', async () => {
  const run = await trained();
  const events = await eventsOf(resume(run, { steps: 4, changes: { generator: { learningRate: 1e-9 } } }));
  assert.equal(only(events, 'change'), [
    { type: 'change', step: 2, key: 'generator.learningRate', from: 0.0002, to: 1e-9 },
  ]);
  assert.match(
    readFileSync(join(run, 'log.txt'), 'utf8'),
    / changed after step 2: generator\.learningRate from 0\.0002 to 1e-9\n/,
  );
  assert.is(configOf(run).generator.learningRate, 1e-9);
  assert.equal(await ratesOf(run), [float32(1e-9), float32(0.0002)]);
  const unchanged = await trained({ steps: 4 });
  assert.not.equal(checkpointBytes(run, 4).generator, checkpointBytes(unchanged, 4).generator);
  assert.equal(only(await eventsOf(resume(run, { steps: 5 })), 'change'), [], 'told once');
});

test('a run goes on with lazy penalties that it began without', async () => {
  const run = await trained({ model: { discriminatorNorm: 'none' } });
  const events = await eventsOf(resume(run, { steps: 4, changes: { r1: 1, penaltyEvery: 3, logEvery: 1 } }));
  const measured = only(events, 'metrics').map(({ values }) => values.r1 as number);
  assert.is(measured[0], 0, 'step 3 has no penalty, and nothing was measured before');
  assert.ok((measured[1] as number) > 0, 'step 4 has one');
});

test('a rate edited in config.json holds too, times what the rates have decayed', async () => {
  const decay = { learningRateDecay: { kind: 'stepped', every: 2, factor: 0.5, floor: 0 } };
  const run = await trained(decay);
  editConfig(run, ({ discriminator }) => {
    (discriminator as Record<string, unknown>).learningRate = 1e-3;
  });
  const events = await eventsOf(resume(run, { steps: 3 }));
  assert.equal(
    only(events, 'change').map(({ key }) => key),
    ['discriminator.learningRate'],
  );
  assert.equal(await ratesOf(run), [float32(0.0001), float32(0.0005)]);
});

test('a decay that a run is given on its way counts from there', async () => {
  const run = await trained({ steps: 4 });
  const learningRateDecay = { kind: 'stepped', every: 2, factor: 0.5, floor: 0 } as const;
  await eventsOf(resume(run, { steps: 6, changes: { learningRateDecay } }));
  assert.equal(await ratesOf(run), [float32(0.0001), float32(0.0001)]);
});

test('a run of version 0.1 goes on at other rates too', async () => {
  const run = await trained();
  asVersion01(run, 2);
  await eventsOf(resume(run, { steps: 3, changes: { generator: { learningRate: 1e-5 } } }));
  assert.is((await ratesOf(run))[0], float32(1e-5));
});

/** Keys that the saved state does not allow to change, whatever else it would change. */
const REFUSED: ConfigChanges[] = [
  { seed: 2 },
  { size: 32 },
  { channels: 3 },
  { weights: 'glorot' },
  { latent: { size: 8 } },
  { model: { width: 4 } },
  { model: { generatorActivation: 'tanh' } },
  { ema: { halfLife: 100 } },
  { reuseLatents: true },
];

test('a key that the saved state does not allow is refused with the reason, by option and in config.json', async () => {
  const run = await trained();
  const config = readFileSync(join(run, 'config.json'), 'utf8');
  for (const changes of REFUSED) {
    const error = await eventsOf(resume(run, { steps: 4, changes })).catch((reason: unknown) => reason);
    assert.instance(error, ConfigError, JSON.stringify(changes));
    assert.is((error as ConfigError).code, 'change_refused');
    assert.match(
      (error as ConfigError).message,
      /^these settings cannot change in a run that has begun:\n {2}\S+ from \S+ to \S+: \w/,
    );
  }
  assert.is(readFileSync(join(run, 'config.json'), 'utf8'), config, 'a refused change is not written');
  editConfig(run, (edited) => {
    edited.seed = 7 as never;
  });
  const error = await eventsOf(resume(run, { steps: 4 })).catch((reason: ConfigError) => reason);
  assert.match((error as ConfigError).message, /seed from 1 to 7: it has decided the weights/);
  assert.not(existsSync(join(run, 'lock.json')));
});

test('a run that goes on leaves the keys of config.json in their order', async () => {
  const run = await trained({ steps: 6, evaluateEvery: 3, evaluateCount: 20 });
  const config = readFileSync(join(run, 'config.json'), 'utf8');
  assert.match(config, '"evaluatedBy"');
  await eventsOf(resume(run, { steps: 8 }));
  assert.is(readFileSync(join(run, 'config.json'), 'utf8'), config.replace('"steps": 6', '"steps": 8'));
});

test('epochs that a run is past are refused as steps are', async () => {
  const run = await trained({ steps: 6 });
  const config = readFileSync(join(run, 'config.json'), 'utf8');
  // An epoch of 40 images is five steps of eight.
  const error = await eventsOf(resume(run, { changes: { epochs: 1 } })).catch((reason: unknown) => reason);
  assert.is((error as ConfigError).code, 'steps_passed');
  assert.is(readFileSync(join(run, 'config.json'), 'utf8'), config);
});

test('images are drawn by the configuration that a checkpoint was trained with', async () => {
  const run = await trained();
  editConfig(run, ({ model }) => {
    (model as Record<string, unknown>).width = 64;
  });
  const session = await openSampler(run);
  assert.equal((await session.sample(await session.drawLatents(1, 1))).shape, [1, 16, 16, 1]);
  session.close();
});

test('what is advised after a run has diverged brings it on', async () => {
  const run = join(temporaryFolder(), 'run');
  const broken = tinyConfig({ steps: 6, checkpointEvery: 100, generator: { learningRate: 1e30 } });
  const error = await eventsOf(train(broken, { out: run })).catch((reason: unknown) => reason);
  assert.instance(error, DivergedError);
  const [, command = ''] = /`gannet (resume .*?)`/.exec((error as DivergedError).message) ?? [];
  assert.match(command, /--set generator\.learningRate=0\.00002 --set discriminator\.learningRate=0\.00002$/);
  const { exitCode, stderr } = await gannet(command.split(' '));
  assert.is(exitCode, 0, stderr);
  assert.equal(await ratesOf(run), [float32(2e-5), float32(2e-5)]);
});

test.run();
