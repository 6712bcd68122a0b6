import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bordersOf, placeOf, quantilePlace, ticks, valueAt } from '../../page/bins.ts';
import { BIN_EDGES } from '../../src/train/histogram.ts';

test('a value has a place among bins, and the place has the value', () => {
  const edges = [0, 1, 3, 7];
  assert.equal(
    [-1, 0, 0.5, 1, 2, 7, 9].map((value) => placeOf(value, edges)),
    [0, 0, 0.5, 1, 1.5, 3, 3],
  );
  assert.equal(
    [0, 0.5, 1.5, 2.5, 3].map((place) => valueAt(place, edges)),
    [0, 0.5, 2, 5, 7],
  );
});

test('quantiles are those of numbers spread evenly within their bins', () => {
  const bins = { first: 2, counts: [1, 0, 3] };
  assert.equal(
    [0.25, 0.5, 1].map((part) => quantilePlace(bins, part)),
    [3, 4 + 1 / 3, 5],
  );
});

test('the axis of probabilities counts in fifths, others in round numbers that keep their distance', () => {
  assert.equal(ticks(BIN_EDGES.probability, [0, 50], 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  const scores = ticks(BIN_EDGES.score, [40, 88], 5);
  assert.equal(scores, [-10, -5, -1, 0, 1, 5, 10]);
  const errors = ticks(BIN_EDGES.error, [40, 80], 5);
  assert.equal(errors, [0.05, 0.1, 0.2, 0.5, 1]);
});

test('columns are drawn from one last step to the next, the first as wide as its steps are', () => {
  const columns = (...steps: [number, number][]) => steps.map(([from, to]) => ({ from, to }));
  assert.equal(bordersOf(columns([10, 10], [20, 20], [30, 30])), [0, 10, 20, 30]);
  assert.equal(bordersOf(columns([1, 8], [9, 16], [17, 20])), [0, 8, 16, 20]);
  assert.equal(bordersOf(columns([10, 10])), [9.5, 10]);
  assert.equal(bordersOf([]), []);
});

test.run();
