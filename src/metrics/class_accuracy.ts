import { mostProbable } from '../classifier/accuracy.ts';
import { DataError } from '../errors.ts';
import { didYouMean } from '../suggest.ts';

/** How often a generator draws the class that it is asked for, as a classifier sees it. */
export interface ClassAccuracy {
  /** The part of all images that are of the class asked for. */
  readonly overall: number;
  /** The same of each class that was asked for. */
  readonly byClass: Readonly<Record<string, number>>;
}

/** The part of images that a classifier takes for the class that they were asked to be of.
 *  @param probabilities [images,classes] @param classes the classifier's, in the order of its outputs
 *  @param asked the class asked for of each image @throws DataError samples_differ, classes_differ */
export function classAccuracy(
  probabilities: Float32Array,
  classes: readonly string[],
  asked: readonly string[],
): ClassAccuracy {
  const told = mostProbable(probabilities, classes.length);
  if (told.length !== asked.length) {
    throw new DataError(
      'samples_differ',
      `class accuracy: expected one class asked for of each of ${told.length} images, but received ${asked.length}`,
    );
  }
  const counts = new Map<string, { images: number; right: number }>();
  for (const [image, name] of asked.entries()) {
    const count = counts.get(name) ?? { images: 0, right: 0 };
    count.images++;
    if (told[image] === outputOf(classes, name)) count.right++;
    counts.set(name, count);
  }
  const right = [...counts.values()].reduce((sum, count) => sum + count.right, 0);
  return {
    overall: right / asked.length,
    byClass: Object.fromEntries([...counts].map(([name, count]) => [name, count.right / count.images])),
  };
}

function outputOf(classes: readonly string[], name: string): number {
  const output = classes.indexOf(name);
  if (output >= 0) return output;
  throw new DataError(
    'classes_differ',
    `the classifier knows no class '${name}'.${didYouMean(name, classes)} It tells apart ${classes.join(', ')}; train one on the data of the run`,
  );
}
