import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { drawCurves } from '../../src/explore/curves.ts';
import { resolveConfig } from '../../src/models/index.ts';
import { type MetricsRecord, monitorsOf } from '../../src/train/index.ts';

const critic = monitorsOf(resolveConfig({ recipe: 'wgan-gp' }));
const began = monitorsOf(resolveConfig({ recipe: 'began' }));

const record = (step: number, values: MetricsRecord['values']): MetricsRecord => ({
  step,
  epoch: 0,
  imagesSeen: 0,
  elapsedMs: 0,
  imagesPerSecond: 0,
  values,
});

const lines = (svg: string): number[][][] =>
  [...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, points]) =>
    (points as string).split(' ').map((point) => point.split(',').map(Number)),
  );

test('a curve rises from the lower left to the upper right of its panel', () => {
  const svg = drawCurves(
    [record(10, { wasserstein: 1 }), record(20, { wasserstein: 3 }), record(30, { wasserstein: 5 })],
    critic,
  );
  assert.equal(lines(svg), [
    [
      [58, 174],
      [263, 102],
      [468, 30],
    ],
  ]);
});

test('curves of one kind share a panel and its scale, other kinds have their own', () => {
  const svg = drawCurves(
    [
      record(1, { discriminatorLoss: 0, generatorLoss: 10, k: 0 }),
      record(2, { discriminatorLoss: 5, generatorLoss: 10, k: 1 }),
    ],
    began,
  );
  assert.is(svg.match(/<g transform/g)?.length, 2);
  const [discriminator, generator, k] = lines(svg);
  assert.equal(discriminator, [
    [58, 174],
    [468, 102],
  ]);
  assert.equal(generator, [
    [58, 30],
    [468, 30],
  ]);
  assert.equal(k, [
    [58, 174],
    [468, 30],
  ]);
});

test('a flat curve lies in the middle, and a value that was not finite is left out', () => {
  const svg = drawCurves([record(1, { k: 2 }), record(2, { k: null }), record(3, { k: 2 })], began);
  assert.equal(lines(svg), [
    [
      [58, 102],
      [468, 102],
    ],
  ]);
});

test('a metric has the panel of its monitor, and one of its own where it has no monitor', () => {
  const svg = drawCurves([record(1, { mine: 1, dReal: 0.5, dFake: 0.25, diversity: 1 })], {
    ...monitorsOf(resolveConfig({ recipe: 'dcgan' })),
  });
  assert.is(lines(svg).length, 4);
  assert.is(svg.match(/<g transform/g)?.length, 3, 'probabilities, diversity, mine');
});

test('a run without metrics is refused', () => {
  assert.throws(
    () => drawCurves([], began),
    (error: { code?: string }) => error.code === 'no_metrics',
  );
});

test.run();
