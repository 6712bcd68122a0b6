import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FoldedHistograms } from '../../src/watch/runs/output_history.ts';
import { histogramsLine } from './runs.ts';

/** The history of these lines. */
function historyOf(lines: readonly string[]) {
  const folded = new FoldedHistograms();
  for (const line of lines) folded.add(line);
  return folded.history;
}

const steps = (lines: readonly string[]) => historyOf(lines).columns.map(({ from, to }) => [from, to]);

test('a few steps have a column each, with the empty bins at its ends left out', () => {
  const { columns } = historyOf([histogramsLine(10, [0, 2, 0, 1, 0]), histogramsLine(20, [])]);
  assert.equal(columns, [
    { from: 10, to: 10, real: { first: 65, counts: [2, 0, 1] }, fake: { first: 60, counts: [1, 1] } },
    { from: 20, to: 20, real: { first: 0, counts: [] }, fake: { first: 60, counts: [1, 1] } },
  ]);
});

test('many steps have at most 256 columns of equally many, in which nothing is lost', () => {
  const count = 10_000;
  const { columns } = historyOf(Array.from({ length: count }, (_, i) => histogramsLine(i + 1, [1, i % 2])));
  assert.ok(columns.length > 128 && columns.length <= 256, String(columns.length));
  assert.equal([columns[0]?.from, columns.at(-1)?.to], [1, count]);
  const sum = (bin: number) => columns.reduce((all, { real }) => all + (real.counts[bin] ?? 0), 0);
  assert.equal([sum(0), sum(1)], [count, count / 2]);
  const lengths = columns.slice(0, -1).map(({ from, to }) => to - from + 1);
  assert.equal(new Set(lengths).size, 1);
  for (const [i, { from }] of columns.slice(1).entries()) assert.is(from, (columns[i]?.to as number) + 1);
});

test('where the steps go back, what stood for later ones goes', () => {
  const lines = [10, 20, 30].map((step) => histogramsLine(step, [1]));
  assert.equal(steps([...lines, histogramsLine(20, [7])]), [
    [10, 10],
    [20, 20],
  ]);
});

test('histograms of another kind begin anew, and damaged lines are passed over', () => {
  const probabilities = histogramsLine(30, [1]).replace('score', 'probability').replaceAll(/6[04]/g, '7');
  const { kind, edges, columns } = historyOf([histogramsLine(10, [1]), '{"step": 20', 'null', probabilities]);
  assert.equal([kind, edges.length, columns.length], ['probability', 51, 1]);
});

test.run();
