import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ImageCacheOptions } from '../../src/data/cache/image_cache.ts';
import { clearImageCache, limitFromEnvironment, listImageCache } from '../../src/data/cache/store.ts';
import { type FolderOptions, openImageFolder } from '../../src/data/folder.ts';
import { STARTER } from '../starter.ts';
import { uniformPng } from './pictures.ts';
import { readBytes } from './read.ts';
import { rejects } from './rejects.ts';
import { addFiles, temporaryFolder } from './temporary.ts';

const format = { size: [2, 2], channels: 3 } as const;
/** Keeps images at once, however young and quickly decoded. */
const eager = (folder: string, options: ImageCacheOptions = {}): ImageCacheOptions => ({
  ...{ folder, worthMs: 0, settledMs: 0 },
  ...options,
});

let colours: Record<string, Uint8Array>;

test.before(async () => {
  colours = {
    'a.png': await uniformPng(4, 4, [255, 0, 0]),
    'b.png': await uniformPng(4, 4, [0, 255, 0]),
    'c/d.png': await uniformPng(4, 4, [0, 0, 255]),
  };
});

const segmentsOf = (store: string): string[] =>
  (readdirSync(store, { recursive: true }) as string[])
    .filter((name) => name.endsWith('.images'))
    .map((name) => join(store, name));

/** How many images these segments hold. */
const imagesIn = (segments: readonly string[]): number =>
  segments.reduce((sum, file) => {
    const bytes = readFileSync(file);
    return sum + JSON.parse(String(bytes.subarray(4, 4 + bytes.readUInt32LE()))).images.length;
  }, 0);

/** Opens a folder, and tells its pixels, how many images are kept then, and how many had to be decoded for that. */
async function look(folder: string, store: string, options: Partial<FolderOptions> = {}) {
  const before = segmentsOf(store);
  const dataset = await openImageFolder(folder, { ...format, imageCache: eager(store), ...options });
  const after = segmentsOf(store);
  const pixels: number[][] = [];
  for (let i = 0; i < dataset.count; i++) pixels.push((await readBytes(dataset, i)).slice(0, 3));
  const decoded = imagesIn(after.filter((file) => !before.includes(file)));
  return { pixels, fingerprint: dataset.fingerprint, kept: imagesIn(after), decoded };
}

const COLOURS = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
];

test('what was decoded once is not decoded again: same pixels, same fingerprint', async () => {
  const [folder, store] = [temporaryFolder(colours), temporaryFolder()];
  const first = await look(folder, store);
  assert.equal([first.pixels, first.decoded], [COLOURS, 3]);
  const second = await look(folder, store);
  assert.equal([second.pixels, second.decoded, second.fingerprint], [COLOURS, 0, first.fingerprint]);
  const without = await openImageFolder(folder, { ...format, imageCache: false });
  assert.is(without.fingerprint, first.fingerprint);
});

test('an image whose pixels are damaged is decoded anew, the others are not', async () => {
  const [folder, store] = [temporaryFolder(colours), temporaryFolder()];
  await look(folder, store);
  const [segment] = segmentsOf(store);
  const bytes = readFileSync(segment as string);
  bytes[bytes.length - 1] = 7;
  writeFileSync(segment as string, bytes);
  const { pixels, decoded } = await look(folder, store);
  assert.equal([pixels, decoded], [COLOURS, 1]);
});

test('only a file that was added, rewritten or touched is decoded', async () => {
  const [folder, store] = [temporaryFolder(colours), temporaryFolder()];
  const { fingerprint } = await look(folder, store);
  addFiles(folder, { 'e.png': colours['a.png'] as Uint8Array });
  assert.is((await look(folder, store)).decoded, 1);
  rmSync(join(folder, 'e.png'));
  utimesSync(join(folder, 'b.png'), 1e9, 1e9);
  const touched = await look(folder, store);
  assert.equal([touched.decoded, touched.fingerprint], [1, fingerprint]);
  addFiles(folder, { 'b.png': colours['a.png'] as Uint8Array });
  const rewritten = await look(folder, store);
  assert.equal([rewritten.decoded, rewritten.pixels[1]], [1, [255, 0, 0]]);
  assert.is.not(rewritten.fingerprint, fingerprint);
});

test('a file of the same size and time of modification, written over since, is noticed', async () => {
  const [folder, store] = [temporaryFolder(colours), temporaryFolder()];
  const file = join(folder, 'a.png');
  utimesSync(file, 1e9, 1e9);
  await look(folder, store);
  const other = await uniformPng(4, 4, [254, 0, 0]);
  assert.is(other.length, statSync(file).size);
  writeFileSync(file, other);
  utimesSync(file, 1e9, 1e9);
  assert.equal((await look(folder, store)).pixels[0], [254, 0, 0]);
});

test('other settings are another cache', async () => {
  const [folder, store] = [temporaryFolder(colours), temporaryFolder()];
  await look(folder, store);
  for (const settings of [{ size: [4, 4] as const }, { channels: 1 as const }, { crop: 1 }, { maxPixels: 99 }]) {
    assert.is((await look(folder, store, settings)).decoded, 3, JSON.stringify(settings));
  }
  assert.is((await look(folder, store)).decoded, 0);
});

test('what does not fit into memory is read from the cache, even when its file has gone', async () => {
  const [folder, store] = [temporaryFolder(colours), temporaryFolder()];
  for (let opening = 0; opening < 2; opening++) {
    const dataset = await openImageFolder(folder, { ...format, cacheBytes: 12, imageCache: eager(store) });
    if (opening === 1) rmSync(join(folder, 'c/d.png'));
    assert.equal((await readBytes(dataset, 2)).slice(0, 3), [0, 0, 255]);
  }
});

test('a segment that is cut short, damaged or empty is removed, and its images are decoded', async () => {
  const damages: ((file: string) => void)[] = [
    (file) => truncateSync(file, statSync(file).size - 1),
    (file) => truncateSync(file, 0),
    (file) => {
      const bytes = readFileSync(file);
      bytes[20] = (bytes[20] as number) ^ 1;
      writeFileSync(file, bytes);
    },
    (file) => writeFileSync(file, Buffer.alloc(64, 0xff)),
  ];
  for (const damage of damages) {
    const [folder, store] = [temporaryFolder(colours), temporaryFolder()];
    await look(folder, store);
    const [before] = segmentsOf(store) as [string];
    damage(before);
    const dataset = await openImageFolder(folder, { ...format, imageCache: eager(store) });
    assert.equal((await readBytes(dataset, 1)).slice(0, 3), [0, 255, 0]);
    const after = segmentsOf(store);
    assert.is(after.length, 1);
    assert.is.not(after[0], before);
  }
});

test('a process that was killed while it wrote leaves nothing that is read', async () => {
  const [folder, store] = [temporaryFolder(colours), temporaryFolder()];
  await look(folder, store);
  const [segment] = segmentsOf(store) as [string];
  writeFileSync(`${segment}.tmp`, readFileSync(segment).subarray(0, 50));
  assert.equal((await look(folder, store)).decoded, 0);
  utimesSync(`${segment}.tmp`, 1e9, 1e9);
  addFiles(folder, { 'e.png': colours['a.png'] as Uint8Array });
  await look(folder, store);
  assert.not.ok(readdirSync(join(segment, '..')).some((name) => name.endsWith('.tmp')));
});

test('decoding that is broken off keeps what it had decoded', async () => {
  const [folder, store] = [temporaryFolder(colours), temporaryFolder()];
  const abort = new AbortController();
  const onProgress = (done: number) => done === 1 && abort.abort(new Error('enough'));
  const options = { ...format, imageCache: eager(store), signal: abort.signal, onProgress };
  await openImageFolder(folder, options as FolderOptions).catch((error) => assert.is(error.message, 'enough'));
  const { kept } = await look(folder, store);
  assert.is(kept, 3);
  const counts = segmentsOf(store).map((file) => imagesIn([file]));
  assert.ok(counts.length === 2 && !counts.includes(3), `${counts}`);
});

test('segments of which nothing is of use are removed; those of images that nobody asked for stay', async () => {
  const [folder, store] = [temporaryFolder(colours), temporaryFolder()];
  await look(folder, store);
  addFiles(folder, { 'e.png': colours['a.png'] as Uint8Array });
  const table = { source: 'x', kind: 'classes' as const, names: ['x'], rows: new Map([['e.png', [0]]]) };
  assert.is((await look(folder, store, { labels: table })).decoded, 1);
  assert.is((await look(folder, store)).decoded, 0);
  for (const path of [...Object.keys(colours), 'e.png']) utimesSync(join(folder, path), 1e9, 1e9);
  const { kept } = await look(folder, store);
  assert.equal([kept, segmentsOf(store).length], [4, 1]);
});

test('the limit holds: the segments that were used longest ago make room, never those of this folder', async () => {
  const store = temporaryFolder();
  const [old, recent, present] = [temporaryFolder(colours), temporaryFolder(colours), temporaryFolder(colours)];
  await look(old, store);
  const bytes = statSync(segmentsOf(store)[0] as string).size;
  await look(recent, store);
  for (const file of segmentsOf(store)) utimesSync(file, 1e9, 1e9);
  await look(recent, store);
  const limited = { imageCache: eager(store, { limitBytes: 2 * bytes + 100 }) };
  assert.is((await look(present, store, limited)).decoded, 3);
  assert.equal((await listImageCache(store)).map(({ folder }) => folder).sort(), [recent, present].sort());
  const none = await openImageFolder(temporaryFolder(colours), {
    ...format,
    imageCache: eager(store, { limitBytes: 50 }),
  });
  assert.match(none.notes?.[0] ?? '', /not all decoded images were kept in .*: it may hold 50 bytes/);
});

test('a limit of 0 keeps nothing and looks for nothing', async () => {
  const [folder, store] = [temporaryFolder(colours), temporaryFolder()];
  assert.is((await look(folder, store, { imageCache: eager(store, { limitBytes: 0 }) })).kept, 0);
});

test('a file that may still change within its time stamp, and decoding that takes no time, are not kept', async () => {
  const [folder, store] = [temporaryFolder(colours), temporaryFolder()];
  assert.is((await look(folder, store, { imageCache: eager(store, { settledMs: 3_600_000 }) })).kept, 0);
  assert.is((await look(folder, store, { imageCache: eager(store, { worthMs: 3_600_000 }) })).kept, 0);
});

test('where nothing can be written, images are decoded all the same, and it is said', async () => {
  const folder = temporaryFolder(colours);
  const store = join(temporaryFolder({ file: 'x' }), 'file');
  const dataset = await openImageFolder(folder, { ...format, imageCache: eager(store) });
  assert.is(dataset.count, 3);
  assert.match(dataset.notes?.[0] ?? '', /could not be kept in .* \(ENOTDIR\)\./);
});

test('only its owner can read the cache', async () => {
  const [folder, store] = [temporaryFolder(colours), temporaryFolder()];
  chmodSync(store, 0o755);
  await look(folder, store);
  const [segment] = segmentsOf(store) as [string];
  assert.equal([statSync(segment).mode & 0o077, statSync(join(segment, '..')).mode & 0o077], [0, 0]);
});

test('two processes may open one folder at once', async () => {
  const [folder, store] = [temporaryFolder(colours), temporaryFolder()];
  const script = `
    import { openImageFolder } from ${JSON.stringify(join(dirname(fileURLToPath(import.meta.url)), '../../src/data/folder.ts'))};
    const cache = { folder: ${JSON.stringify(store)}, worthMs: 0, settledMs: 0 };
    for (let i = 0; i < 20; i++) {
      const { count } = await openImageFolder(${JSON.stringify(folder)}, { size: [2, 2], channels: 3, imageCache: cache });
      if (count !== 3) throw new Error('lost an image');
    }`;
  const file = join(temporaryFolder({ 'open.mjs': script }), 'open.mjs');
  const processes = [1, 2].map(() => spawn(process.execPath, ['--import', STARTER, file], { stdio: 'inherit' }));
  const codes = await Promise.all(processes.map(async (child) => (await once(child, 'exit'))[0]));
  assert.equal(codes, [0, 0]);
  const { pixels, decoded } = await look(folder, store);
  assert.equal([pixels, decoded], [COLOURS, 0]);
  assert.is(segmentsOf(store).length, 1);
});

test('the cache is listed by folder and settings, and cleared', async () => {
  const [folder, store] = [temporaryFolder(colours), temporaryFolder()];
  await look(folder, store);
  await look(folder, store, { size: [4, 4], crop: 3 });
  const listed = await listImageCache(store);
  assert.equal(
    listed.map(({ settings, images }) => [settings, images]),
    [
      ['4x4x3, crop 3', 3],
      ['2x2x3', 3],
    ],
  );
  const bytes = listed.reduce((sum, entry) => sum + entry.bytes, 0);
  assert.is(await clearImageCache(store), bytes);
  assert.equal(await listImageCache(store), []);
});

test('the limit is a number with a unit, or 0', async () => {
  assert.equal(['20G', '0', '1.5 MiB', '512k', undefined].map(limitFromEnvironment), [
    20 * 2 ** 30,
    0,
    1.5 * 2 ** 20,
    2 ** 19,
    10 * 2 ** 30,
  ]);
  await rejects(
    () => limitFromEnvironment('much'),
    'image_cache_size',
    /GANNET_IMAGE_CACHE: .* such as 20G, .* 'much'/,
  );
});

test.run();
