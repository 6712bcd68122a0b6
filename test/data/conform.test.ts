import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ImageSize } from '../../src/config/index.ts';
import { conformImages } from '../../src/data/conform.ts';
import type { Channels, PackedImages } from '../../src/data/pixels.ts';
import { rejects } from './rejects.ts';

/** Noise, so that every pixel that leaks from one image into the next shows. */
function noise(count: number, size: ImageSize, channels: Channels): PackedImages {
  const length = count * size[0] * size[1] * channels;
  return { count, size, channels, pixels: Uint8Array.from({ length }, (_, i) => Math.imul(i, 2654435761) >>> 24) };
}

const conform = (images: PackedImages, size: ImageSize, channels = images.channels, onBlack = false) =>
  conformImages(images, { size, channels }, { onBlack });

/** The largest difference between image `index` of `actual` and that image resized on its own. */
async function distance(actual: PackedImages, source: PackedImages, index: number): Promise<number> {
  const elements = source.pixels.length / source.count;
  const [height, width] = source.size;
  const expected = await sharp(source.pixels.subarray(index * elements, (index + 1) * elements), {
    raw: { width, height, channels: source.channels },
  })
    .resize(actual.size[1], actual.size[0], { fit: 'fill' })
    .toColourspace(source.channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer();
  return Math.max(
    ...expected.map((value, i) => Math.abs(value - (actual.pixels[index * expected.length + i] ?? -999))),
  );
}

for (const [from, to] of [
  [
    [28, 28],
    [64, 64],
  ],
  [
    [28, 28],
    [31, 31],
  ],
  [
    [28, 28],
    [20, 20],
  ],
  [
    [32, 32],
    [64, 64],
  ],
  [
    [12, 18],
    [16, 24],
  ],
  [
    [9, 9],
    [3, 3],
  ],
] as [ImageSize, ImageSize][]) {
  for (const channels of [1, 3] as const) {
    test(`${from} -> ${to}, ${channels} channels: many at once as each on its own`, async () => {
      const source = noise(5, from, channels);
      const result = await conform(source, to);
      assert.equal([result.count, result.size, result.channels], [5, to, channels]);
      assert.is(result.pixels.length, 5 * to[0] * to[1] * channels);
      for (let index = 0; index < 5; index++) assert.ok((await distance(result, source, index)) <= 1);
    });
  }
}

test('more images than one strip holds', async () => {
  const source = noise(40, [8, 8], 3);
  const seen: string[] = [];
  const onProgress = (done: number, total: number) => seen.push(`${done}/${total}`);
  const result = await conformImages(source, { size: [160, 160], channels: 3 }, { onBlack: false, onProgress });
  assert.ok(seen.length > 1, 'several strips');
  assert.is(seen.at(-1), '40/40');
  for (const index of [0, 13, 39]) assert.ok((await distance(result, source, index)) <= 1);
});

test('another shape keeps the middle', async () => {
  const pixels = new Uint8Array(4 * 8).map((_, i) => (i % 8 >= 2 && i % 8 < 6 ? 200 : 10));
  const wide = await conform({ count: 1, size: [4, 8], channels: 1, pixels }, [2, 2]);
  assert.equal([...wide.pixels], [200, 200, 200, 200]);
  const rows = new Uint8Array(8 * 4).map((_, i) => (i >= 8 && i < 24 ? 200 : 10));
  const tall = await conform({ count: 1, size: [8, 4], channels: 1, pixels: rows }, [2, 2]);
  assert.equal([...tall.pixels], [200, 200, 200, 200]);
});

test('a border only for images on black, and only up to a quarter of the side', async () => {
  const white: PackedImages = { count: 1, size: [8, 8], channels: 1, pixels: new Uint8Array(64).fill(255) };
  assert.is(Math.min(...(await conform(white, [10, 10], 1, true)).pixels), 0);
  assert.is(Math.min(...(await conform(white, [10, 10], 1, false)).pixels), 255);
  assert.is(Math.min(...(await conform(white, [12, 12], 1, true)).pixels), 255);
});

test('grey from RGB at the size it has', async () => {
  const pixels = Uint8Array.of(255, 255, 255, 0, 0, 0, 50, 50, 50, 9, 9, 9);
  const result = await conform({ count: 1, size: [2, 2], channels: 3, pixels }, [2, 2], 1);
  assert.equal([result.channels, ...result.pixels], [1, 255, 0, 50, 9]);
});

test('nothing to do hands back the very images', async () => {
  const source = noise(2, [4, 4], 3);
  assert.is(await conform(source, [4, 4]), source);
});

test('sizes and channels that no image has are refused', async () => {
  await rejects(() => conform(noise(1, [4, 4], 1), [4, -1]), 'image_size', /-1x4/);
  await rejects(() => conform(noise(1, [4, 4], 1), [4, 4], 2 as Channels), 'image_channels', /received 2/);
});

test('a fourth channel is opaque, a grey value goes into the three others', async () => {
  const grey = await conform({ count: 1, size: [1, 2], channels: 1, pixels: Uint8Array.of(5, 9) }, [1, 2], 4);
  assert.equal([...grey.pixels], [5, 5, 5, 255, 9, 9, 9, 255]);
  const colour = await conform({ count: 1, size: [1, 1], channels: 3, pixels: Uint8Array.of(1, 2, 3) }, [1, 1], 4);
  assert.equal([...colour.pixels], [1, 2, 3, 255]);
});

test.run();
