import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CheckpointContent, loadCheckpoint, saveCheckpoint } from '../../../src/train/checkpoint/checkpoint.ts';
import { listCheckpoints, markBest } from '../../../src/train/checkpoint/listing.ts';
import { withFailingDisk } from '../run/faults.ts';
import { rejection } from '../run/rejects.ts';
import { temporaryFolder } from '../run/temporary.ts';

/** A small checkpoint whose numbers tell its step. */
const content = (step: number): CheckpointContent => ({
  files: {
    generator: [{ name: 'generator.weight', dtype: 'float32', shape: [2, 2], data: new Float32Array(4).fill(step) }],
    optimizer: [{ name: 'adam.t', dtype: 'int32', shape: [], data: Int32Array.of(step) }],
  },
  state: { imagesSeen: step * 32, order: [3, 1, 2] },
});

async function runWith(steps: readonly number[], keepLast = 10): Promise<string> {
  const run = temporaryFolder();
  for (const step of steps) await saveCheckpoint(run, step, content(step), { keepLast });
  return run;
}

const stepsOf = async (run: string): Promise<number[]> => (await listCheckpoints(run)).map(({ step }) => step);

const namesIn = (run: string): string[] => readdirSync(join(run, 'checkpoints')).sort();

/** Flips the bits of one byte. */
function flip(path: string, position: number): void {
  const bytes = readFileSync(path);
  const index = (position + bytes.length) % bytes.length;
  bytes.writeUInt8(bytes.readUInt8(index) ^ 0x01, index);
  writeFileSync(path, bytes);
}

test('a checkpoint is loaded as it was saved', async () => {
  const run = await runWith([400]);
  const checkpoint = await loadCheckpoint(run);
  assert.is(checkpoint.step, 400);
  assert.is(checkpoint.folder, join(run, 'checkpoints', 'step-000400'));
  assert.equal(checkpoint.state, { imagesSeen: 12800, order: [3, 1, 2] });
  assert.equal([...checkpoint.files.keys()], ['generator', 'optimizer']);
  assert.equal(await checkpoint.files.get('generator')?.read('generator.weight'), Float32Array.of(400, 400, 400, 400));
  assert.equal(await checkpoint.files.get('optimizer')?.read('adam.t'), Int32Array.of(400));
});

test('the files say how filters are laid out', async () => {
  const checkpoint = await loadCheckpoint(await runWith([7]));
  assert.equal(checkpoint.files.get('generator')?.metadata, {
    format: 'gannet',
    filterLayout: 'KRSC',
    activationLayout: 'NHWC',
    step: '7',
  });
});

test('a run folder stands for its newest checkpoint, by number and not by name', async () => {
  assert.is(
    (await loadCheckpoint(await runWith([1_000_000, 2_000_000, 999_999].sort((a, b) => a - b)))).step,
    2_000_000,
  );
});

test('an earlier step and a checkpoint folder can be asked for', async () => {
  const run = await runWith([100, 200]);
  assert.is((await loadCheckpoint(run, { step: 100 })).step, 100);
  assert.is((await loadCheckpoint(join(run, 'checkpoints', 'step-000100'))).step, 100);
  renameSync(join(run, 'checkpoints', 'step-000100'), join(run, 'copy'));
  assert.is((await loadCheckpoint(join(run, 'copy'))).step, 100);
});

test('a step that is not there is refused with those that are', async () => {
  const error = await rejection(loadCheckpoint(await runWith([100, 200]), { step: 150 }), 'checkpoint_missing');
  assert.match(error.message, 'no checkpoint of step 150; there are 100, 200');
  await rejection(loadCheckpoint(temporaryFolder()), 'checkpoint_missing');
});

test('the newest keepLast checkpoints are kept', async () => {
  const run = await runWith([100, 200, 300, 400], 2);
  assert.equal(namesIn(run), ['step-000300', 'step-000400']);
});

test('the newest is kept whatever keepLast says', async () => {
  assert.equal(await stepsOf(await runWith([100, 200], 0)), [200]);
});

test('the one marked best is kept, until another is', async () => {
  const run = await runWith([100]);
  await markBest(run, 100);
  for (const step of [200, 300]) await saveCheckpoint(run, step, content(step), { keepLast: 1 });
  assert.equal(await listCheckpoints(run), [
    { step: 100, folder: join(run, 'checkpoints', 'step-000100'), best: true },
    { step: 300, folder: join(run, 'checkpoints', 'step-000300'), best: false },
  ]);
  await markBest(run, 300);
  await saveCheckpoint(run, 400, content(400), { keepLast: 1 });
  assert.equal(await stepsOf(run), [300, 400]);
});

test('a run taken up again from an earlier step leaves the later ones behind', async () => {
  const run = await runWith([100, 200, 300]);
  await markBest(run, 300);
  await saveCheckpoint(run, 150, content(150), { keepLast: 1 });
  assert.equal(namesIn(run), ['step-000150']);
});

test('a step saved again takes the place of the first', async () => {
  const run = await runWith([100]);
  await saveCheckpoint(run, 100, { ...content(100), state: 'again' }, { keepLast: 3 });
  assert.is((await loadCheckpoint(run)).state, 'again');
  assert.equal(namesIn(run), ['step-000100']);
});

test('what a killed run left unfinished is ignored, and cleared by the next save', async () => {
  const run = await runWith([100]);
  mkdirSync(join(run, 'checkpoints', '.saving-step-000200'));
  writeFileSync(join(run, 'checkpoints', '.saving-step-000200', 'generator.safetensors'), 'half');
  mkdirSync(join(run, 'checkpoints', '.discarded-step-000050'));
  assert.is((await loadCheckpoint(run)).step, 100);
  await saveCheckpoint(run, 200, content(200), { keepLast: 3 });
  assert.equal(namesIn(run), ['step-000100', 'step-000200']);
});

test('a run killed while a step was replaced still has the one to be replaced', async () => {
  const run = await runWith([100, 200]);
  renameSync(join(run, 'checkpoints', 'step-000200'), join(run, 'checkpoints', 'step-000200.replaced'));
  assert.is((await loadCheckpoint(run)).step, 200);
  await saveCheckpoint(run, 300, content(300), { keepLast: 3 });
  assert.equal(namesIn(run), ['step-000100', 'step-000200', 'step-000300']);
});

test('a run killed after a step was replaced has the new one', async () => {
  const run = await runWith([100]);
  const old = join(run, 'checkpoints', 'step-000100.replaced');
  cpSync(join(run, 'checkpoints', 'step-000100'), old, { recursive: true });
  assert.is((await listCheckpoints(run))[0]?.folder, join(run, 'checkpoints', 'step-000100'));
  await saveCheckpoint(run, 200, content(200), { keepLast: 3 });
  assert.not(existsSync(old));
});

test('a flipped bit anywhere in any file is refused by name, and the last good checkpoint offered', async () => {
  for (const file of ['generator.safetensors', 'optimizer.safetensors', 'trainer_state.json']) {
    for (const position of [0, 9, 40, 200, -3]) {
      const run = await runWith([100, 200]);
      const path = join(run, 'checkpoints', 'step-000200', file);
      flip(path, position);
      const error = await rejection(loadCheckpoint(run), 'checkpoint_corrupt');
      assert.match(error.message, `${path} is damaged`);
      assert.match(error.message, `step 100; go on from there with \`gannet resume ${run} --step 100\``);
    }
  }
});

test('a digit changed in the trainer state is no longer its content', async () => {
  const run = await runWith([100]);
  const path = join(run, 'checkpoints', 'step-000100', 'trainer_state.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"imagesSeen": 3200', '"imagesSeen": 3201'));
  await rejection(loadCheckpoint(run), 'checkpoint_corrupt');
});

test('a file cut short is refused with the bytes expected and found', async () => {
  const run = await runWith([100, 200]);
  const path = join(run, 'checkpoints', 'step-000200', 'generator.safetensors');
  const whole = readFileSync(path).length;
  truncateSync(path, 30);
  const error = await rejection(loadCheckpoint(run), 'checkpoint_corrupt');
  assert.match(error.message, `${path} is damaged: expected ${whole} bytes, found 30.`);
});

test('a file that is missing is refused by name', async () => {
  for (const file of ['generator.safetensors', 'trainer_state.json']) {
    const run = await runWith([200]);
    rmSync(join(run, 'checkpoints', 'step-000200', file));
    const error = await rejection(loadCheckpoint(run), 'checkpoint_corrupt');
    assert.match(error.message, `${file} is damaged: it is missing`);
    assert.match(error.message, 'No earlier checkpoint of this run is good');
  }
});

test('a bad checkpoint is never the one offered', async () => {
  const run = await runWith([100, 200, 300]);
  for (const step of [200, 300]) flip(join(run, 'checkpoints', `step-000${step}`, 'optimizer.safetensors'), -1);
  const error = await rejection(loadCheckpoint(join(run, 'checkpoints', 'step-000300')), 'checkpoint_corrupt');
  assert.match(error.message, `gannet resume ${run} --step 100`);
});

test('what is offered in place of an earlier checkpoint is earlier still', async () => {
  const run = await runWith([100, 200, 300]);
  flip(join(run, 'checkpoints', 'step-000200', 'optimizer.safetensors'), -1);
  const error = await rejection(loadCheckpoint(run, { step: 200 }), 'checkpoint_corrupt');
  assert.match(error.message, `gannet resume ${run} --step 100`);
});

test('a disk that fills up at any byte costs nothing already saved', async () => {
  for (const bytes of [10, 300, 600]) {
    const run = await runWith([100]);
    const error = await rejection(
      withFailingDisk('ENOSPC', bytes, () => saveCheckpoint(run, 200, content(200), { keepLast: 1 })),
      'disk_full',
    );
    assert.match(error.message, `save checkpoint ${join(run, 'checkpoints', 'step-000200')} (ENOSPC)`);
    assert.match(error.message, 'free some space');
    assert.equal(namesIn(run), ['step-000100']);
    assert.is((await loadCheckpoint(run)).step, 100);
  }
});

test('a folder that must not be written names itself and the remedy', async () => {
  for (const code of ['EACCES', 'EROFS', 'EPERM']) {
    const save = () => saveCheckpoint(temporaryFolder(), 1, content(1), { keepLast: 1 });
    const error = await rejection(withFailingDisk(code, 0, save), 'not_writable');
    assert.match(error.message, "move the run's folder to another disk");
  }
});

test('a failing disk is told from a full one', async () => {
  const run = temporaryFolder();
  writeFileSync(join(run, 'checkpoints'), 'a file where the folder should be');
  const error = await rejection(saveCheckpoint(run, 1, content(1), { keepLast: 1 }), 'storage_failed');
  assert.match(error.message, 'EEXIST');
});

test('an error of the device that holds the tensors comes through, and leaves nothing behind', async () => {
  const run = await runWith([100]);
  const lost = new Error('device lost');
  const files = { generator: [{ name: 'w', dtype: 'float32' as const, shape: [1], data: () => Promise.reject(lost) }] };
  const error = await saveCheckpoint(run, 200, { files, state: null }, { keepLast: 1 }).catch(
    (reason: unknown) => reason,
  );
  assert.is(error, lost);
  assert.equal(namesIn(run), ['step-000100']);
});

test.run();
