import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { greyPlane } from '../../src/metrics/planes.ts';
import { meanSimilarity, structuralSimilarity } from '../../src/metrics/structural_similarity.ts';
import { assertClose, fixture } from './fixture.ts';
import { discs, images, noisy } from './images.ts';

test('the similarity at two scales is that of scipy, the same both ways, and 1 of an image with itself', () => {
  const { image, other, similarity } = fixture;
  assertClose(structuralSimilarity(image, other), similarity, 1e-10);
  assertClose(structuralSimilarity(other, image), similarity, 1e-10);
  assertClose(structuralSimilarity(image, image), 1, 1e-12);
});

test('pairs are less alike the more the images differ', () => {
  const one = discs(1, 32, 3, 1);
  const copies = (deviation: number) =>
    noisy({ ...discs(12, 32, 3, 1), pixels: repeated(one.pixels, 12) }, deviation, 5);
  const similarities = [copies(0), copies(10), copies(60), discs(12, 32, 3, 1)].map((set) =>
    meanSimilarity(set, { pairs: 30 }),
  );
  assertClose(similarities[0] as number, 1, 1e-12);
  assert.equal(
    similarities,
    [...similarities].sort((a, b) => b - a),
  );
});

const repeated = (pixels: Uint8Array, times: number): Uint8Array =>
  Uint8Array.from({ length: pixels.length * times }, (_, at) => pixels[at % pixels.length] as number);

test('an image is never paired with itself', () => {
  const two = discs(2, 16, 1, 1);
  assertClose(meanSimilarity(two, { pairs: 9 }), structuralSimilarity(greyPlane(two, 0), greyPlane(two, 1)), 1e-12);
});

test('one image, and images smaller than the window, are refused', () => {
  assert.throws(() => meanSimilarity(discs(1, 32, 1, 1)), /at least 2 images/);
  assert.throws(() => meanSimilarity(images(2, [10, 20], 1, () => 0)), /at least 11 pixels/);
});

test.run();
