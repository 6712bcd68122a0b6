import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasColour } from '../../src/data/index.ts';
import { cifar10Folder, idxFolder } from '../data/packed_files.ts';
import { uniformPng } from '../data/pictures.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { gannet, jsonLines, tinyTraining } from './command.ts';

/** A folder of ten pictures, all in this colour but the seventh. */
async function pictures(colour: readonly number[], seventh: readonly number[] = colour): Promise<string> {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < 10; i++) files[`${i}.png`] = await uniformPng(16, 16, i === 6 ? seventh : colour);
  return temporaryFolder(files);
}

const ORANGE = [250, 120, 0];
const GREY = [90, 90, 90];

/** The dry run of a recipe for grey images, and the channels it would train with. */
async function rehearsal(...more: string[]): Promise<{ text: string; channels: unknown }> {
  const argv = tinyTraining('--dry-run', ...more);
  const { exitCode, stdout, stderr } = await gannet(argv);
  assert.is(exitCode, 0, stderr);
  const [plan] = jsonLines((await gannet([...argv, '--json'])).stdout) as [{ config: { channels: unknown } }];
  return { text: stdout, channels: plan.config.channels };
}

test('a recipe for grey images takes the colours of the data, and says so', async () => {
  const { text, channels } = await rehearsal('--data', await pictures(ORANGE));
  assert.is(channels, 3);
  assert.match(text, /^Channels: 3, since the images are in colour; for grey images, .* say --channels 1$/m);
});

test('one image in colour is enough', async () => {
  assert.is((await rehearsal('--data', await pictures(GREY, ORANGE))).channels, 3);
});

test('images that are grey, in whatever way they are stored, stay grey without a word', async () => {
  for (const colour of [GREY, [100], [90, 95, 100]]) {
    const { text, channels } = await rehearsal('--data', await pictures(colour));
    assert.is(channels, 1);
    assert.not.match(text, /^Channels:/m);
  }
});

test('channels that are asked for are taken, and what becomes of the colours is said', async () => {
  const data = await pictures(ORANGE);
  for (const flag of [
    ['--channels', '1'],
    ['--set', 'channels=1'],
  ]) {
    const { text, channels } = await rehearsal('--data', data, ...flag);
    assert.is(channels, 1);
    assert.match(text, /^Channels: 1, as was asked; the images are in colour and become grey$/m);
  }
  assert.is((await rehearsal('--data', await pictures(GREY), '--channels', '3')).channels, 3);
});

test('a training says it too, and its run keeps the channels', async () => {
  const run = join(temporaryFolder(), 'run');
  const { exitCode, stderr } = await gannet(tinyTraining('--data', await pictures(ORANGE), '--out', run));
  assert.is(exitCode, 0, stderr);
  assert.match(stderr, /Channels: 3, since the images are in colour/);
  assert.is(JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')).channels, 3);
});

test('packed data sets have the colours of their format', async () => {
  assert.is(await hasColour('mnist'), false);
  assert.is(await hasColour('emoji'), true);
  assert.is(await hasColour(temporaryFolder(idxFolder(2, 4, 4))), false);
  assert.is(await hasColour(temporaryFolder(cifar10Folder(1))), true);
  assert.is(await hasColour('neither a folder nor a name'), false);
});

test.run();
