import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import { readMetrics, resume, train } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { eventsOf, only, tinyConfig } from './tiny.ts';

const BEGAN: ConfigChanges = {
  recipe: 'began',
  channels: 1,
  steps: 8,
  logEvery: 1,
  ema: { halfLife: 10 },
  learningRateDecay: { kind: 'plateau', every: 2, factor: 0.5, floor: 0 },
};

/** Of the DCGAN for digits. */
const ADVERSARIAL: ConfigChanges = { batch: 4, steps: 8, ema: { halfLife: 10 } };

/** Settings that bring out everything a family keeps between steps. */
const FAMILIES: Record<string, ConfigChanges> = {
  'wgan-gp': {
    recipe: 'wgan-gp',
    channels: 1,
    criticSchedule: 'guide',
    model: { width: 2, discriminatorNorm: 'layer' },
    batch: 2,
    steps: 4,
    ema: { halfLife: 10 },
  },
  'lazy penalties': {
    ...ADVERSARIAL,
    model: { width: 2, discriminatorNorm: 'none' },
    loss: 'relativistic',
    r1: 1,
    r2: 1,
    penaltyEvery: 5,
    logEvery: 1,
  },
  'noisy labels and parts of batches': { ...ADVERSARIAL, labels: { flip: 0.1 }, accumulation: 2 },
  'changed images': {
    ...ADVERSARIAL,
    accumulation: 2,
    diffAugment: { colour: true, translation: 0.125, cutout: 0.5 },
  },
  'experience replay': { ...ADVERSARIAL, replay: { share: 0.5, images: 3 }, discriminatorSteps: 2 },
  'virtual batch norm': {
    ...ADVERSARIAL,
    model: { width: 2, generatorNorm: 'virtual', discriminatorNorm: 'virtual', referenceBatch: 3, dropout: 0.2 },
  },
  'spectral norm and dropout': {
    ...ADVERSARIAL,
    loss: 'hinge',
    model: { width: 2, discriminatorNorm: 'none', spectralNorm: true, dropout: 0.2 },
  },
  'an extractor that learns beside': {
    recipe: 'extractor-gan',
    channels: 1,
    batch: 4,
    steps: 8,
    extractor: { measures: ['brightness', 'sharpness'], labels: ['7'] },
    reuseLatents: true,
  },
  'wgan-clip': { recipe: 'wgan-clip', channels: 1, batch: 4, steps: 4 },
  began: { ...BEGAN, equilibrium: { carrySteps: 6, descriptorWindow: 3 } },
  'began, simultaneously': {
    ...BEGAN,
    equilibrium: { carrySteps: 6, descriptorWindow: 3 },
    schedule: 'simultaneous',
  },
};

/** Every file of a checkpoint that decides the next step, by name. */
function decisive(run: string, step: number) {
  const folder = join(run, 'checkpoints', `step-${String(step).padStart(6, '0')}`);
  const tensors = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
  const { state } = JSON.parse(readFileSync(join(folder, 'trainer_state.json'), 'utf8'));
  const { elapsedMs: _, ...rest } = state;
  return {
    files: Object.fromEntries(tensors.map((name) => [name, readFileSync(join(folder, name), 'hex')])),
    state: rest,
  };
}

/** What a run has reported, without times. */
const measured = async (run: string) => (await readMetrics(run)).map(({ step, values }) => ({ step, values }));

for (const [name, changes] of Object.entries(FAMILIES)) {
  test(`${name}: a run taken up again in the middle reaches the bits of an unbroken one`, async () => {
    const config = tinyConfig(changes);
    const whole = join(temporaryFolder({}), 'run');
    await eventsOf(train(config, { out: whole }));

    const broken = join(temporaryFolder({}), 'run');
    const stop = new AbortController();
    for await (const event of train(config, { out: broken, signal: stop.signal })) {
      if (event.type === 'step' && event.step === config.steps / 2 - 1) stop.abort();
    }
    const events = await eventsOf(resume(broken));
    assert.is(only(events, 'start')[0]?.step, config.steps / 2 - 1);
    assert.equal(decisive(broken, config.steps), decisive(whole, config.steps));
    assert.equal(await measured(broken), await measured(whole));
  });
}

test('a run whose samples are alike stops where that is asked for, and says why', async () => {
  const config = tinyConfig({ steps: 40, health: { collapseBelow: 1, collapseAfter: 0, onCollapse: 'stop' } });
  const events = await eventsOf(train(config, { out: join(temporaryFolder({}), 'run') }));
  assert.equal(
    only(events, 'warning').map(({ code, step }) => [code, step]),
    [['collapse', 6]],
  );
  const [end] = only(events, 'end');
  assert.equal([end?.reason, end?.step], ['collapsed', 6]);
  assert.is(only(events, 'checkpoint').at(-1)?.step, 6);
});

test('a rollback takes the weights of the best checkpoint and lowers the learning rates', async () => {
  const out = join(temporaryFolder({}), 'run');
  const config = tinyConfig({
    steps: 6,
    checkpointEvery: 4,
    health: { collapseBelow: 1, collapseAfter: 0, onCollapse: 'rollback' },
  });
  const events = await eventsOf(train(config, { out }));
  assert.equal(
    only(events, 'rollback').map(({ step, to }) => [step, to]),
    [[6, 4]],
  );
  const at = (step: number) => decisive(out, step).files['generator.safetensors'];
  assert.is(at(6)?.slice(-2000), at(4)?.slice(-2000));
  assert.is(decisive(out, 6).state.decay.scale, 0.5);
});

test.run();
