import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import { resolveConfig } from '../../src/models/index.ts';
import { adviseAfterDivergence } from '../../src/train/advice.ts';
import { diversity } from '../../src/train/diversity.ts';
import { HealthWatch } from '../../src/train/health.ts';
import { monitorsOf } from '../../src/train/index.ts';

const images = (...values: number[]) =>
  ({ data: Float32Array.from(values), shape: [values.length / 2, 1, 2, 1] }) as const;

/** A watch over what a recipe reports; samples collapse below a diversity of 0.3. */
const watch = (changes: ConfigChanges): HealthWatch =>
  new HealthWatch(monitorsOf(resolveConfig({ ...changes, health: { collapseBelow: 0.3 } })));

const codes = (warnings: readonly { code: string }[]): string[] => warnings.map(({ code }) => code);

test('diversity is the mean over all pairs of the root mean square difference', () => {
  assert.is(diversity(images(0, 0, 0, 0)), 0);
  assert.is(diversity(images(0, 0, 3, 3)), 3);
  // Pairs: (0,0)-(1,1) 1, (0,0)-(3,-3) 3, (1,1)-(3,-3) sqrt((4 + 16) / 2).
  assert.ok(Math.abs(diversity(images(0, 0, 1, 1, 3, -3)) - (4 + Math.sqrt(10)) / 3) < 1e-6);
});

test('a discriminator that has won is told once, after it has shown three times in a row', () => {
  const health = watch({ recipe: 'dcgan' });
  const won = { discriminatorLoss: 1e-5 };
  assert.equal(codes(health.observe(won)), []);
  assert.equal(codes(health.observe(won)), []);
  assert.equal(codes(health.observe({ discriminatorLoss: 0.5 })), []);
  for (const expected of [[], [], ['loss_at_zero'], [], [], []]) assert.equal(codes(health.observe(won)), expected);
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
    assert.equal(critic.observe({ discriminatorLoss: -20, wasserstein: 20 }), []);
    assert.equal(autoencoder.observe({ discriminatorLoss: 0, reconstruction: 0.1 }), []);
  }
});

test('a gradient norm far from 1 is told', () => {
  const health = watch({ recipe: 'wgan-gp' });
  const steep = { discriminatorLoss: 1, wasserstein: 1, gradientNorm: 1e4 };
  assert.equal(
    [1, 2, 3].flatMap(() => codes(health.observe(steep))),
    ['exploding_gradient'],
  );
});

test('two grids in a row that look alike are a collapse', () => {
  const health = watch({ recipe: 'began' });
  assert.equal(codes(health.observe({ diversity: 0.1 })), []);
  assert.equal(codes(health.observe({ diversity: 0.9 })), []);
  assert.equal(codes(health.observe({ diversity: 0.29 })), []);
  assert.equal(codes(health.observe({ diversity: 0.29 })), ['collapse']);
  assert.equal(codes(health.observe({ diversity: 0.1 })), []);
});

test.run();
