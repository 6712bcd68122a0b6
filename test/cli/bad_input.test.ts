import { EventEmitter } from 'node:events';
import { cpSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { idxFolder } from '../data/packed_files.ts';
import { noisyJpeg, uniformPng } from '../data/pictures.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { withFailingDisk } from '../train/run/faults.ts';
import { gannet, jsonLines, type Outcome, tinyTraining } from './command.ts';

/** A folder that does not exist yet. */
const newRun = (): string => join(temporaryFolder(), 'run');

/** Trains on some data; --data given later wins. */
const trainOn = (data: string, ...more: string[]): Promise<Outcome> =>
  gannet(tinyTraining('--data', data, '--out', newRun(), ...more));

/** The command failed with this exit code and said this, without a stack and before anything was trained. */
function refused({ exitCode, stdout, stderr }: Outcome, code: number, ...messages: (RegExp | string)[]): void {
  assert.is(exitCode, code, stderr);
  assert.match(stderr, /^gannet: /m);
  for (const message of messages)
    assert.ok(typeof message === 'string' ? stderr.includes(message) : message.test(stderr), stderr);
  assert.not.match(stderr, /\n +at /);
  assert.is(stdout, '');
}

test('a folder that is not there, is empty, or is a file', async () => {
  const folder = temporaryFolder({ 'a.txt': 'no image' });
  refused(await trainOn(join(folder, 'nowhere')), 4, 'nowhere', /neither an existing folder nor a known data set/);
  refused(await trainOn('mnst'), 4, /Did you mean 'mnist'\?/);
  refused(await trainOn(folder), 4, folder, /expected images .* but neither it nor any folder below it holds one/);
  refused(await trainOn(join(folder, 'a.txt')), 4, 'a.txt', /it is a file; name its folder/);
});

/** Files that promise to be images and are none. */
const badFiles = async () => ({
  'cut.jpg': (await noisyJpeg()).subarray(0, 900),
  'text.png': 'this is no picture',
  'empty.png': '',
});

test('broken files among good ones are skipped, counted, and named at the end', async () => {
  const good: Record<string, Uint8Array> = {};
  for (let i = 0; i < 10; i++) good[`good${i}.png`] = await uniformPng(20, 18, [20 * i, 0, 255]);
  const data = temporaryFolder({ ...good, ...(await badFiles()) });
  const { exitCode, stdout } = await trainOn(data);
  assert.is(exitCode, 0);
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  assert.match(last, /^skipped 3 files: cut\.jpg \(.+\), empty\.png \(.+\), text\.png \(.+\)$/);

  const end = jsonLines((await trainOn(data, '--json')).stdout).at(-1);
  assert.is(end?.skipped, last);
  const plan = jsonLines((await trainOn(data, '--dry-run', '--json')).stdout)[0] as {
    data: { skipped: { path: string }[] };
  };
  assert.equal(
    plan.data.skipped.map(({ path }) => path),
    ['cut.jpg', 'empty.png', 'text.png'],
  );
});

test('a folder of nothing but broken files', async () => {
  refused(
    await trainOn(temporaryFolder(await badFiles())),
    4,
    /none could be read; skipped 3 files/,
    'cut.jpg',
    'empty.png',
  );
});

test('an IDX file cut short', async () => {
  const folder = temporaryFolder(idxFolder(20, 16, 16));
  truncateSync(join(folder, 'train-images-idx3-ubyte'), 1000);
  refused(await trainOn(folder), 4, 'train-images-idx3-ubyte', /5136|5120/);
});

test('a batch larger than the data', async () => {
  const folder = temporaryFolder(idxFolder(20, 16, 16));
  refused(
    await trainOn(folder, '--batch', '21'),
    4,
    /21 images were asked for, but .* holds 20; take a batch of at most 20/,
  );
});

test('a device that is not here', async () => {
  refused(await gannet(tinyTraining('--device', 'cuda')), 3, /cuda was asked for/, /--device cpu/, 'gannet doctor');
});

test('a run folder that cannot be made, or holds a run already', async () => {
  const folder = temporaryFolder({ file: 'in the way' });
  refused(
    await gannet(tinyTraining('--out', join(folder, 'file', 'run'))),
    1,
    /Could not create run folder .*file\/run/,
  );
  const run = join(folder, 'run');
  assert.is((await gannet(tinyTraining('--out', run))).exitCode, 0);
  refused(
    await gannet(tinyTraining('--out', run)),
    1,
    /already holds a run, which is never overwritten/,
    `gannet resume ${run}`,
  );
});

test('a disk that fills up while training loses nothing that was saved', async () => {
  const run = newRun();
  const before = await gannet(tinyTraining('--out', run));
  assert.is(before.exitCode, 0);
  const outcome = await withFailingDisk('ENOSPC', 20_000, () => gannet(['resume', run, '--steps', '60']));
  assert.is(outcome.exitCode, 1, outcome.stderr);
  assert.match(outcome.stderr, /\(ENOSPC\)\. The disk is full: free some space/);
  const { exitCode, stderr } = await gannet(['resume', run, '--steps', '60']);
  assert.is(exitCode, 0, stderr);
});

test('something that is no run, and a damaged config.json', async () => {
  const empty = temporaryFolder();
  for (const command of ['resume', 'sample']) refused(await gannet([command, empty]), 1, empty, /is no run folder/);
  const run = newRun();
  await gannet(tinyTraining('--out', run));
  truncateSync(join(run, 'config.json'), 30);
  refused(await gannet(['sample', run]), 1, join(run, 'config.json'), /is damaged: it is not JSON/);
});

test('a checkpoint with a flipped byte, or cut short, is refused by name and the one before it offered', async () => {
  const whole = newRun();
  await gannet(tinyTraining('--out', whole));
  const damages: [file: string, damage: (path: string) => void][] = [
    ['generator.safetensors', (path) => writeFileSync(path, flipped(readFileSync(path)))],
    ['optimizer.safetensors', (path) => truncateSync(path, 100)],
    ['trainer_state.json', (path) => truncateSync(path, 100)],
  ];
  for (const [file, damage] of damages) {
    const run = newRun();
    cpSync(whole, run, { recursive: true });
    const path = join(run, 'checkpoints', 'step-000006', file);
    damage(path);
    for (const command of ['resume', 'sample']) {
      refused(await gannet([command, run]), 1, `${path} is damaged`, `gannet resume ${run} --step 4`);
    }
    assert.is((await gannet(['resume', run, '--step', '4'])).exitCode, 0, 'the offer holds');
  }
});

function flipped(bytes: Buffer): Buffer {
  const last = bytes.length - 1;
  bytes[last] = (bytes[last] as number) ^ 1;
  return bytes;
}

test('a loss that is NaN stops the training and names the last good checkpoint', async () => {
  const run = newRun();
  // The generator breaks in its first update, after every loss of that step was computed.
  const rate = ['--set', 'generator.learningRate=1e30'];
  refused(
    await gannet(tinyTraining('--out', run, ...rate, '--set', 'checkpointEvery=1')),
    5,
    /(Loss|dReal|dFake|dGenerated) is NaN at step 2\./,
    `The last good checkpoint is ${join(run, 'checkpoints', 'step-000001')}.`,
    'learningRate',
  );
  const again = await gannet(['resume', run, '--json']);
  assert.is(again.exitCode, 5);
  const error = jsonLines(again.stdout).at(-1);
  assert.equal([error?.type, error?.code], ['error', 'diverged']);
  assert.match(error?.message as string, /The last good checkpoint is .*step-000001/);
});

test('weights that are not finite are not saved, even where no loss was looked at', async () => {
  const run = newRun();
  const rates = ['generator', 'discriminator'].flatMap((player) => ['--set', `${player}.learningRate=1e30`]);
  const signals = new EventEmitter();
  const args = tinyTraining(
    '--out',
    run,
    '--json',
    ...rates,
    '--set',
    'logEvery=100',
    '--set',
    'checkpointEvery=100',
    '--steps',
    '1000',
  );
  const { exitCode, stdout } = await gannet(args, {
    signals,
    onStdout: (text) => text.includes('"step":3,') && signals.emit('SIGINT'),
  });
  assert.is(exitCode, 5);
  assert.match(
    jsonLines(stdout).at(-1)?.message as string,
    /holds NaN or infinity at step \d+\. No checkpoint had been saved yet/,
  );
  assert.not(existsSync(join(run, 'checkpoints', 'step-000003')));
});

test.run();
