import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { drawCurves } from '../../src/explore/curves.ts';
import { resolveConfig } from '../../src/models/index.ts';
import { type MetricsRecord, monitorsOf } from '../../src/train/index.ts';
import { linesIn, textsIn } from '../charts/svg.ts';

const began = monitorsOf(resolveConfig({ recipe: 'began' }));

const record = (step: number, values: MetricsRecord['values']): MetricsRecord => ({
  step,
  epoch: 0,
  imagesSeen: 0,
  elapsedMs: 0,
  imagesPerSecond: 0,
  values,
});

test('curves of one kind share a panel and its scale, other kinds have their own', async () => {
  const svg = await drawCurves(
    [
      record(1, { discriminatorLoss: 0, generatorLoss: 10, k: 0 }),
      record(2, { discriminatorLoss: 5, generatorLoss: 10, k: 1 }),
    ],
    began,
  );
  const last = linesIn(svg).map(({ points }) => points.at(-1));
  assert.equal(last, [
    [400, 85],
    [400, 0],
    [400, 0],
  ]);
});

test('a value that was not finite is left out', async () => {
  const [line] = linesIn(await drawCurves([record(1, { k: 2 }), record(2, { k: null }), record(3, { k: 4 })], began));
  assert.is(line?.points.length, 2);
});

test('a metric has the panel of its monitor, and one of its own where it has no monitor', async () => {
  const monitors = monitorsOf(resolveConfig({ recipe: 'dcgan' }));
  const texts = textsIn(await drawCurves([record(1, { mine: 1, dReal: 0.5, dFake: 0.25, diversity: 1 })], monitors));
  for (const name of ['dReal', 'diversity']) assert.ok(texts.includes(monitors[name]?.panel ?? ''), name);
  assert.ok(texts.includes('mine'));
  for (const name of ['dReal', 'dFake']) assert.ok(texts.includes(monitors[name]?.label ?? ''), name);
});

test('a run without metrics is refused', () => {
  assert.throws(
    () => drawCurves([], began),
    (error: { code?: string }) => error.code === 'no_metrics',
  );
});

test.run();
