import type { Device } from '../device/index.ts';
import { softmaxCrossEntropy } from '../losses/index.ts';
import { oneHot } from '../ops/index.ts';
import { feed } from '../tensor/trace.ts';
import { accuracyOn } from './accuracy.ts';
import { type Learner, type LearningProgress, learn, readWeights } from './learning.ts';
import { buildClassifier, type ClassifierArchitecture, type ClassifierNetwork } from './network.ts';
import { describeParts, expectLearnable, type LabelledParts, type LearnedFrom } from './parts.ts';
import { ClassifierRunner } from './runner.ts';

/** How a classifier is trained. */
export interface ClassifierTrainingOptions {
  /** Updates; 1,500 if not given. */
  readonly steps?: number | undefined;
  /** Images in an update; 64 if not given, and at most as many as there are. */
  readonly batch?: number | undefined;
  /** Of the first step; it falls to 0 in a straight line. 0.001 if not given. */
  readonly learningRate?: number | undefined;
  /** Decides the weights and the order of the images; 1 if not given. */
  readonly seed?: number | undefined;
  readonly onProgress?: ((progress: ClassifierProgress) => void) | undefined;
  /** Ends the training between two steps; nothing is left of it. */
  readonly signal?: AbortSignal | undefined;
}

/** How far a classifier's training is. */
export type ClassifierProgress = LearningProgress;

/** A classifier with the values of its variables. */
export interface TrainedClassifier {
  /** Such as `classifier-mnist`. */
  readonly name: string;
  readonly architecture: ClassifierArchitecture;
  /** The names of its classes, in the order of its outputs. */
  readonly classes: readonly string[];
  readonly data: LearnedFrom;
  readonly training: {
    readonly steps: number;
    readonly batch: number;
    readonly learningRate: number;
    readonly seed: number;
  };
  /** The part of the held-out images whose class it tells. */
  readonly accuracy: number;
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** Channels of the first convolution, and columns of the features. */
const WIDTH = 32;
const FEATURES = 128;

/** Trains a small convolutional classifier on a device and measures it with the images held out.
 *  @throws DataError data_unlabelled, labels_not_classes, classes_few, training_images_few, label_unknown, image_size;
 *  DivergedError diverged; the signal's reason */
export async function trainClassifier(
  parts: LabelledParts,
  device: Device,
  options: ClassifierTrainingOptions = {},
): Promise<TrainedClassifier> {
  const { training: dataset, holdOut } = parts;
  const { names: classes } = expectLearnable(dataset);
  const { steps = 1500, learningRate = 1e-3, seed = 1 } = options;
  const settings = { steps, batch: Math.min(options.batch ?? 64, dataset.count), learningRate, seed };
  const { size, channels } = dataset;
  const architecture = { size, channels, width: WIDTH, features: FEATURES };
  const network = buildClassifier(architecture, classes.length);
  // The rate falls to 0 in a straight line.
  const learningRateAt = (step: number): number => learningRate * (1 - (step - 1) / steps);
  await learn(classifierLearner(network, learningRate), dataset, device, { ...settings, learningRateAt }, options);
  const runner = new ClassifierRunner(network, device);
  const accuracy = await accuracyOn(holdOut, classes, runner, options.signal);
  return {
    name: `classifier-${dataset.name.replaceAll(/[^\w.-]+/g, '-')}`,
    architecture,
    classes,
    data: describeParts(parts),
    training: settings,
    accuracy,
    weights: await readWeights(network.variables, device),
  };
}

/** Feed: `labels` int32 [N]. */
const classifierLearner = ({ body, head, ...variables }: ClassifierNetwork, learningRate: number): Learner => ({
  ...variables,
  name: 'classifier',
  inputShape: body.inputShape,
  optimizer: { name: 'adam', learningRate },
  loss(images, pass) {
    const logits = head.apply(body.apply(images, pass), pass);
    const labels = feed('labels', images.shape.slice(0, 1), 'int32');
    return softmaxCrossEntropy(logits, oneHot(labels, head.outputShape[0] as number));
  },
  labelsOf: ({ labels }) => ({ labels: labels as Int32Array }),
});
