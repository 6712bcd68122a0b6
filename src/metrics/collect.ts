import type { Dataset, PackedImages } from '../data/index.ts';
import { imageElements, unitToBytes } from '../data/pixels.ts';
import { type FeatureMatrix, featureMatrix } from './feature_matrix.ts';
import type { FeatureExtractor } from './features/extractor.ts';

/** Images that are turned into features at once. */
const BATCH = 64;

/** Images of a data set by their indices, in batches. */
export async function* realImages(dataset: Dataset, indices: Uint32Array): AsyncGenerator<PackedImages> {
  const { size, channels } = dataset;
  const elements = imageElements(dataset);
  for (let first = 0; first < indices.length; first += BATCH) {
    const batch = indices.subarray(first, first + BATCH);
    const values = new Float32Array(batch.length * elements);
    await Promise.all(Array.from(batch, (index, i) => dataset.read(index, values, i * elements)));
    yield { count: batch.length, size, channels, pixels: unitToBytes(values) };
  }
}

/** What is kept of a set of images. */
export interface ImageSet {
  readonly features: FeatureMatrix;
  /** [images,classes]; only from an extractor that classifies. */
  readonly probabilities?: Float32Array;
  /** The first images, as many as were to be kept. */
  readonly first: PackedImages;
}

/** How images are collected. */
export interface CollectOptions {
  /** How many come. */
  readonly count: number;
  /** Images of which the pixels are kept, too. */
  readonly keep: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Takes the features of images that come in batches, of which only the first are kept themselves.
 *  @throws DataError features_not_finite, and what reading or drawing them throws */
export async function collectImages(
  batches: AsyncIterable<PackedImages>,
  extractor: FeatureExtractor,
  { count, keep, onProgress, signal }: CollectOptions,
): Promise<ImageSet> {
  const { columns, classes } = extractor;
  const values = new Float32Array(count * columns);
  const probabilities = classes && new Float32Array(count * classes.length);
  const kept: PackedImages[] = [];
  let done = 0;
  for await (const batch of batches) {
    signal?.throwIfAborted();
    const extracted = await extractor.extract(batch);
    values.set(extracted.features, done * columns);
    if (classes && extracted.probabilities) probabilities?.set(extracted.probabilities, done * classes.length);
    if (done < keep) kept.push(batch);
    done += batch.count;
    onProgress?.(done, count);
  }
  const features = featureMatrix(values, columns);
  return { features, ...(probabilities && { probabilities }), first: joined(kept, Math.min(keep, count)) };
}

/** The first `count` images of some batches as one. */
function joined(batches: readonly PackedImages[], count: number): PackedImages {
  const [{ size, channels }] = batches as [PackedImages];
  const elements = imageElements({ size, channels });
  const pixels = new Uint8Array(count * elements);
  let at = 0;
  for (const batch of batches) {
    const part = batch.pixels.subarray(0, pixels.length - at);
    pixels.set(part, at);
    at += part.length;
  }
  return { count, size, channels, pixels };
}
