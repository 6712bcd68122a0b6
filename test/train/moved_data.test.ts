import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fingerprintsOf } from '../../src/data/fingerprint.ts';
import { absoluteData, dataExists } from '../../src/data/place.ts';
import { gannet, tinyTraining } from '../cli/command.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { asVersion01, writeManifest } from './tiny.ts';

/** An uncompressed TIFF of one grey: files of equal length whatever their pixels. */
const greyTiff = (value: number): Promise<Buffer> =>
  sharp({ create: { width: 16, height: 16, channels: 3, background: { r: value, g: value, b: value } } })
    .tiff({ compression: 'none' })
    .toBuffer();

/** A folder with `photos` and, in `runs/a`, a run of two steps on them, trained from within. */
async function trainedWithin(): Promise<{ folder: string; run: string }> {
  const files = await Promise.all(
    Array.from({ length: 8 }, async (_, i) => [`photos/${i}.tif`, await greyTiff(30 * i)] as const),
  );
  const folder = temporaryFolder(Object.fromEntries(files));
  const run = join(folder, 'runs', 'a');
  const home = process.cwd();
  process.chdir(folder);
  try {
    const { exitCode, stderr } = await gannet(tinyTraining('--data', 'photos', '--steps', '2', '--out', 'runs/a'));
    assert.is(exitCode, 0, stderr);
  } finally {
    process.chdir(home);
  }
  return { folder, run };
}

async function goesOn(run: string, ...more: string[]): Promise<void> {
  const { exitCode, stderr } = await gannet(['resume', run, '--steps', '3', ...more]);
  assert.is(exitCode, 0, stderr);
}

test('the place of data is absolute, that of a data set by name is its name', () => {
  assert.is(absoluteData('photos'), join(process.cwd(), 'photos'));
  assert.is(absoluteData('/a/photos'), '/a/photos');
  assert.is(absoluteData('mnist'), 'mnist');
  assert.is(absoluteData('mnist:digits'), `mnist:${join(process.cwd(), 'digits')}`);
  assert.is(absoluteData('odd:name'), join(process.cwd(), 'odd:name'));
  assert.equal([dataExists('emoji'), dataExists('cifar10:/nowhere'), dataExists('/nowhere')], [true, false, false]);
});

test('a run is taken up from any folder', async () => {
  const { run } = await trainedWithin();
  await goesOn(run);
});

test('a folder that was moved together with its data goes on in its new place', async () => {
  const { folder } = await trainedWithin();
  const moved = `${folder}-moved`;
  renameSync(folder, moved);
  const home = process.cwd();
  process.chdir(moved);
  try {
    await goesOn('runs/a');
  } finally {
    process.chdir(home);
    renameSync(moved, folder);
  }
});

test('data that has moved is asked for, taken, and remembered', async () => {
  const { folder, run } = await trainedWithin();
  renameSync(join(folder, 'photos'), join(folder, 'elsewhere'));
  const { exitCode, stderr } = await gannet(['resume', run, '--steps', '3']);
  assert.is(exitCode, 4);
  assert.ok(stderr.includes(`no longer in ${join(folder, 'photos')}`), stderr);
  assert.ok(stderr.includes(`gannet resume ${run} --data FOLDER`), stderr);
  await goesOn(run, '--data', join(folder, 'elsewhere'));
  assert.is((await gannet(['resume', run, '--steps', '4'])).exitCode, 0);
});

test('other images are refused wherever they are, pixels of equal length among them', async () => {
  const { folder, run } = await trainedWithin();
  writeFileSync(join(folder, 'photos', '3.tif'), await greyTiff(255));
  const { exitCode, stderr } = await gannet(['resume', run, '--steps', '3']);
  assert.is(exitCode, 4);
  assert.match(stderr, /the images are not those that the checkpoint was written with/);
});

test('a key of another place is refused with the option to use', async () => {
  const { run } = await trainedWithin();
  const { exitCode, stderr } = await gannet(['resume', run, '--set', 'data=elsewhere']);
  assert.is(exitCode, 2);
  assert.match(stderr, /name where the images are now by --data/);
});

test('a run of version 0.1, whose fingerprint is of paths and sizes, goes on', async () => {
  const { folder, run } = await trainedWithin();
  asVersion01(run, 2);
  const path = join(run, 'checkpoints', 'step-000002', 'trainer_state.json');
  const { sha256: _, ...manifest } = JSON.parse(readFileSync(path, 'utf8'));
  const bytes = readFileSync(join(folder, 'photos', '0.tif')).length;
  const files = Array.from({ length: 8 }, (__, i) => [`${i}.tif`, { bytes, sha256: '' }] as const);
  manifest.state.data.fingerprint = fingerprintsOf(files).earlierFingerprint;
  writeManifest(path, manifest);
  await goesOn(run, '--data', join(folder, 'photos'));
});

test.run();
