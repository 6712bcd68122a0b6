import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { resume, train } from '../../../src/train/index.ts';
import { otherSurroundings, type Sitting, sittingsSchema } from '../../../src/train/run/sittings.ts';
import { gannet } from '../../cli/command.ts';
import { eventsOf, only, tinyConfig } from '../tiny.ts';
import { sitting } from './sitting.ts';
import { temporaryFolder } from './temporary.ts';

const environmentPath = (run: string) => join(run, 'environment.json');
const sittingsOf = (run: string): Sitting[] => JSON.parse(readFileSync(environmentPath(run), 'utf8')).sittings;

/** A run of two steps on one thread. */
async function trained(): Promise<string> {
  const out = join(temporaryFolder(), 'run');
  await eventsOf(train(tinyConfig({ steps: 2 }), { out }));
  return out;
}

test('the same surroundings are no news, whenever they were', () => {
  const present = sitting({ from: 20, startedAt: '2026-11-23T00:00:00.000Z' });
  assert.equal(otherSurroundings([sitting({ from: 0 })], present), []);
});

test('another instruction set, number of threads, device or version is told', () => {
  const present = sitting({
    from: 20,
    gannet: '0.2.0',
    node: 'v22.0.0',
    device: 'cpu: another processor',
    details: { isa: 'avx2', threads: '2', oneDNN: '2.7' },
  });
  assert.equal(otherSurroundings([sitting({ from: 0 })], present), [
    { key: 'gannet', from: '0.1.0', to: '0.2.0' },
    { key: 'node', from: 'v20.0.0', to: 'v22.0.0' },
    { key: 'device', from: 'cpu: a processor', to: 'cpu: another processor' },
    { key: 'isa', from: 'avx512', to: 'avx2' },
    { key: 'oneDNN', from: null, to: '2.7' },
  ]);
});

test('the sitting that counts is the last one on the way to the step', () => {
  const slow = { isa: 'avx2', threads: '2' };
  const earlier = [sitting({ from: 0 }), sitting({ from: 10, details: slow }), sitting({ from: 30 })];
  assert.equal(otherSurroundings(earlier, sitting({ from: 20, details: slow })), []);
  assert.is(otherSurroundings(earlier, sitting({ from: 5, details: slow })).length, 1);
  assert.equal(otherSurroundings([], sitting({ from: 5 })), [], 'version 0.1 told none');
});

test('what is no sitting is left out', () => {
  const whole = sitting({ from: 3 });
  assert.equal(sittingsSchema.parse([whole, null, { from: 'here' }, 7]), [whole]);
  assert.equal(sittingsSchema.parse('none'), []);
  assert.equal(sittingsSchema.parse(undefined), []);
});

test('each sitting of a run is kept with its device, instruction set and threads', async () => {
  const run = await trained();
  const events = await eventsOf(resume(run, { steps: 4 }));
  assert.equal(only(events, 'surroundings'), []);
  const sittings = sittingsOf(run);
  assert.equal(
    sittings.map(({ from, details }) => [from, details.threads]),
    [
      [0, '1'],
      [2, '1'],
    ],
  );
  assert.match(sittings[1]?.details.isa as string, /^(baseline|avx2|avx512)$/);
  assert.is(sittings[1]?.node, process.version);
  const log = readFileSync(join(run, 'log.txt'), 'utf8');
  assert.match(log, / started on .*, isa \w+, .*threads 1$/m);
  assert.match(log, / resumed at step 2 on .*, isa \w+, .*threads 1$/m);
});

test('a run that goes on with other threads says so in its events and log', async () => {
  const run = await trained();
  const events = await eventsOf(resume(run, { steps: 4, changes: { threads: 2 } }));
  assert.equal(only(events, 'surroundings'), [
    { type: 'surroundings', step: 2, changes: [{ key: 'threads', from: '1', to: '2' }] },
  ]);
  assert.match(readFileSync(join(run, 'log.txt'), 'utf8'), /from step 3 on .*threads 2 instead of 1.*last bits/);
});

test('threads and precision that a command names hold for its sitting alone', async () => {
  const run = await trained();
  const events = await eventsOf(resume(run, { steps: 4, threads: 2, precision: 'float32' }));
  assert.equal(only(events, 'change'), []);
  assert.equal(only(events, 'surroundings'), [
    {
      type: 'surroundings',
      step: 2,
      changes: [
        { key: 'threads', from: '1', to: '2' },
        { key: 'precision', from: null, to: 'float32' },
      ],
    },
  ]);
  const { threads, precision } = JSON.parse(readFileSync(join(run, 'config.json'), 'utf8'));
  assert.equal([threads, precision], [1, 'auto']);
});

test('resume tells in one line that the instruction set is another', async () => {
  const run = await trained();
  const environment = JSON.parse(readFileSync(environmentPath(run), 'utf8'));
  environment.sittings[0].details.isa = 'neon';
  writeFileSync(environmentPath(run), JSON.stringify(environment));
  const { exitCode, stderr } = await gannet(['resume', run, '--steps', '3']);
  assert.is(exitCode, 0, stderr);
  const lines = stderr.split('\n').filter((line) => line.includes('instead of'));
  assert.is(lines.length, 1);
  assert.match(
    lines[0] as string,
    /from step 3 on the machine or software is another \(isa \w+ instead of neon\): the last bits of results may differ/,
  );
});

test.run();
