import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openImageFolder } from '../../src/data/folder.ts';
import { uniformPng } from '../data/pictures.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { gannet, jsonLines } from './command.ts';

const home = temporaryFolder();
const earlier = process.env.XDG_CACHE_HOME;

test.before(() => {
  process.env.XDG_CACHE_HOME = home;
});

test.after(() => {
  if (earlier === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = earlier;
});

test('an empty cache is told, and where it lies', async () => {
  const { stdout, exitCode } = await gannet(['cache']);
  assert.equal([stdout, exitCode], [`0 B in ${join(home, 'gannet', 'images')}\n`, 0]);
});

test('decoded images are listed by their folder and settings, as text and as JSON, and removed', async () => {
  const photos = temporaryFolder({ 'a.png': await uniformPng(9, 9, [1, 2, 3]), 'b.png': await uniformPng(9, 9, [9]) });
  await openImageFolder(photos, { size: [4, 4], channels: 3, imageCache: { worthMs: 0, settledMs: 0 } });
  const { stdout } = await gannet(['cache']);
  assert.match(stdout, new RegExp(`^\\d+ B  2 images  4x4x3  ${photos}\\n\\d+ B in ${home}/gannet/images\\n$`));
  const [listed] = jsonLines((await gannet(['cache', '--json'])).stdout);
  const [entry] = (listed?.folders ?? []) as { folder: string; images: number; bytes: number }[];
  assert.equal([entry?.folder, entry?.images], [photos, 2]);
  const [cleared] = jsonLines((await gannet(['cache', '--clear', '--json'])).stdout);
  assert.is(cleared?.clearedBytes, entry?.bytes);
  assert.not.ok(existsSync(join(home, 'gannet', 'images')));
});

test('only decoded images are removed', async () => {
  mkdirSync(join(home, 'gannet', 'other'), { recursive: true });
  const { stdout } = await gannet(['cache', '--clear']);
  assert.is(stdout, `removed 0 B from ${join(home, 'gannet', 'images')}\n`);
  assert.ok(existsSync(join(home, 'gannet', 'other')));
});

test('a limit that is no size is wrong usage', async () => {
  const photos = temporaryFolder({ 'a.png': await uniformPng(9, 9, [1, 2, 3]) });
  process.env.GANNET_IMAGE_CACHE = 'much';
  try {
    const { exitCode, stderr } = await gannet(['data', photos, '--size', '4', '--out', join(home, 'x.png')]);
    assert.is(exitCode, 2);
    assert.match(stderr, /GANNET_IMAGE_CACHE: expected a size such as 20G/);
  } finally {
    delete process.env.GANNET_IMAGE_CACHE;
  }
});

test.run();
