import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Part } from '../../scripts/torture/part.ts';
import { describeOutcome, runParts } from '../../scripts/torture/run_parts.ts';

const quiet: Part = {
  name: 'quiet',
  async run({ report }) {
    report.count('attempts');
    report.count('attempts', 1499);
  },
};
const broken: Part = {
  name: 'broken',
  async run({ seed, report }) {
    report.count('attempts', 2);
    report.found(`attempt 2 of seed ${seed} crashed`);
  },
};

test('figures are summed by part, and each finding names its part', async () => {
  const outcome = await runParts([quiet, broken], { seconds: 1, seed: 7 });
  assert.equal(outcome.figures, [
    { part: 'quiet', what: 'attempts', count: 1500 },
    { part: 'broken', what: 'attempts', count: 2 },
  ]);
  assert.equal(outcome.findings, ['broken: attempt 2 of seed 7 crashed']);
  assert.is(
    describeOutcome(outcome),
    [
      'quiet  attempts          1,500',
      'broken  attempts             2',
      '',
      '1 found:',
      '  broken: attempt 2 of seed 7 crashed',
    ].join('\n'),
  );
});

test('a part that the machine cannot run is told with what it lacks, and is no finding', async () => {
  const idle: Part = { name: 'idle', run: async ({ report }) => report.skip('root, which mounts a small disk') };
  const outcome = await runParts([quiet, idle], { seconds: 1, seed: 7 });
  assert.equal(outcome.findings, []);
  assert.is(
    describeOutcome(outcome),
    [
      'quiet  attempts         1,500',
      'idle: skipped, for want of root, which mounts a small disk',
      '',
      'nothing was found',
    ].join('\n'),
  );
});

test('a part that throws is a finding, and the next part still runs', async () => {
  const thrower: Part = { name: 'thrower', run: () => Promise.reject(new Error('out of ideas')) };
  const { figures, findings } = await runParts([thrower, quiet], { seconds: 1, seed: 7 });
  assert.is(findings.length, 1);
  assert.match(findings[0] ?? '', /^thrower: the part itself failed: Error: out of ideas/);
  assert.is(figures[0]?.part, 'quiet');
});

test('each part gets an equal share of the time that is left', async () => {
  let clock = 0;
  const shares: number[] = [];
  const taking = (seconds: number): Part => ({
    name: 'timed',
    async run(options) {
      shares.push(options.seconds);
      clock += seconds;
    },
  });
  await runParts([taking(2), taking(8), taking(1)], { seconds: 12, seed: 1, now: () => clock });
  assert.equal(shares, [4, 5, 2]);
});

test.run();
