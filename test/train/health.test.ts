import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { resolveChanges, resolveConfig } from '../../src/models/index.ts';
import { adviseAfterDivergence } from '../../src/train/advice.ts';
import { diversity, RealDiversity } from '../../src/train/diversity.ts';
import { HealthWatch } from '../../src/train/health.ts';
import { monitorsOf } from '../../src/train/index.ts';

const images = (...values: number[]) =>
  ({ data: Float32Array.from(values), shape: [values.length / 2, 1, 2, 1] }) as const;

/** A watch over what a recipe reports; samples collapse below a diversity of 0.3. */
const watch = (changes: ConfigChanges): HealthWatch =>
  new HealthWatch(monitorsOf(resolveChanges({ ...changes, health: { collapseBelow: 0.3, collapseAfter: 10_000 } })));

const codes = (warnings: readonly { code: string }[]): string[] => warnings.map(({ code }) => code);

test('diversity is the mean over all pairs of the root mean square difference', () => {
  assert.is(diversity(images(0, 0, 0, 0)), 0);
  assert.is(diversity(images(0, 0, 3, 3)), 3);
  // Pairs: (0,0)-(1,1) 1, (0,0)-(3,-3) 3, (1,1)-(3,-3) sqrt((4 + 16) / 2).
  assert.ok(Math.abs(diversity(images(0, 0, 1, 1, 3, -3)) - (4 + Math.sqrt(10)) / 3) < 1e-6);
});

test('the diversity of a class is that of its samples beside real images of it, the smallest of all classes', async () => {
  const real = images(0, 0, 10, 10, 4, 4, 12, 12);
  const dataset: Dataset = {
    name: 'four',
    size: [1, 2],
    channels: 1,
    count: 4,
    fingerprint: 'four',
    skipped: [],
    labels: { kind: 'classes', names: ['a', 'b'], values: Int32Array.of(0, 1, 0, 1) },
    read: async (index, into, offset) => into.set(real.data.subarray(2 * index, 2 * index + 2), offset),
  };
  const rows = ['a', 'b'].map((name) => ({ name, vector: new Float32Array() }));
  const grid = (...values: number[]) => ({ images: images(...values), columns: 2, rows });
  const measure = await RealDiversity.of(dataset, grid(0, 0, 0, 0, 0, 0, 0, 0));
  // Real images of `a` differ by 4, those of `b` by 2.
  assert.is(measure.compare(grid(0, 0, 3, 3, 9, 9, 10, 10)).classDiversity, 1 / 2);
  assert.is(measure.compare(grid(0, 0, 1, 1, 9, 9, 12, 12)).classDiversity, 1 / 4);
  assert.is(measure.compare(grid(...real.data)).diversity, 1);
});

test('the collapse of a class has a warning of its own', () => {
  const health = watch({ recipe: 'dcgan-digits-conditional' });
  const observe = (classDiversity: number) => codes(health.observe({ diversity: 0.9, classDiversity }, 0));
  assert.equal([0.8, 0.2, 0.2].map(observe), [[], [], ['class_collapse']]);
});

test('samples of a class that are alike while all together are not are told at once, with what to set', () => {
  const seen = (recipe: string, values: readonly [number, number][]) => {
    const health = watch({ recipe });
    return values.map(([diversity, classDiversity]) => health.observe({ diversity, classDiversity }, 0));
  };
  const young = [
    [0.2, 0.02],
    [0.2, 0.02],
    [0.2, 0.02],
  ] as const;
  assert.equal(seen('mlp-report-conditional', [...young] as never).flat(), [], 'nothing is diverse yet');
  const [first, second] = seen('mlp-report-conditional', [
    [0.8, 0.23],
    [0.8, 0.23],
  ]);
  assert.equal([codes(first ?? []), codes(second ?? [])], [[], ['class_collapse']]);
  assert.match(
    second?.[0]?.message ?? '',
    /0\.23 of that .* latent\.size=200\), a smaller model\.embedding or latent\.dist/,
  );
  const within = [
    [0.8, 0.25],
    [0.8, 0.25],
    [0.8, 0.25],
  ] as const;
  assert.equal(seen('dcgan-digits-conditional', [...within] as never).flat(), [], '0.3 of 0.8 is reached');
});

test('a discriminator that has won is told once, after it has shown three times in a row', () => {
  const health = watch({ recipe: 'dcgan' });
  const won = { discriminatorLoss: 1e-5 };
  assert.equal(codes(health.observe(won, 0)), []);
  assert.equal(codes(health.observe(won, 0)), []);
  assert.equal(codes(health.observe({ discriminatorLoss: 0.5 }, 0)), []);
  for (const expected of [[], [], ['loss_at_zero'], [], [], []]) assert.equal(codes(health.observe(won, 0)), expected);
});

test('what is advised against a discriminator that has won can be followed', () => {
  const settings: ConfigChanges[] = [{}, { loss: 'hinge' }, { schedule: 'simultaneous' }];
  const advice = settings.map((changes) => {
    const config = resolveConfig({ recipe: 'dcgan', ...changes });
    const message = monitorsOf(config).discriminatorLoss?.sign?.message(0) ?? '';
    return [/labels\.real=0\.9/.test(message), /generatorSteps=2/.test(message)];
  });
  assert.equal(advice, [
    [true, true],
    [false, true],
    [true, false],
  ]);
});

test('label smoothing is advised to a run that has diverged only where its loss has targets', () => {
  const advice = (recipe: string) => adviseAfterDivergence('run', resolveConfig({ recipe }));
  assert.match(advice('dcgan'), /labels\.real=0\.9/);
  for (const recipe of ['wgan-gp', 'began']) assert.not.match(advice(recipe), /labels/);
});

test("a critic's score and an autoencoder's error may be 0", () => {
  const critic = watch({ recipe: 'wgan-gp' });
  const autoencoder = watch({ recipe: 'began' });
  for (let i = 0; i < 5; i++) {
    assert.equal(critic.observe({ discriminatorLoss: -20, wasserstein: 20 }, 0), []);
    assert.equal(autoencoder.observe({ discriminatorLoss: 0, reconstruction: 0.1 }, 0), []);
  }
});

test('a gradient norm far from 1 is told', () => {
  const health = watch({ recipe: 'wgan-gp' });
  const steep = { discriminatorLoss: 1, wasserstein: 1, gradientNorm: 1e4 };
  assert.equal(
    [1, 2, 3].flatMap(() => codes(health.observe(steep, 0))),
    ['exploding_gradient'],
  );
});

test('a collapse is a fall below a part of the highest diversity, for two grids in a row', () => {
  const health = watch({ recipe: 'began' });
  assert.equal(codes(health.observe({ diversity: 0.9 }, 0)), []);
  assert.equal(codes(health.observe({ diversity: 0.1 }, 0)), []);
  assert.equal(codes(health.observe({ diversity: 0.9 }, 0)), []);
  assert.equal(codes(health.observe({ diversity: 0.26 }, 0)), []);
  assert.equal(codes(health.observe({ diversity: 0.26 }, 0)), ['collapse']);
  assert.equal(codes(health.observe({ diversity: 0.1 }, 0)), []);
});

test('samples that have never been diverse are a collapse from so many images on', () => {
  const health = watch({ recipe: 'dcgan' });
  for (const images of [1000, 5000, 9999]) assert.equal(codes(health.observe({ diversity: 0.1 }, images)), []);
  assert.equal(codes(health.observe({ diversity: 0.1 }, 10_000)), []);
  assert.equal(codes(health.observe({ diversity: 0.1 }, 10_100)), ['collapse']);
});

test('of a run that has reached little, only a deeper fall is a collapse', () => {
  const health = watch({ recipe: 'dcgan' });
  for (const diversity of [0.4, 0.13, 0.13]) assert.equal(codes(health.observe({ diversity }, 0)), []);
  health.observe({ diversity: 0.11 }, 0);
  assert.equal(codes(health.observe({ diversity: 0.11 }, 0)), ['collapse']);
});

test('of real runs of every family, those count as collapsed that are', () => {
  const traces: Record<string, { collapsed: boolean; trace: [number, number][] }> = JSON.parse(
    readFileSync(new URL('../fixtures/diversity_traces.json', import.meta.url), 'utf8'),
  );
  const monitors = monitorsOf(resolveConfig({ recipe: 'dcgan' }));
  const told = Object.entries(traces).map(([name, { trace }]) => {
    const health = new HealthWatch(monitors);
    return [name, trace.some(([images, diversity]) => codes(health.observe({ diversity }, images)).length > 0)];
  });
  assert.equal(
    told,
    Object.entries(traces).map(([name, { collapsed }]) => [name, collapsed]),
  );
  assert.ok(told.length >= 10);
});

test('that samples have been diverse is remembered by a run that goes on', () => {
  const health = watch({ recipe: 'dcgan' });
  health.observe({ diversity: 0.9 }, 0);
  health.observe({ diversity: 0.1 }, 100);
  const later = new HealthWatch(monitorsOf(resolveConfig({ recipe: 'dcgan' })), health.state);
  assert.equal(codes(later.observe({ diversity: 0.1 }, 200)), ['collapse']);
});

test.run();
