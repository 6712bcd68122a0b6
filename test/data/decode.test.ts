import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeImage } from '../../src/data/decode.ts';
import type { Channels } from '../../src/data/pixels.ts';
import { noisyJpeg, uniform, uniformPng } from './pictures.ts';
import { uniformTiff } from './tiffs.ts';

const decode = async (bytes: Uint8Array, height = 2, width = 2, channels: Channels = 3, crop = 0) => [
  ...(await decodeImage(bytes, { size: [height, width], channels, maxPixels: 1e9, crop })),
];

const near = (actual: number[], expected: number[], tolerance: number) => {
  assert.is(actual.length, expected.length);
  const worst = Math.max(...actual.map((value, i) => Math.abs(value - (expected[i] ?? 0))));
  assert.ok(worst <= tolerance, `${actual} is not ${expected} within ${tolerance}`);
};

const repeat = (count: number, ...colour: number[]) => Array(count).fill(colour).flat();

test('RGB and grey keep their values, in either number of channels', async () => {
  assert.equal(await decode(await uniformPng(2, 2, [10, 20, 30])), repeat(4, 10, 20, 30));
  assert.equal(await decode(await uniformPng(2, 2, [77]), 2, 2, 1), repeat(4, 77));
  assert.equal(await decode(await uniformPng(2, 2, [77])), repeat(4, 77, 77, 77));
  assert.equal(await decode(await uniformPng(2, 2, [90, 90, 90]), 2, 2, 1), repeat(4, 90));
});

test('transparency lies on white', async () => {
  assert.equal(await decode(await uniformPng(2, 2, [10, 20, 30, 0])), repeat(4, 255, 255, 255));
  near(await decode(await uniformPng(2, 2, [0, 0, 0, 51])), repeat(4, 204, 204, 204), 1);
  assert.equal(await decode(await uniformPng(2, 2, [10, 0]), 2, 2, 1), repeat(4, 255));
});

test('with four channels transparency is kept, and what cannot be seen is black', async () => {
  assert.equal(await decode(await uniformPng(2, 2, [10, 20, 30, 51]), 2, 2, 4), repeat(4, 10, 20, 30, 51));
  assert.equal(await decode(await uniformPng(2, 2, [10, 20, 30, 0]), 2, 2, 4), repeat(4, 0, 0, 0, 0));
  assert.equal(await decode(await uniformPng(2, 2, [10, 20, 30]), 2, 2, 4), repeat(4, 10, 20, 30, 255));
  assert.equal(await decode(await uniformPng(2, 2, [7]), 2, 2, 4), repeat(4, 7, 7, 7, 255));
});

test('scaling with four channels mixes colours by their opacity', async () => {
  const left = await uniform(2, 4, [200, 0, 0, 255]).png().toBuffer();
  const halves = await uniform(4, 4, [0, 255, 0, 0])
    .composite([{ input: left, left: 0, top: 0 }])
    .png()
    .toBuffer();
  const [red, green, , opacity] = await decode(halves, 1, 1, 4);
  near([red, green, opacity] as number[], [200, 0, 128], 2);
});

test('16 bits become 8', async () => {
  const raw = { width: 2, height: 2, channels: 3 } as const;
  const deep = await sharp(Uint16Array.from(repeat(4, 0x1000, 0x8000, 0xf0f0)), { raw })
    .toColourspace('rgb16')
    .png()
    .toBuffer();
  assert.is((await sharp(deep).metadata()).depth, 'ushort');
  near(await decode(deep), repeat(4, 0x10, 0x80, 0xf0), 1);
  const grey = await sharp(Uint16Array.from(repeat(4, 0x8000)), { raw: { ...raw, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  assert.is((await sharp(grey).metadata()).depth, 'ushort');
  near(await decode(grey, 2, 2, 1), repeat(4, 0x80), 1);
  near(await decode(grey), repeat(12, 0x80), 1);
});

test('CMYK becomes RGB', async () => {
  const bytes = await uniform(8, 8, [250, 250, 250]).toColourspace('cmyk').jpeg().toBuffer();
  assert.is((await sharp(bytes).metadata()).space, 'cmyk');
  near(await decode(bytes), repeat(4, 250, 250, 250), 12);
});

test('a palette becomes its colours', async () => {
  const bytes = await uniform(2, 2, [200, 100, 50]).png({ palette: true }).toBuffer();
  assert.is((await sharp(bytes).metadata()).isPalette, true);
  near(await decode(bytes), repeat(4, 200, 100, 50), 2);
});

test('an animation gives its first frame', async () => {
  const frames = [await uniformPng(4, 4, [255, 0, 0]), await uniformPng(4, 4, [0, 0, 255])];
  for (const bytes of [
    await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer(),
    await sharp(frames, { join: { animated: true } })
      .webp({ lossless: true })
      .toBuffer(),
  ]) {
    assert.is((await sharp(bytes).metadata()).pages, 2);
    near(await decode(bytes), repeat(4, 255, 0, 0), 2);
  }
});

test('the EXIF orientation is applied before the crop', async () => {
  const redLeft = await sharp(await uniformPng(8, 8, [0, 0, 255]))
    .composite([{ input: await uniformPng(4, 8, [255, 0, 0]), left: 0, top: 0 }])
    .png()
    .toBuffer();
  const turned = await sharp(redLeft).withMetadata({ orientation: 6 }).png().toBuffer();
  assert.equal(await decode(turned, 8, 8).then((pixels) => pixels.slice(0, 24)), repeat(8, 255, 0, 0), 'red is on top');
});

test('the middle is kept where the shape differs', async () => {
  const stripes = await sharp(await uniformPng(12, 4, [0, 0, 255]))
    .composite([{ input: await uniformPng(4, 4, [0, 255, 0]), left: 4, top: 0 }])
    .png()
    .toBuffer();
  assert.equal(await decode(stripes, 4, 4), repeat(16, 0, 255, 0));
});

test('a crop cuts its square out of the middle before scaling', async () => {
  const framed = await sharp(await uniformPng(12, 20, [0, 0, 255]))
    .composite([{ input: await uniformPng(8, 8, [0, 255, 0]), left: 2, top: 6 }])
    .png()
    .toBuffer();
  for (const side of [1, 4, 8]) assert.equal(await decode(framed, 2, 2, 3, side), repeat(4, 0, 255, 0), `crop ${side}`);
  assert.ok(!(await decode(framed, 4, 4, 3, 12)).every((value, i) => value === [0, 255, 0][i % 3]), 'a larger square');
});

test('a crop is that of the upright image, and no larger than it', async () => {
  const left = await sharp(await uniformPng(20, 8, [0, 0, 255]))
    .composite([{ input: await uniformPng(8, 8, [0, 255, 0]), left: 6, top: 0 }])
    .png()
    .toBuffer();
  const turned = await sharp(left).withMetadata({ orientation: 6 }).png().toBuffer();
  assert.equal(await decode(turned, 2, 2, 3, 8), repeat(4, 0, 255, 0));
  assert.equal(await decode(await uniformPng(3, 5, [9, 8, 7]), 2, 2, 3, 100), repeat(4, 9, 8, 7));
});

test('a crop leaves out stray samples too', async () => {
  const options = { photometric: 2, bits: [8, 8, 8, 8], extraSamples: [0] };
  assert.equal(await decode(uniformTiff(Uint8Array.of(200, 60, 30, 0), options), 2, 2, 3, 2), repeat(4, 200, 60, 30));
});

test('large images shrink and small ones grow', async () => {
  for (const side of [1, 300]) {
    assert.equal(await decode(await uniformPng(side, side, [9, 8, 7]), 3, 5), repeat(15, 9, 8, 7));
  }
});

test('a size is height, then width', async () => {
  const halves = await sharp(await uniformPng(8, 4, [0, 0, 255]))
    .composite([{ input: await uniformPng(4, 4, [255, 0, 0]), left: 0, top: 0 }])
    .png()
    .toBuffer();
  const row = [...repeat(4, 255, 0, 0), ...repeat(4, 0, 0, 255)];
  assert.equal(await decode(halves, 4, 8), repeat(4, ...row));
});

/** What decoding `bytes` says is wrong with them. */
const failure = (bytes: Uint8Array): Promise<string> =>
  decode(bytes).then(
    () => 'decoded',
    (error: Error) => error.message,
  );

test('half a JPEG, text and nothing are no images', async () => {
  const jpeg = await noisyJpeg();
  assert.is(await failure(jpeg.subarray(0, jpeg.length / 2)), 'damaged or incomplete JPEG');
  assert.is(await failure(Buffer.from('not a picture')), 'not an image of a known format');
  assert.is(await failure(new Uint8Array()), 'empty file');
});

test('a reason is that of its own image, however many fail at once', async () => {
  const jpeg = await noisyJpeg();
  const half = jpeg.subarray(0, jpeg.length / 2);
  const reasons = await Promise.all(
    Array(40)
      .fill([half, Buffer.from('not a picture')])
      .flat()
      .map(failure),
  );
  assert.equal(reasons, Array(40).fill(['damaged or incomplete JPEG', 'not an image of a known format']).flat());
});

/** An AVIF whose container says that its image is coded as HEVC, as photos of a phone are. */
async function heic(): Promise<Buffer> {
  const avif = await uniform(16, 16, [1, 2, 3]).avif().toBuffer();
  const text = avif.toString('latin1').replaceAll('avif', 'heic').replaceAll('av01', 'hvc1');
  return Buffer.from(text, 'latin1');
}

test('an image of a kind that cannot be decoded is called by its name, with what to convert it to', async () => {
  assert.is(await failure(await heic()), 'HEIC (HEVC) cannot be decoded here; convert it to JPEG');
  const text = (content: string) => Buffer.from(content, 'latin1');
  const kinds = {
    BMP: text('BM\x46\0\0\0\0\0\0\0\x36\0\0\0'),
    'JPEG 2000': text('\0\0\0\x0cjP  \r\n\x87\n'),
    'JPEG XL': text('\xff\x0a\xfa'),
    Netpbm: text('P5\n2 2\n255\nabcd'),
    Photoshop: text('8BPS\0\x01'),
    SVG: text('<?xml version="1.0"?>\n<svg width="4" height="4"/>'),
  };
  for (const [name, bytes] of Object.entries(kinds)) {
    assert.is(await failure(bytes), `${name} cannot be decoded here; convert it to PNG`);
  }
});

test('AVIF has its colours', async () => {
  near(
    await decode(await uniform(16, 16, [200, 100, 50]).avif({ lossless: true }).toBuffer()),
    repeat(4, 200, 100, 50),
    2,
  );
});

test('an image that promises billions of pixels is refused', async () => {
  const jpeg = await noisyJpeg();
  const startOfFrame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  jpeg.writeUInt16BE(50_000, startOfFrame + 5);
  jpeg.writeUInt16BE(60_000, startOfFrame + 7);
  assert.is(await failure(jpeg), '60000x50000 pixels, more than the 1000000000 that maxPixels allows');
});

test.run();
