import {
  countLabels,
  type Dataset,
  expectLabels,
  hasTestPart,
  type Labels,
  type OpenOptions,
  openDataset,
} from '../data/index.ts';
import { labelsOfImages } from '../data/labels/labels.ts';
import { permutation, RandomSequence } from '../data/random.ts';
import { DataError } from '../errors.ts';

/** Labelled images in two parts: those that a classifier learns from, and those that its accuracy is measured with. */
export interface LabelledParts {
  readonly training: Dataset;
  readonly holdOut: Dataset;
  /** How they were told apart: the data set's own test part, or a draw by this seed. */
  readonly by: 'test part' | { readonly seed: number };
}

/** What is kept of the images that a network has learnt from. */
export interface LearnedFrom {
  readonly name: string;
  readonly fingerprint: string;
  readonly trainingImages: number;
  readonly holdOutImages: number;
  readonly holdOutBy: LabelledParts['by'];
}

/** What is kept of these parts. */
export const describeParts = ({ training, holdOut, by }: LabelledParts): LearnedFrom => ({
  name: training.name,
  fingerprint: training.fingerprint,
  trainingImages: training.count,
  holdOutImages: holdOut.count,
  holdOutBy: by,
});

/** Keeps this draw apart from every other use of the same seed ('HOLD'). */
const HOLD_OUT_STREAM = 0x484f4c44;
/** One image in so many is held out where the data set has no part for it. */
const HELD_OUT = 6;
const FEWEST_PER_CLASS = 5;
const FEWEST = 30;

/** Opens what `--data` names as labelled images in two parts: the data set's own, or else a sixth of the images held out by seed.
 *  @param check refuses images that cannot be learnt from; what a classifier refuses, if not given
 *  @throws DataError data_unlabelled, labels_not_classes, classes_few, training_images_few, and what opening throws */
export async function openLabelledParts(
  spec: string,
  { seed = 1, ...options }: Omit<OpenOptions, 'split'> & { readonly seed?: number } = {},
  check: (dataset: Dataset) => void = expectLearnable,
): Promise<LabelledParts> {
  if (!hasTestPart(spec)) {
    const all = await openDataset(spec, options);
    check(all);
    return splitBySeed(all, seed);
  }
  const training = await openDataset(spec, { ...options, split: 'train' });
  check(training);
  const holdOut = await openDataset(spec, { ...options, split: 'test' });
  return { training, holdOut, by: 'test part' };
}

/** Holds a sixth of labelled images out, drawn by a seed. */
export function splitBySeed(all: Dataset, seed: number): LabelledParts {
  const order = permutation(all.count, new RandomSequence(seed, HOLD_OUT_STREAM, 0));
  const held = Math.ceil(all.count / HELD_OUT);
  return {
    training: subset(all, order.slice(held).sort()),
    holdOut: subset(all, order.slice(0, held).sort()),
    by: { seed },
  };
}

/** Some images of a data set, with their labels. */
function subset(all: Dataset, indices: Uint32Array): Dataset {
  const { labels } = all;
  return {
    ...all,
    count: indices.length,
    ...(labels && { labels: { ...labels, values: labelsOfImages(labels, indices) } }),
    read: (index, into, offset, epoch) => all.read(indices[index] as number, into, offset, epoch),
  };
}

/** The classes of images that a classifier can learn from. */
export function expectLearnable(dataset: Dataset): Labels {
  const labels = expectLabels(dataset, 'a classifier');
  if (labels.kind !== 'classes') {
    throw new DataError(
      'labels_not_classes',
      `${dataset.name}: a classifier needs one class for each image, but these images have attributes, of which any number may hold; name a file with one label for each image by --labels FILE`,
    );
  }
  const present = countLabels(labels).filter((count) => count > 0).length;
  if (present < 2) {
    throw new DataError(
      'classes_few',
      `${dataset.name}: a classifier needs images of at least 2 classes, but all of these are of '${labels.names[labels.values[0] as number]}'; name the folder above, which has one folder for each class`,
    );
  }
  const fewest = Math.max(FEWEST, FEWEST_PER_CLASS * present);
  if (dataset.count < fewest) {
    throw new DataError(
      'training_images_few',
      `${dataset.name}: a classifier of ${present} classes needs at least ${fewest} images to learn from and to be tested with, but received ${dataset.count}`,
    );
  }
  return labels;
}
