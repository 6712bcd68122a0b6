import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PackedImages } from '../../src/data/pixels.ts';
import { collectImages, type ImageSet } from '../../src/metrics/collect.ts';
import { pixelFeatures, projectedPixels } from '../../src/metrics/features/pixels.ts';
import { measureImages } from '../../src/metrics/figures.ts';
import { frechetDistance } from '../../src/metrics/frechet.ts';
import { kernelDistance } from '../../src/metrics/kernel_distance.ts';
import { momentsOf } from '../../src/metrics/moments.ts';
import { atOnce } from '../../src/metrics/turns.ts';
import { assertClose } from './fixture.ts';
import { blurred, discs, images, noisy } from './images.ts';

const COUNT = 80;
const extractor = projectedPixels({ size: [16, 16], channels: 1 });

async function* inBatches(set: PackedImages, size = 50): AsyncGenerator<PackedImages> {
  const elements = set.pixels.length / set.count;
  for (let first = 0; first < set.count; first += size) {
    const count = Math.min(size, set.count - first);
    yield { ...set, count, pixels: set.pixels.slice(first * elements, (first + count) * elements) };
  }
}

const collect = (set: PackedImages): Promise<ImageSet> =>
  collectImages(inBatches(set), extractor, { count: set.count, keep: 60 });

const real = discs(COUNT, 16, 1, 1);
const figuresOf = async (generated: PackedImages) =>
  atOnce(measureImages(await collect(real), await collect(generated), extractor)).figures;

test('images come in batches, of which the first are kept', async () => {
  const set = await collect(real);
  assert.equal([set.features.rows, set.features.columns, set.first.count], [COUNT, 256, 60]);
  assert.ok(set.first.pixels.every((value, at) => value === real.pixels[at]));
  const whole = await extractor.extract(real);
  assert.ok(set.features.values.every((value, at) => value === whole.features[at]));
});

test('pixels are numbers from 0 to 1, of images brought to at most 32 pixels a side', async () => {
  const small = pixelFeatures({ size: [2, 2], channels: 1 });
  const { features } = await small.extract({
    count: 1,
    size: [2, 2],
    channels: 1,
    pixels: Uint8Array.of(0, 255, 51, 102),
  });
  assert.equal([...features], [0, 1, 0.2, 0.4].map(Math.fround));
  const large = pixelFeatures({ size: [64, 48], channels: 3 });
  assert.is(large.columns, 32 * 24 * 3);
  const flat = await large.extract(images(2, [64, 48], 3, (_image, _y, _x, channel) => 51 * channel));
  const expected = (at: number) => 0.2 * (Math.floor(at / 768) % 3);
  assert.ok(flat.features.every((value, at) => Math.abs(value - expected(at)) < 1e-6));
  assert.is.not(large.hash, small.hash);
});

test('a set beside itself has the best figures', async () => {
  const { frechet, kernel, precision, coverage, nearestRatio, slicedWasserstein, similarity } = await figuresOf(real);
  assertClose(frechet, 0, 1e-6);
  assertClose(kernel.mean, 0, 0.02);
  assert.equal([precision, coverage, nearestRatio], [1, 1, 0]);
  assert.is(slicedWasserstein?.[0]?.distance, 0);
  assert.is(similarity?.generated, similarity?.real);
});

test('both distances grow as images are blurred, as noise is added, and as kinds of images are missing', async () => {
  const missing = (part: number) => {
    const kept = Math.round(COUNT * (1 - part)) * 256;
    return { ...real, pixels: real.pixels.map((_, at) => real.pixels[at % kept] as number) };
  };
  const families = {
    blur: [1, 2, 4].map((reach) => blurred(real, reach)),
    noise: [40, 80, 160].map((deviation) => noisy(real, deviation, 3)),
    missing: [0.5, 0.9, 0.98].map(missing),
  };
  const { features } = await collect(real);
  const moments = momentsOf(features);
  const ascending = (name: string, values: number[]) => {
    assert.equal(
      values,
      [...values].sort((a, b) => a - b),
      `${name}: ${values}`,
    );
    assert.ok((values.at(-1) as number) > (values[0] as number), `${name}: ${values}`);
  };
  for (const [name, sets] of Object.entries(families)) {
    const generated = await Promise.all(sets.map(async (set) => (await collect(set)).features));
    ascending(
      `Frechet distance, ${name}`,
      generated.map((set) => frechetDistance(moments, momentsOf(set))),
    );
    ascending(
      `kernel distance, ${name}`,
      generated.map((set) => kernelDistance(features, set, { blocks: 1, blockSize: COUNT }).mean),
    );
  }
});

test.run();
