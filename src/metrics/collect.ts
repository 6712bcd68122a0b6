import type { Dataset, PackedImages } from '../data/index.ts';
import { imageElements, unitToBytes } from '../data/pixels.ts';
import { expectFinite, type FeatureMatrix, featureMatrix } from './feature_matrix.ts';
import { type FeatureExtractor, labelOf } from './features/extractor.ts';

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

/** The features of a set of images. */
export interface FeatureSet {
  readonly features: FeatureMatrix;
  /** [images,classes]; only from an extractor that classifies. */
  readonly probabilities?: Float32Array;
}

/** What is kept of a set of images. */
export interface ImageSet extends FeatureSet {
  /** The first images, as many as were to be kept. */
  readonly first: PackedImages;
}

/** How features are collected. */
export interface CollectOptions {
  /** How many images come. */
  readonly count: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Takes the features of images that come in batches.
 *  @throws DataError features_not_finite, and what reading or drawing them throws */
export async function collectFeatures(
  batches: AsyncIterable<PackedImages>,
  extractor: FeatureExtractor,
  { count, onProgress, signal }: CollectOptions,
): Promise<FeatureSet> {
  const { columns, classes } = extractor;
  const values = new Float32Array(count * columns);
  const probabilities = classes && new Float32Array(count * classes.length);
  let done = 0;
  for await (const batch of batches) {
    signal?.throwIfAborted();
    const extracted = await extractor.extract(batch);
    expectFinite(extracted.features, columns, `features of ${labelOf(extractor)}`, done);
    values.set(extracted.features, done * columns);
    if (classes && extracted.probabilities) probabilities?.set(extracted.probabilities, done * classes.length);
    done += batch.count;
    onProgress?.(done, count);
  }
  return { features: featureMatrix(values, columns), ...(probabilities && { probabilities }) };
}

/** The same, keeping the first images. @param keep how many */
export async function collectImages(
  batches: AsyncIterable<PackedImages>,
  extractor: FeatureExtractor,
  { keep, ...options }: CollectOptions & { readonly keep: number },
): Promise<ImageSet> {
  const kept: PackedImages[] = [];
  async function* watched() {
    let done = 0;
    for await (const batch of batches) {
      if (done < keep) kept.push(batch);
      done += batch.count;
      yield batch;
    }
  }
  const set = await collectFeatures(watched(), extractor, options);
  return { ...set, first: joined(kept, Math.min(keep, options.count)) };
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
