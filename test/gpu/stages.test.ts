import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Command, Part, Result, Stage } from '../../scripts/gpu/part.ts';
import { runStages } from '../../scripts/gpu/run_stages.ts';
import { exitCodeOf, formatTable } from '../../scripts/gpu/table.ts';
import { temporaryFolder } from '../data/temporary.ts';

/** A part that runs a line of shell. */
const shell = (name: string, line: string, more: Partial<Part> = {}): Part => ({
  name,
  command: (): Command => ['/bin/sh', '-c', line],
  limitS: 60,
  ...more,
});

const stageOf = (name: string, ...parts: readonly Part[]): Stage => ({
  name,
  title: 'of a test',
  weight: 1,
  parts: () => parts,
});

const run = (
  stages: readonly Stage[],
  { out = temporaryFolder({}), minutes = 1, missing }: { out?: string; minutes?: number; missing?: string } = {},
): Promise<readonly Result[]> => runStages(stages, { device: 'simt', out, minutes, missing });

const outcomes = (results: readonly Result[]): string[] => results.map(({ part, outcome }) => `${part}: ${outcome}`);

test('parts run in order, and what they print is in files of their stage', async () => {
  const out = temporaryFolder({});
  const results = await run(
    [
      stageOf('a', shell('first, of two', 'echo one; echo two >&2')),
      stageOf('b', shell('second', 'echo three', { extension: 'csv' })),
    ],
    { out },
  );
  assert.equal(outcomes(results), ['first, of two: ok', 'second: ok']);
  assert.equal(
    results.map(({ file }) => readFileSync(join(out, file), 'utf8')),
    ['one\n', 'three\n'],
  );
  assert.is(readFileSync(join(out, 'a/first-of-two.log'), 'utf8'), 'two\n');
  assert.equal(JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')), results);
});

test('a part that fails, crashes, or is not here stops no other', async () => {
  const results = await run([
    stageOf('a', shell('fails', 'echo "3 is not 4" >&2; exit 1'), shell('crashes', 'kill -SEGV $$'), {
      ...shell('absent', ''),
      command: () => ({ missing: 'ncu was not found' }),
    }),
    stageOf('b', { ...shell('no such program', ''), command: () => ['/nowhere/program'] }, shell('goes on', 'true')),
  ]);
  assert.equal(outcomes(results), [
    'fails: failed',
    'crashes: failed',
    'absent: not here',
    'no such program: failed',
    'goes on: ok',
  ]);
  assert.equal(
    results.map(({ note }) => note.replace(/spawn .*/, 'spawn')),
    ['exit code 1: 3 is not 4', 'ended by SIGSEGV', 'ncu was not found', 'spawn', ''],
  );
});

test('a limit ends a part with all that it has started, and keeps what it had printed', async () => {
  const out = temporaryFolder({});
  const hangs = shell('hangs', 'sleep 300 & echo $!; wait', { limitS: 0.3 });
  const results = await run([stageOf('a', hangs, shell('after', 'true'))], { out });
  assert.equal(outcomes(results), ['hangs: stopped', 'after: ok']);
  assert.ok((results[0]?.seconds as number) < 100);
  const started = Number(readFileSync(join(out, 'a/hangs.txt'), 'utf8'));
  assert.ok(started > 1);
  await ended(started);
});

/** Waits until a process is gone, or dead and not yet fetched. @throws if it goes on for seconds */
async function ended(pid: number): Promise<void> {
  const state = () => (existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] : 'X');
  for (const until = performance.now() + 10_000; !'XZ'.includes(state() as string); await setImmediate()) {
    assert.ok(performance.now() < until, `process ${pid} goes on`);
  }
}

test('what a stage leaves of its share of the time goes to the next, and parts without time are named', async () => {
  const slow = shell('slow', 'sleep 30');
  const results = await run([stageOf('a', slow, shell('late', 'true')), stageOf('b', shell('has its own', 'true'))], {
    minutes: 0.1,
  });
  assert.equal(outcomes(results), ['slow: stopped', 'late: no time', 'has its own: ok']);
});

test('a stage is asked for each part when its turn comes, so that it can go by what was measured', async () => {
  const stage: Stage = {
    ...stageOf('a'),
    *parts({ folder }) {
      yield shell('measures', 'echo 2');
      const count = Number(readFileSync(join(folder, 'measures.txt'), 'utf8'));
      for (let i = 1; i <= count; i++) yield shell(`kernel ${i}`, 'true');
    },
  };
  assert.equal(outcomes(await run([stage])), ['measures: ok', 'kernel 1: ok', 'kernel 2: ok']);
});

test('without its device every stage says so and runs nothing, but for facts', async () => {
  const stages = [
    { ...stageOf('a', shell('facts', 'true')), withoutDevice: true },
    stageOf('b', shell('parity', 'false')),
  ];
  const results = await run(stages, { missing: 'no driver answers' });
  assert.equal(outcomes(results), ['facts: ok', 'of a test: not here']);
  assert.is(results[1]?.note, 'no driver answers');
  assert.is(exitCodeOf(results, 'no driver answers'), 3);
});

test('a run again leaves nothing of the stage before', async () => {
  const out = temporaryFolder({});
  await run([stageOf('a', shell('old', 'true')), stageOf('b', shell('kept', 'true'))], { out });
  await run([stageOf('a', shell('new', 'true'))], { out });
  assert.not(existsSync(join(out, 'a/old.txt')));
  assert.ok(existsSync(join(out, 'b/kept.txt')));
});

test('the exit code tells whether everything that is here ended well', () => {
  const result = (outcome: Result['outcome']): Result => ({
    stage: 'a',
    part: 'x',
    outcome,
    seconds: 1,
    note: '',
    file: '',
  });
  assert.is(exitCodeOf([result('ok'), result('not here')], undefined), 0);
  assert.is(exitCodeOf([result('ok'), result('failed')], undefined), 1);
  assert.is(exitCodeOf([result('stopped')], undefined), 1);
  assert.is(exitCodeOf([result('no time')], undefined), 1);
});

test('the table tells what went wrong, how the parts of each stage ended, and what they found', () => {
  const about = { stage: 'b', seconds: 2, file: 'b/x.txt' };
  const results: Result[] = [
    { ...about, part: 'table in tf32', outcome: 'ok', note: 'tf32 285 of 285' },
    { ...about, part: 'table in bfloat16', outcome: 'failed', note: 'exit code 1' },
    { ...about, part: 'repeated', outcome: 'ok', note: 'equal bits' },
  ];
  assert.is(
    formatTable([stageOf('b')], results),
    [
      'failed      2 s  b table in bfloat16: exit code 1  (b/x.txt)',
      '',
      'stage        ok  failed  stopped  not here  no time  seconds  found',
      'b of a test  2   1                                   6        tf32 285 of 285',
      '                                                              equal bits',
    ].join('\n'),
  );
});

test.run();
