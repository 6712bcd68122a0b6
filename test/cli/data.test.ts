import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { uniformPng } from '../data/pictures.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { gannet, jsonLines, tinyTraining } from './command.ts';

/** Four photos: two red ones, a green one, and a blue one that the labels do not name. */
async function labelledPhotos(): Promise<string> {
  return temporaryFolder({
    'a.png': await uniformPng(32, 32, [255, 0, 0]),
    'b.png': await uniformPng(32, 32, [0, 255, 0]),
    'c.png': await uniformPng(32, 32, [255, 0, 0]),
    'd.png': await uniformPng(32, 32, [0, 0, 255]),
    'labels.csv': 'name,label\nb.png,green\na.png,red\nc.png,red\ngone.png,red\n',
    'traits.csv': 'name,warm,dark\na.png,1,0\nb.png,0,0\nc.png,1,1\nd.png,0,1\n',
  });
}

test('the images of each class are counted, and what has no label or no image is named', async () => {
  const data = await labelledPhotos();
  const out = join(temporaryFolder(), 'x.png');
  const { stdout, exitCode } = await gannet(['data', data, '--size', '32', '--labels', 'labels.csv', '--out', out]);
  assert.is(exitCode, 0);
  const [images, classes, skipped] = stdout.split('\n');
  assert.is(images, `${data}: 3 images of 32x32, colour`);
  assert.is(classes, 'classes: green (1), red (2)');
  assert.match(
    skipped ?? '',
    /^skipped 2 files: d\.png \(has no label in .*\), gone\.png \(named in .*, but not there\)$/,
  );
});

test('the preview has a row for each class, with its images', async () => {
  const data = await labelledPhotos();
  const out = join(temporaryFolder(), 'x.png');
  await gannet(['data', data, '--size', '32', '--labels', join(data, 'labels.csv'), '--out', out]);
  const { data: pixels, info } = await sharp(readFileSync(out)).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...pixels.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
  const [green, red, white] = [
    [0, 255, 0],
    [255, 0, 0],
    [255, 255, 255],
  ];
  const [first, second] = [info.width - 68 - 30, info.width - 30];
  assert.equal([at(first, 30), at(second, 30)], [green, white]);
  assert.equal([at(first, 100), at(second, 100)], [red, red]);
});

test('attributes are chosen, counted, and shown as JSON', async () => {
  const data = await labelledPhotos();
  const out = join(temporaryFolder(), 'x.png');
  const flags = ['--labels', 'traits.csv', '--attributes', 'dark, warm', '--out', out, '--json'];
  const [summary] = jsonLines((await gannet(['data', data, '--size', '16', ...flags])).stdout);
  assert.equal(summary?.attributes, ['dark', 'warm']);
  assert.equal(summary?.imagesByLabel, { dark: 2, warm: 2 });
  assert.equal(summary?.classes, []);
});

test('an unknown attribute is wrong data, with the nearest name', async () => {
  const data = await labelledPhotos();
  const flags = ['--size', '16', '--labels', 'traits.csv', '--attributes', 'wram'];
  const { exitCode, stderr } = await gannet(['data', data, ...flags]);
  assert.is(exitCode, 4);
  assert.match(stderr, /has no attribute 'wram'. Did you mean 'warm'\?/);
});

test('training takes the same flags, keeps them in its configuration, and goes on with them', async () => {
  const images = Array.from({ length: 10 }, (_, i) => i);
  const files = await Promise.all(images.map(async (i) => [`${i}.png`, await uniformPng(16, 16, [20 * i])] as const));
  const rows = images.slice(0, 9).map((i) => `${i}.png,${i % 2},1\n`);
  const data = temporaryFolder({ ...Object.fromEntries(files), 'x.csv': `name,odd,any\n${rows.join('')}` });
  const run = join(temporaryFolder(), 'run');
  const flags = ['--data', data, '--labels', 'x.csv', '--attributes', 'odd', '--out', run];
  const { stdout, stderr, exitCode } = await gannet(tinyTraining(...flags));
  assert.is(exitCode, 0, stderr);
  assert.match(stdout, /skipped 1 file: 9\.png \(has no label in .*x\.csv\)/);
  const config = JSON.parse(readFileSync(join(run, 'config.json'), 'utf8'));
  assert.equal([config.labelFile, config.attributes], ['x.csv', ['odd']]);
  const resumed = await gannet(['resume', run, '--steps', '8', '--json']);
  assert.is(resumed.exitCode, 0, resumed.stderr);
  const relabelled = await gannet(['resume', run, '--steps', '9', '--set', 'attributes=["any"]']);
  assert.is(relabelled.exitCode, 4);
  assert.match(relabelled.stderr, /not those that the checkpoint was written with/);
});

test('a part of the data is looked at by its name', async () => {
  const out = join(temporaryFolder(), 'x.png');
  const [summary] = jsonLines((await gannet(['data', 'mnist', '--split', 'test', '--out', out, '--json'])).stdout);
  assert.is(summary?.count, 10_000);
  assert.is(Object.values(summary?.imagesByLabel ?? {})[7], 1028);
});

test.run();
