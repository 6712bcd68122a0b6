import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { resume, train } from '../../src/train/index.ts';
import { gannet, tinyTraining } from '../cli/command.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { checkpointBytes, eventsOf, only, tinyConfig } from './tiny.ts';

const newRun = (): string => join(temporaryFolder(), 'run');

/** Trains and leaves before anything is saved. */
async function killedBeforeSaving(run: string): Promise<void> {
  for await (const event of train(tinyConfig(), { out: run })) if (event.type === 'step') break;
}

async function bitsOfWhole(): Promise<unknown> {
  const run = newRun();
  await eventsOf(train(tinyConfig(), { out: run }));
  return checkpointBytes(run, 6);
}

test('a run killed before its first checkpoint goes on from step 0, to the bits of an unbroken one', async () => {
  const run = newRun();
  await killedBeforeSaving(run);
  assert.not(existsSync(join(run, 'checkpoints')));
  const [start] = only(await eventsOf(resume(run)), 'start');
  assert.is(start?.step, 0);
  assert.equal(checkpointBytes(run, 6), await bitsOfWhole());
});

test('what a kill kept from being written when the run was made is made up for', async () => {
  const run = newRun();
  await killedBeforeSaving(run);
  for (const name of ['environment.json', 'samples', 'metrics.jsonl', 'log.txt'])
    rmSync(join(run, name), { recursive: true, force: true });
  await eventsOf(resume(run));
  for (const name of ['environment.json', 'samples', 'metrics.jsonl', 'log.txt'])
    assert.ok(existsSync(join(run, name)), name);
  assert.equal(checkpointBytes(run, 6), await bitsOfWhole());
});

test('a folder in which a kill left no config.json yet takes a new run', async () => {
  const run = temporaryFolder();
  writeFileSync(join(run, 'config.json.tmp'), '{"recipe":');
  await eventsOf(train(tinyConfig(), { out: run }));
  assert.not(existsSync(join(run, 'config.json.tmp')));
});

test('a run begins anew from step 0 where that is asked for', async () => {
  const run = newRun();
  await eventsOf(train(tinyConfig(), { out: run }));
  const { exitCode, stderr } = await gannet(['resume', run, '--step', '0', '--steps', '3']);
  assert.is(exitCode, 0, stderr);
  assert.match(stderr, /Going on from step 0\. The checkpoints of later steps \(2, 4, 6\) will be removed/);
  assert.equal(readdirSync(join(run, 'checkpoints')), ['step-000002', 'step-000003']);
});

test('images of a run that has saved none yet cannot be drawn, and the message says how to go on', async () => {
  const run = newRun();
  await killedBeforeSaving(run);
  const { exitCode, stderr } = await gannet(['sample', run]);
  assert.is(exitCode, 1);
  assert.match(stderr, /holds no checkpoint yet.*gannet resume/);
  assert.is((await gannet(tinyTraining('--out', run))).exitCode, 1, 'nothing is overwritten');
});

test('two that go on with one run at once: one is refused, and the other is not disturbed', async () => {
  const run = newRun();
  await eventsOf(train(tinyConfig({ steps: 2 }), { out: run }));
  const first = resume(run, { steps: 6 });
  await first.next();
  const { exitCode, stderr } = await gannet(['resume', run, '--steps', '9']);
  assert.is(exitCode, 1);
  assert.match(stderr, new RegExp(`is being trained by process ${process.pid} `));
  await eventsOf(first);
  assert.equal(checkpointBytes(run, 6), await bitsOfWhole());
  assert.not(existsSync(join(run, 'lock.json')));
});

test.run();
