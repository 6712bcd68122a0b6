import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeImage } from '../../src/data/decode.ts';
import { uniform } from './pictures.ts';
import { type TiffOptions, uniformTiff } from './tiffs.ts';

const decode = (bytes: Uint8Array): Promise<Uint8Array> =>
  decodeImage(bytes, { size: [2, 2], channels: 3, maxPixels: 1e6, crop: 0 });

/** The colour that a TIFF of one colour is decoded to, or why it is not. */
const colourOf = (bytes: Uint8Array): Promise<readonly number[] | string> =>
  decode(bytes).then(
    (pixels) => [...pixels.slice(0, 3)],
    (error: Error) => error.message,
  );

function near(actual: readonly number[] | string, expected: readonly number[], tolerance: number): void {
  const isNear = expected.every((level, i) => Math.abs(Number(actual[i]) - level) <= tolerance);
  assert.ok(isNear, `${actual} is not within ${tolerance} of ${expected}`);
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const words = (...values: number[]): Uint8Array => new Uint8Array(Uint16Array.from(values).buffer);
const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const eightBits = (samples: number): number[] => Array(samples).fill(8);

const WHITE_IS_ZERO = 0;
const GREY = 1;
const RGB = 2;
const PALETTE = 3;
const CMYK = 5;
const YCBCR = 6;

test('grey, colours, palettes and CMYK have their colours', async () => {
  const map = [200, 60, 30].flatMap((level) => Array.from({ length: 256 }, (_, i) => (i === 5 ? level * 257 : 0)));
  const cases: [Uint8Array, TiffOptions, number[]][] = [
    [bytes(77), { photometric: GREY, bits: [8] }, [77, 77, 77]],
    [bytes(77), { photometric: WHITE_IS_ZERO, bits: [8] }, [178, 178, 178]],
    [words(0x8000, 0x1000, 0xf000), { photometric: RGB, bits: [16, 16, 16] }, [128, 16, 240]],
    [bytes(200, 60, 30), { photometric: RGB, bits: eightBits(3) }, [200, 60, 30]],
    [bytes(5), { photometric: PALETTE, bits: [8], colourMap: map }, [200, 60, 30]],
    [bytes(0, 0, 0, 0), { photometric: CMYK, bits: eightBits(4) }, [255, 255, 255]],
  ];
  for (const [pixel, options, colour] of cases) assert.equal(await colourOf(uniformTiff(pixel, options)), colour);
});

test('only what is told to be transparency lies on white', async () => {
  const rgb = (extraSamples: number[]) =>
    uniformTiff(bytes(200, 60, 30, 102), { photometric: RGB, bits: eightBits(4), extraSamples });
  near(await colourOf(rgb([2])), [233, 177, 165], 1);
  assert.equal(await colourOf(rgb([0])), [200, 60, 30]);
  assert.equal(await colourOf(rgb([])), [200, 60, 30], 'a fourth sample of which nothing is said');
  const grey = uniformTiff(bytes(77, 0), { photometric: GREY, bits: eightBits(2), extraSamples: [0] });
  assert.equal(await colourOf(grey), [77, 77, 77]);
});

test('samples behind the colours do not change them, however many', async () => {
  for (const stray of [1, 2, 3, 9]) {
    const pixel = bytes(200, 60, 30, ...Array(stray).fill(0));
    const options = { photometric: RGB, bits: eightBits(3 + stray), extraSamples: Array(stray).fill(0) };
    assert.equal(await colourOf(uniformTiff(pixel, options)), [200, 60, 30], `${stray} more`);
  }
});

test('what would be taken for other colours is refused with the true reason', async () => {
  const cases: [Uint8Array, TiffOptions, RegExp][] = [
    [floats(0.5), { photometric: GREY, bits: [32], sampleFormat: 3 }, /^a TIFF of floating-point samples/],
    [floats(0.5, 0.2, 0.1), { photometric: RGB, bits: [32, 32, 32], sampleFormat: 3 }, /floating-point/],
    [words(0x4000), { photometric: GREY, bits: [16], sampleFormat: 2 }, /^a TIFF of signed samples/],
    [words(0, 0x8000), { photometric: GREY, bits: [32] }, /^a TIFF of 32 bits per sample cannot be decoded here/],
    [bytes(98, 89, 200), { photometric: YCBCR, bits: eightBits(3) }, /^a TIFF of YCbCr without JPEG compression/],
    [bytes(128, 10, 20), { photometric: 8, bits: eightBits(3) }, /^a TIFF of CIELab cannot be decoded here/],
    [bytes(100), { photometric: 32803, bits: [8] }, /^a TIFF of the mosaic of a camera sensor/],
    [
      bytes(1, 2, 3, 4, 5),
      { photometric: GREY, bits: eightBits(5), extraSamples: [0, 0, 0, 0] },
      /^a TIFF of 5 samples per pixel that are not told to be colours/,
    ],
  ];
  for (const [pixel, options, reason] of cases) {
    assert.match(String(await colourOf(uniformTiff(pixel, options))), reason);
  }
});

test('YCbCr within JPEG becomes RGB', async () => {
  const tiff = await uniform(16, 16, [200, 60, 30]).tiff({ compression: 'jpeg' }).toBuffer();
  const tagOfYcbcr = Buffer.from([6, 1, 3, 0, 1, 0, 0, 0, YCBCR, 0, 0, 0]);
  assert.ok(tiff.includes(tagOfYcbcr));
  near(await colourOf(tiff), [200, 60, 30], 2);
});

test('a compression that is not known here is named', async () => {
  const tiff = uniformTiff(bytes(77), { photometric: GREY, bits: [8], compression: 50000 });
  assert.match(String(await colourOf(tiff)), /^a TIFF compressed by Zstandard cannot be decoded here/);
});

test('a directory that is cut off or nonsense is damage, whatever it promises', async () => {
  const whole = uniformTiff(bytes(200, 60, 30), { photometric: RGB, bits: eightBits(3) });
  assert.is(await colourOf(whole.subarray(0, 60)), 'damaged or incomplete TIFF');
  const lost = Buffer.from(whole);
  lost.writeUInt32LE(0xffffffff, 4);
  assert.is(await colourOf(lost), 'damaged or incomplete TIFF');
});

test.run();
