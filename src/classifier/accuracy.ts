import { type Dataset, expectLabels, labelIndex } from '../data/index.ts';
import { imageElements } from '../data/pixels.ts';
import type { ClassifierRunner } from './runner.ts';

/** Images that are read at once. */
const READ = 256;

/** The part of labelled images whose class a classifier tells. @param classes in the order of its outputs
 *  @throws DataError label_unknown for a class that it does not know; the signal's reason */
export async function accuracyOn(
  dataset: Dataset,
  classes: readonly string[],
  runner: ClassifierRunner,
  signal?: AbortSignal,
): Promise<number> {
  const { names, values } = expectLabels(dataset, 'the accuracy of a classifier');
  // Another part of the data may lack some classes, or have them in another order.
  const outputs = names.map((name) => labelIndex({ kind: 'classes', names: classes, values }, name));
  const elements = imageElements(dataset);
  let right = 0;
  for (let first = 0; first < dataset.count; first += READ) {
    signal?.throwIfAborted();
    const images = new Float32Array(Math.min(READ, dataset.count - first) * elements);
    for (let i = 0; i * elements < images.length; i++) await dataset.read(first + i, images, i * elements);
    const { probabilities } = await runner.run(images);
    const told = mostProbable(probabilities, classes.length);
    right += told.reduce((sum, output, i) => sum + (output === outputs[values[first + i] as number] ? 1 : 0), 0);
  }
  return right / dataset.count;
}

/** The index of the most probable class of each row. @param probabilities [N,classes] */
export const mostProbable = (probabilities: Float32Array, classes: number): Int32Array =>
  Int32Array.from({ length: probabilities.length / classes }, (_, row) => {
    const own = probabilities.subarray(row * classes, (row + 1) * classes);
    return own.indexOf(Math.max(...own));
  });
