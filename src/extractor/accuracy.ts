import type { Dataset } from '../data/index.ts';
import { expectLabels, labelIndex, labelsOfImages, labelVectors } from '../data/labels/labels.ts';
import { imageElements } from '../data/pixels.ts';
import type { Device } from '../device/index.ts';
import type { Network } from '../nn/index.ts';
import { feed, trace } from '../tensor/trace.ts';

/** Images that go through at once. */
const BATCH = 64;

/** For each label, the part of images of which an extractor whose variables are on a device tells whether they have it.
 *  @throws DataError label_unknown; the signal's reason */
export async function accuraciesOn(
  dataset: Dataset,
  labels: readonly string[],
  network: Network,
  device: Device,
  signal?: AbortSignal,
): Promise<number[]> {
  const ofData = expectLabels(dataset, 'the accuracy of an extractor');
  const indices = labels.map((name) => labelIndex(ofData, name));
  const executable = await device.load(
    trace('extract', () => ({
      logits: network.apply(feed('images', [BATCH, ...network.inputShape]), { training: false }),
    })),
  );
  const right = new Float64Array(labels.length);
  const elements = imageElements(dataset);
  try {
    for (let first = 0; first < dataset.count; first += BATCH) {
      signal?.throwIfAborted();
      const count = Math.min(BATCH, dataset.count - first);
      const images = new Float32Array(BATCH * elements);
      for (let i = 0; i < count; i++) await dataset.read(first + i, images, i * elements);
      const { outputs } = await device.run([{ executable, feeds: { images }, fetch: true }]);
      const logits = outputs[0]?.logits as Float32Array;
      const shown = Uint32Array.from({ length: count }, (_, i) => first + i);
      const present = labelVectors(ofData, labelsOfImages(ofData, shown));
      for (let image = 0; image < count; image++) {
        for (const [i, label] of indices.entries()) {
          const told = (logits[image * labels.length + i] as number) > 0;
          if (told === (present[image * ofData.names.length + label] === 1)) right[i] = (right[i] as number) + 1;
        }
      }
    }
  } finally {
    executable.release();
  }
  return Array.from(right, (count) => count / dataset.count);
}
