import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Columns, lastRecord } from '../../src/watch/runs/columns.ts';
import { metricsLine } from './runs.ts';

function columnsOf(lines: readonly string[]): Columns {
  const columns = new Columns();
  for (const line of lines) columns.add(line);
  return columns;
}

test('a column for each metric over every axis; what is missing or null is NaN', () => {
  const columns = columnsOf([metricsLine(10, { loss: 1 }), metricsLine(20, { loss: null, diversity: 0.5 })]);
  assert.equal([...columns.axis('step')], [10, 20]);
  assert.equal([...columns.axis('images')], [80, 160]);
  assert.equal([...columns.axis('time')], [1, 2]);
  assert.equal([...(columns.metric('loss') ?? [])], [1, Number.NaN]);
  assert.equal([...(columns.metric('diversity') ?? [])], [Number.NaN, 0.5]);
  assert.equal(columns.metric('other'), undefined);
});

test('later steps are replaced where a run goes on from an earlier one, or logs a step again', () => {
  const columns = columnsOf([
    ...[10, 20, 30].map((step) => metricsLine(step, { loss: step })),
    metricsLine(20, { loss: 200 }),
    metricsLine(20, { loss: 201 }),
  ]);
  assert.equal([...columns.axis('step')], [10, 20]);
  assert.equal([...(columns.metric('loss') ?? [])], [10, 201]);
});

test('lines that are no metrics are passed over', () => {
  const damaged = ['', '{"step": 2', '{"step": 1.5, "values": {}}', '{"step": 1, "values": null}', '[]', 'null'];
  const columns = columnsOf([...damaged, metricsLine(3, { loss: 1 })]);
  assert.equal([...columns.axis('step')], [3]);
  assert.equal(lastRecord([metricsLine(3, { loss: 1 }), ...damaged])?.step, 3);
  assert.equal(lastRecord(damaged), undefined);
});

test('columns grow beyond their first room, and begin anew when cleared', () => {
  const columns = columnsOf(Array.from({ length: 5000 }, (_, i) => metricsLine(i, { loss: i })));
  assert.is(columns.rows, 5000);
  const loss = columns.metric('loss');
  assert.equal(
    [1, 1500, 4999].map((row) => [loss?.[row], columns.axis('step')[row]]),
    [1, 1500, 4999].map((i) => [i, i]),
  );
  columns.clear();
  columns.add(metricsLine(1, { other: 2 }));
  assert.equal(columns.names, ['imagesPerSecond', 'other']);
  assert.equal([...columns.axis('step')], [1]);
});

test('a step has its place on every axis', () => {
  const columns = columnsOf([10, 20].map((step) => metricsLine(step, {})));
  assert.equal(columns.placeOf(15), { step: 15, images: 160, time: 2 });
  assert.equal(columns.placeOf(99), { step: 99, images: 160, time: 2 });
});

test.run();
