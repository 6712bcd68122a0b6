import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { finalFigures, markdownTable } from '../../src/comparison/index.ts';

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
