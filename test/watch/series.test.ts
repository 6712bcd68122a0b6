import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { smooth } from '../../src/charts/smooth.ts';
import { Columns } from '../../src/watch/runs/columns.ts';
import { extremes, seriesOf } from '../../src/watch/runs/series.ts';
import { metricsLine } from './runs.ts';

function columnsOf(values: readonly (number | null)[]): Columns {
  const columns = new Columns();
  for (const [i, loss] of values.entries()) columns.add(metricsLine(i + 1, { loss }));
  return columns;
}

const all = { axis: 'step', pixels: 100, halfLife: 0 } as const;

test('a short curve comes whole, over the axis that is asked for', () => {
  const columns = columnsOf([3, 1, 2]);
  assert.equal(seriesOf(columns, 'loss', all), { x: [1, 2, 3], y: [3, 1, 2], count: 3 });
  assert.equal(seriesOf(columns, 'loss', { ...all, axis: 'images' })?.x, [8, 16, 24]);
  assert.equal(seriesOf(columns, 'loss', { ...all, axis: 'time' })?.x, [0.1, 0.2, 0.3]);
  assert.is(seriesOf(columns, 'other', all), undefined);
});

test('what is no number is left out', () => {
  assert.equal(seriesOf(columnsOf([3, null, 2]), 'loss', all), { x: [1, 3], y: [3, 2], count: 2 });
});

test('of a long curve every pixel keeps its lowest and highest value, so that no peak is lost', () => {
  const values = Array.from({ length: 10_000 }, (_, i) => Math.sin(i));
  values[1234] = 50;
  values[8765] = -40;
  const found = seriesOf(columnsOf(values), 'loss', all);
  assert.ok(found && found.x.length <= 2 * all.pixels + 2, String(found?.x.length));
  assert.is(found?.y[found.x.indexOf(1235)], 50);
  assert.is(found?.y[found.x.indexOf(8766)], -40);
  assert.equal([found?.x[0], found?.x.at(-1), found?.count], [1, 10_000, 10_000]);
  assert.equal(
    found?.x,
    [...(found?.x ?? [])].sort((a, b) => a - b),
  );
});

test('values are smoothed before points are left out, as curves in files are', () => {
  const values = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 13);
  const found = seriesOf(columnsOf(values), 'loss', { ...all, pixels: 10, halfLife: 20 });
  const expected = smooth(values, 20);
  assert.equal(
    found?.smooth,
    found?.x.map((step) => Number((expected[step - 1] as number).toPrecision(6))),
  );
  const usual = seriesOf(columnsOf(values), 'loss', { ...all, pixels: 10, halfLife: 'usual' });
  assert.equal(usual?.smooth, found?.smooth);
  assert.is(seriesOf(columnsOf(values.slice(0, 50)), 'loss', { ...all, halfLife: 'usual' })?.smooth, undefined);
});

test('of a stretch there are its points, and one more on either side', () => {
  const found = seriesOf(columnsOf([1, 2, 3, 4, 5, 6]), 'loss', { ...all, from: 3, to: 4 });
  assert.equal(found?.x, [2, 3, 4, 5]);
  assert.equal(seriesOf(columnsOf([1, 2]), 'loss', { ...all, from: 10, to: 20 })?.x, []);
});

test('the lowest and the highest come in the order in which they stand', () => {
  const x = Array.from({ length: 12 }, (_, i) => i);
  assert.equal(extremes(x, [0, 5, 1, 2, 9, 3, 4, 4, 4, 8, 0, 7], 2), [0, 4, 9, 10, 11]);
});

test.run();
