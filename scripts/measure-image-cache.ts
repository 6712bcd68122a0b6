/** Times the opening of a folder of small photos: without the cache of decoded images, with an empty one, and with what it then holds.
 *  Usage: npm run measure:image-cache [-- IMAGES] */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { openDataset } from '../src/data/index.ts';
import { philox4x32 } from '../src/data/random.ts';

/** Those of CelebA's aligned faces. */
const [WIDTH, HEIGHT] = [178, 218];
const SIZE = 64;
const ROUNDS = 3;

/** A photo-like picture, different for each number: blurred noise, which a JPEG stores as details of every size. */
async function photo(number: number): Promise<Buffer> {
  const [width, height] = [23, 28];
  const samples = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => philox4x32([i, number, 0, 0], [7, 7])[0] >>> 24,
  );
  return sharp(samples, { raw: { width, height, channels: 3 } })
    .resize(WIDTH, HEIGHT, { fit: 'fill' })
    .jpeg({ quality: 90 })
    .toBuffer();
}

async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

const count = Number(process.argv[2] ?? 3600);
const scratch = await mkdtemp(join(tmpdir(), 'gannet-image-cache-'));
try {
  for (let i = 0; i < count; i++) await writeFile(join(scratch, `${i}.jpg`), await photo(i));
  const open = (folder: string | false) =>
    openDataset(scratch, { size: SIZE, imageCache: folder === false ? false : { folder, worthMs: 0, settledMs: 0 } });
  await open(false);
  const times: Record<'without a cache' | 'filling the cache' | 'from the cache', number[]> = {
    'without a cache': [],
    'filling the cache': [],
    'from the cache': [],
  };
  for (let round = 0; round < ROUNDS; round++) {
    const store = await mkdtemp(join(tmpdir(), 'gannet-image-store-'));
    try {
      times['without a cache'].push(await timeMs(() => open(false)));
      times['filling the cache'].push(await timeMs(() => open(store)));
      times['from the cache'].push(await timeMs(() => open(store)));
    } finally {
      await rm(store, { recursive: true, force: true });
    }
  }
  console.log(`${count} JPEGs of ${WIDTH}x${HEIGHT}, opened at ${SIZE}x${SIZE}; median of ${ROUNDS} rounds, in turns`);
  for (const [name, values] of Object.entries(times))
    console.log(`${name.padEnd(18)} ${(median(values) / 1000).toFixed(2)} s`);
} finally {
  await rm(scratch, { recursive: true, force: true });
}
