import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { summariseSkipped } from '../../src/data/dataset.ts';
import { openImageFolder } from '../../src/data/folder.ts';
import { noisyJpeg, uniformPng } from './pictures.ts';
import { readBytes } from './read.ts';
import { rejects } from './rejects.ts';
import { addFiles, temporaryFolder } from './temporary.ts';

const format = { size: [2, 2], channels: 3 } as const;
let red: Uint8Array;
let green: Uint8Array;
let grey: Uint8Array;
let jpeg: Uint8Array;

test.before(async () => {
  red = await uniformPng(5, 9, [255, 0, 0]);
  green = await uniformPng(2, 2, [0, 255, 0]);
  grey = await uniformPng(30, 20, [128]);
  jpeg = await noisyJpeg();
});

const firstPixel = async (folder: string, index: number) =>
  (await readBytes(await openImageFolder(folder, format), index)).slice(0, 3);

test('images of all sizes, found recursively, whatever the case of their extension, in the order of their paths', async () => {
  const folder = temporaryFolder({ 'b.PNG': green, 'a/deep/er/x.png': red, 'c.Png': grey, 'notes.txt': 'no image' });
  const dataset = await openImageFolder(folder, format);
  assert.equal([dataset.count, dataset.size, dataset.channels], [3, [2, 2], 3]);
  assert.equal(await firstPixel(folder, 0), [255, 0, 0]);
  assert.equal(await firstPixel(folder, 1), [0, 255, 0]);
  assert.equal(await firstPixel(folder, 2), [128, 128, 128]);
  assert.equal(dataset.skipped, []);
});

test('hidden files and folders are left alone', async () => {
  const folder = temporaryFolder({ 'a.png': red, '._a.png': 'resource fork', '.thumbnails/t.png': green });
  const dataset = await openImageFolder(folder, format);
  assert.equal([dataset.count, dataset.skipped.length], [1, 0]);
});

test('names that libvips would read as options are only names', async () => {
  assert.equal(await firstPixel(temporaryFolder({ 'a[page=3].png': red, 'b, ü %d.png': green }), 1), [0, 255, 0]);
});

test('links are followed, one back up does not recurse for ever', async () => {
  const folder = temporaryFolder({ 'a/x.png': red });
  symlinkSync(folder, join(folder, 'a', 'up'));
  symlinkSync(temporaryFolder({ 'y.png': green }), join(folder, 'b'));
  symlinkSync(join(folder, 'gone'), join(folder, 'broken'));
  assert.is((await openImageFolder(folder, format)).count, 2);
});

test('a link to a neighbour is a folder of its own, and a class', async () => {
  const folder = temporaryFolder({ 'cats/1.png': red, 'cats/2.png': red });
  symlinkSync('cats', join(folder, 'dogs'));
  const dataset = await openImageFolder(folder, format);
  assert.equal(dataset.labels?.names, ['cats', 'dogs']);
  assert.equal([...(dataset.labels?.values ?? [])], [0, 0, 1, 1]);
});

test('a net of links with more paths than can be walked is refused', async () => {
  const folder = temporaryFolder({ '0/x.png': red });
  const names = Array.from({ length: 12 }, (_, i) => String(i));
  for (const name of names) mkdirSync(join(folder, name), { recursive: true });
  for (const from of names) for (const to of names) symlinkSync(join('..', to), join(folder, from, `to-${to}`));
  await rejects(() => openImageFolder(folder, format), 'data_links', /more than 100 ways/);
});

/** What was skipped of a folder, each as `path: reason`. */
const skippedOf = async (folder: string, options = {}) =>
  (await openImageFolder(folder, { ...format, ...options })).skipped.map(({ path, reason }) => `${path}: ${reason}`);

test('a named pipe, a device and a link to nothing are skipped by name', async () => {
  const folder = temporaryFolder({ 'a.png': red });
  execFileSync('mkfifo', [join(folder, 'pipe.png')]);
  symlinkSync('/dev/zero', join(folder, 'zero.png'));
  symlinkSync(join(folder, 'gone'), join(folder, 'link.png'));
  assert.equal(await skippedOf(folder), [
    'link.png: it is not there, or is a link to what is not there',
    'pipe.png: a named pipe, not a regular file',
    'zero.png: a device, not a regular file',
  ]);
});

test('an image with more pixels than maxPixels is skipped with both numbers', async () => {
  const folder = temporaryFolder({ 'large.png': grey, 'small.png': red });
  assert.equal(await skippedOf(folder, { maxPixels: 500 }), [
    'large.png: 30x20 pixels, more than the 500 that maxPixels allows',
  ]);
  assert.equal(await skippedOf(folder, { maxPixels: 600 }), []);
});

test('a small file that decodes to gigabytes is skipped by default', async () => {
  const bomb = Buffer.from(jpeg);
  const startOfFrame = bomb.indexOf(Buffer.from([0xff, 0xc0]));
  bomb.writeUInt16BE(16_383, startOfFrame + 5);
  bomb.writeUInt16BE(16_383, startOfFrame + 7);
  assert.equal(await skippedOf(temporaryFolder({ 'bomb.jpg': bomb, 'small.png': red })), [
    'bomb.jpg: 16383x16383 pixels, more than the 200000000 that maxPixels allows',
  ]);
});

test('names that are not UTF-8 are names, of files and of folders', async () => {
  const folder = temporaryFolder({ 'b.png': green });
  const latin1 = (path: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')]);
  mkdirSync(latin1('caf\xe9'));
  writeFileSync(latin1('caf\xe9/x.png'), red);
  writeFileSync(latin1('na\xefve.png'), 'no image');
  const dataset = await openImageFolder(folder, format);
  assert.is(dataset.count, 2);
  assert.equal((await readBytes(dataset, 1)).slice(0, 3), [255, 0, 0]);
  assert.equal(dataset.skipped, [{ path: 'na\\xEFve.png', reason: 'not an image of a known format' }]);
  const uncached = await openImageFolder(folder, { ...format, cacheBytes: 0 });
  assert.equal((await readBytes(uncached, 1)).slice(0, 3), [255, 0, 0]);
});

/** Runs `work` as a user that files may be kept from: none can be kept from the superuser. */
async function asOrdinaryUser(work: () => Promise<unknown>): Promise<void> {
  const isSuperuser = process.geteuid?.() === 0;
  if (isSuperuser) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (isSuperuser) process.seteuid?.(0);
  }
}

test('a folder that may not be read is named', async () => {
  const folder = temporaryFolder({ 'a/x.png': red });
  chmodSync(folder, 0o755);
  chmodSync(join(folder, 'a'), 0o000);
  const open = () => openImageFolder(folder, format);
  await asOrdinaryUser(() => rejects(open, 'data_unreadable', /\/a: cannot be read: EACCES/));
});

test('images of other kinds, and those without an ending, are counted and said', async () => {
  const folder = temporaryFolder({
    'a.png': red,
    'scan.pgm': 'P5\n2 2\n255\nabcd',
    'photo.CR2': 'II*\0',
    holiday: jpeg,
    README: 'This folder holds photos.',
    'notes.txt': 'no image',
  });
  assert.equal(await skippedOf(folder), [
    'scan.pgm: Netpbm cannot be decoded here; convert it to PNG',
    'holiday: JPEG whose name has no ending; give it .jpg',
    'photo.CR2: raw values of a camera cannot be decoded here; convert it to JPEG',
  ]);
});

test('the endings that are named are those of what can be read', () =>
  rejects(
    () => openImageFolder(temporaryFolder(), format),
    'data_empty',
    /\(\.jpg \.jpeg \.jpe \.jfif \.png \.webp \.gif \.tif \.tiff \.avif\)/,
  ));

test('the pictures of a run below the folder are no data, and the run is named', async () => {
  const folder = temporaryFolder({
    'a.png': red,
    'runs/first/config.json': '{}',
    'runs/first/checkpoints/step-000001/x': '',
    'runs/first/samples/step-000001.png': green,
    'drawings/config.json': '{}',
    'drawings/b.png': grey,
  });
  const dataset = await openImageFolder(folder, format);
  assert.is(dataset.count, 2);
  assert.equal(dataset.skipped, [{ path: 'runs/first/', reason: 'the folder of a run, whose pictures are no data' }]);
  await rejects(() => openImageFolder(join(folder, 'runs/first'), format), 'data_is_run', /runs\/first/);
  assert.is((await openImageFolder(join(folder, 'runs/first/samples'), format)).count, 1, 'named outright');
});

test('sub-folders are labels', async () => {
  const folder = temporaryFolder({
    'cat/1.png': red,
    'cat/2/deep.png': red,
    'Dog/1.png': green,
    'empty/readme.txt': '',
  });
  const { labels } = await openImageFolder(folder, format);
  assert.equal(labels?.names, ['Dog', 'cat']);
  assert.equal([...(labels?.values ?? [])], [0, 1, 1]);
});

test('one sub-folder, or images beside the sub-folders, are no labels', async () => {
  assert.is((await openImageFolder(temporaryFolder({ 'a/1.png': red, 'a/2.png': red }), format)).labels, undefined);
  const mixed = temporaryFolder({ 'a/1.png': red, 'b/2.png': red, '3.png': red });
  assert.is((await openImageFolder(mixed, format)).labels, undefined);
});

const bad = () => ({
  'truncated.jpg': jpeg.subarray(0, jpeg.length / 2),
  'text.png': 'this is text',
  'zero.png': '',
});

test('bad files among good ones are skipped, counted and named with the reason', async () => {
  const folder = temporaryFolder({ ...bad(), 'good.png': green, 'whole.jpg': jpeg });
  const dataset = await openImageFolder(folder, format);
  assert.is(dataset.count, 2);
  assert.equal(
    dataset.skipped.map(({ path }) => path),
    ['text.png', 'truncated.jpg', 'zero.png'],
  );
  assert.is(
    summariseSkipped(dataset.skipped),
    'skipped 3 files: text.png (not an image of a known format), truncated.jpg (damaged or incomplete JPEG), zero.png (empty file)',
  );
  assert.equal(await readBytes(dataset, 0), Array(4).fill([0, 255, 0]).flat());
});

test('of many skipped files, some are named for each of the most frequent reasons', () => {
  const skipped = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((reason, i) =>
    Array.from({ length: i + 1 }, (_, n) => ({ path: `${reason}${n}`, reason })),
  );
  assert.is(
    summariseSkipped(skipped, 2),
    'skipped 21 files: f0, f1 and 4 more (f), e0, e1 and 3 more (e), d0, d1 and 2 more (d), c0, c1 and 1 more (c), b0, b1 (b), and 1 more for other reasons',
  );
});

test('nothing skipped is nothing said', () => assert.is(summariseSkipped([]), ''));

test('a folder of bad files alone is refused, and says why', () =>
  rejects(
    () => openImageFolder(temporaryFolder(bad()), format),
    'data_all_bad',
    /skipped 3 files/,
    /zero\.png \(empty file\)/,
  ));

test('a missing folder, an empty one, one without images and a file are refused', async () => {
  const open = (path: string) => openImageFolder(path, format);
  const folder = temporaryFolder({ 'text/notes.txt': '', 'file.png': red });
  await rejects(() => open(join(folder, 'absent')), 'data_not_found', /absent/);
  await rejects(() => open(temporaryFolder()), 'data_empty');
  await rejects(() => open(join(folder, 'text')), 'data_empty', /\.jpg/);
  await rejects(() => open(join(folder, 'file.png')), 'data_not_folder');
});

test('what the cache does not hold is decoded again, to the same values', async () => {
  const folder = temporaryFolder({ 'a.png': red, 'b.jpg': jpeg, 'bad.png': 'x', 'c.png': grey });
  const whole = await openImageFolder(folder, format);
  const half = await openImageFolder(folder, { ...format, cacheBytes: 12 });
  const none = await openImageFolder(folder, { ...format, cacheBytes: 0 });
  const buffer = new Float32Array(12);
  assert.is(half.read(0, buffer, 0), undefined);
  assert.instance(half.read(1, buffer, 0), Promise);
  for (let index = 0; index < 3; index++) {
    const expected = await readBytes(whole, index);
    assert.equal(await readBytes(half, index), expected);
    assert.equal(await readBytes(none, index), expected);
  }
  assert.is(none.fingerprint, whole.fingerprint);
});

test('a file that vanishes while training is named', async () => {
  const folder = temporaryFolder({ 'a.png': red });
  const dataset = await openImageFolder(folder, { ...format, cacheBytes: 0 });
  rmSync(join(folder, 'a.png'));
  await rejects(() => dataset.read(0, new Float32Array(12), 0), 'data_changed', /a\.png/);
});

test('a file that is rewritten while training is named, though it is a whole image still', async () => {
  const folder = temporaryFolder({ 'a.png': red, 'b.png': red });
  const dataset = await openImageFolder(folder, { ...format, cacheBytes: 0 });
  addFiles(folder, { 'a.png': green });
  await rejects(() => dataset.read(0, new Float32Array(12), 0), 'data_changed', /a\.png: .* rewritten since/);
  assert.equal(await readBytes(dataset, 1), await readBytes(await openImageFolder(folder, format), 1));
});

test('the fingerprint changes with an added, renamed or replaced file', async () => {
  const folder = temporaryFolder({ 'a.png': red });
  const fingerprint = async () => (await openImageFolder(folder, format)).fingerprint;
  const seen = [await fingerprint()];
  assert.is(await fingerprint(), seen[0]);
  addFiles(folder, { 'b.png': red });
  seen.push(await fingerprint());
  addFiles(folder, { 'b.png': grey });
  seen.push(await fingerprint());
  rmSync(join(folder, 'b.png'));
  addFiles(folder, { 'c.png': grey });
  seen.push(await fingerprint());
  assert.is(new Set(seen).size, 4);
});

test('progress counts every file, bad ones too', async () => {
  const calls: string[] = [];
  const onProgress = (done: number, total: number) => calls.push(`${done}/${total}`);
  await openImageFolder(temporaryFolder({ ...bad(), 'a.png': red }), { ...format, onProgress });
  assert.equal(calls, ['1/4', '2/4', '3/4', '4/4']);
});

test('an abort ends the decoding', async () => {
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`${i}.png`, red]));
  const abort = new AbortController();
  let seen = 0;
  const onProgress = () => {
    if (++seen === 3) abort.abort(new Error('enough'));
  };
  const opening = openImageFolder(temporaryFolder(files), { ...format, onProgress, signal: abort.signal });
  assert.is(
    await opening.then(
      () => 'opened',
      (error) => error.message,
    ),
    'enough',
  );
  assert.ok(seen < 20);
});

test.run();
