import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { replaceMeasured } from '../../src/bench/docs.ts';
import { threeDigits } from '../../src/bench/rates.ts';
import { formatBench } from '../../src/bench/report.ts';
import { benchSchema, parseBench } from '../../src/bench/result.ts';
import { exampleBench } from './example.ts';

const lines = formatBench(exampleBench).split('\n');

/** The cells of the first line that holds all of these. */
const cellsOf = (...parts: string[]): string[] => {
  const line = lines.find((each) => parts.every((part) => each.includes(part)));
  assert.ok(line, parts.join(' '));
  return line.split('|').map((cell) => cell.trim());
};

test('the machine, the peers and the roofline stand above the tables', () => {
  const [machine, , how] = lines as [string, string, string];
  assert.match(machine, /^Abacus 3000, 2 cores, 24 GiB; gannet 0\.1\.0, Node 20\.0\.0\. Beside it: PyTorch 1\.13\.0/);
  assert.match(machine, /tfjs 4\.22\.0 cpu \(pure JavaScript\)\.$/);
  assert.match(how, /quartiles of 3 to 7 rounds, measured in 5\.0 minutes, begun at a load of 0\.3/);
  assert.match(how, /SGEMM, 400 \(360-440\) GFLOP\/s, and its own copy, 20\.0 \(18\.0-22\.0\) GB\/s/);
});

test('an op is told with its rates, its part of the roofline and its ratio', () => {
  const row = cellsOf('dcgan conv5 forward', '25.0');
  assert.equal(row.slice(3, 9), ['10.0 (9.00-11.0)', '200', '1.00', '50.0 %', '25.0 (22.5-27.5)', '2.50 (2.25-2.75)']);
});

test('a ratio whose spread is larger than the difference is not told', () => {
  assert.is(cellsOf('dcgan conv5 input gradient').at(-2), '~1, not told apart');
});

test('a step is told in images, with what it needs beside time', () => {
  assert.equal(cellsOf('| dcgan 5x5 step').slice(3, 7), ['32', '1000 (900-1100)', '32.0', '490']);
  assert.ok(
    lines.includes(
      '- dcgan 5x5 step: 490 GFLOP; arena 230 MB, workspace 147 MB, variables 439 MB (PyTorch 942 MB in all); 1 Node-API crossing, ' +
        '0.05 % of the time outside native code; a 10 ms timer fires 3.8 ms late at the 99th percentile',
    ),
  );
});

test('each size has a table of its own, so that a ratio is between equal shapes', () => {
  const titles = lines.filter((line) => line.startsWith('###'));
  assert.is(titles.length, 3);
  assert.match(titles[2] as string, /^### Ops small, for the sake of tfjs/);
  assert.is(cellsOf('dcgan conv5 forward', '4000').at(-2), '4000 (3600-4400)');
});

test('a table follows a blank line, and so does what follows it', () => {
  for (const [i, line] of lines.entries()) {
    const above = lines[i - 1] as string;
    if (line.startsWith('| case')) assert.is(above, '');
    if (!line.startsWith('|') && above?.startsWith('|')) assert.is(line, '');
  }
});

test('figures have three digits', () => {
  assert.equal([1234, 123.4, 12.34, 1.234, 0.01234, 0].map(threeDigits), [
    '1234',
    '123',
    '12.3',
    '1.23',
    '0.0123',
    '0',
  ]);
});

test('what was written as JSON is read again', () => {
  assert.equal(parseBench(JSON.stringify(exampleBench), 'a.json'), exampleBench);
  assert.equal(benchSchema.parse(exampleBench), exampleBench);
});

test('a file that is no benchmark is refused with what is wrong', () => {
  assert.throws(() => parseBench('{', 'a.json'), /^a\.json: expected what `gannet bench --json` writes/);
  const { roofline: _, ...rest } = exampleBench;
  assert.throws(() => parseBench(JSON.stringify(rest), 'a.json'), /roofline/);
  assert.throws(() => parseBench(JSON.stringify({ ...exampleBench, more: 1 }), 'a.json'), /more/);
});

test('the tables on a page are replaced, and nothing else', () => {
  const page = 'Before.\n\n<!-- bench:begin -->\nold\n<!-- bench:end -->\n\nAfter.\n';
  const replaced = replaceMeasured(page, 'new', 'page.md');
  assert.is(replaced, 'Before.\n\n<!-- bench:begin -->\n\nnew\n\n<!-- bench:end -->\n\nAfter.\n');
  assert.is(replaceMeasured(replaced, 'new', 'page.md'), replaced);
  assert.throws(
    () => replaceMeasured('no markers', 'new', 'page.md'),
    /page\.md: expected a line <!-- bench:begin -->/,
  );
});

test.run();
