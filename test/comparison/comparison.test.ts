import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { finalFigures, formatDuration, markdownTable, panelsOfRuns } from '../../src/comparison/index.ts';

const test = suite('comparison of runs');

const record = (step: number, values: Record<string, number | null>) => ({
  step,
  epoch: 0,
  imagesSeen: step * 8,
  elapsedMs: step * 500,
  imagesPerSecond: 1,
  values,
});

test('a metric at the end is the mean of the last tenth of its values', () => {
  const records = Array.from({ length: 20 }, (_, i) =>
    record(i + 1, { lossD: i, ...(i % 10 === 9 && { diversity: i }) }),
  );
  assert.equal(finalFigures({ records }), {
    step: 20,
    seconds: 10,
    imagesPerSecond: 16,
    metrics: { lossD: 18.5, diversity: 19 },
  });
});

test('values that are no numbers do not count, and a run without metrics has no figures', () => {
  assert.equal(finalFigures({ records: [record(1, { a: 4, b: null }), record(2, { a: null })] })?.metrics, { a: 4 });
  assert.is(finalFigures({ records: [] }), undefined);
});

test('runs share a panel for each metric, with a curve for each run that has it', () => {
  const run = (name: string, values: Record<string, number>, unit: string) => ({
    name,
    panels: [
      {
        title: 'losses',
        unit,
        metrics: Object.keys(values).map((metric) => ({ name: metric, label: `of ${metric}` })),
      },
      { title: 'speed', unit: 'images/s', metrics: [{ name: 'speed', label: 'speed' }] },
    ],
    curveOf: (metric: string) => {
      const y = values[metric];
      return y === undefined ? undefined : { points: [{ x: 1, y }] };
    },
  });
  const panels = panelsOfRuns([run('one', { g: 1 }, 'nats'), run('two', { g: 2, d: 3 }, '')]);
  assert.equal(
    panels.map(({ title, yTitle, curves }) => [title, yTitle, curves.map(({ name, points }) => [name, points[0]?.y])]),
    [
      [
        'losses: of g',
        'nats',
        [
          ['one', 1],
          ['two', 2],
        ],
      ],
      ['losses: of d', '', [['two', 3]]],
    ],
  );
});

test('a duration has the units that tell something of it', () => {
  assert.equal([400, 75_000, 7_260_000].map(formatDuration), ['0.4 s', '1 min 15 s', '2 h 1 min']);
});

test('text cannot leave its cell of a table', () => {
  assert.is(
    markdownTable(
      [
        ['a', 'n'],
        ['x|y\nz *b*', '1'],
      ],
      [1],
    ),
    '| a | n |\n| --- | ---: |\n| x\\|y z \\*b\\* | 1 |',
  );
});

test.run();
