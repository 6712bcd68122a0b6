import { type Learner, type LearningProgress, learn, readWeights } from '../classifier/learning.ts';
import { describeParts, type LabelledParts, type LearnedFrom } from '../classifier/parts.ts';
import type { ImageSize } from '../config/index.ts';
import { type Channels, countLabels, type Dataset, expectLabels, type Labels } from '../data/index.ts';
import { labelIndex, labelVectors } from '../data/labels/labels.ts';
import type { Device } from '../device/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { buildExtractor } from '../games/index.ts';
import { binaryCrossEntropy } from '../losses/index.ts';
import type { Network } from '../nn/index.ts';
import { feed } from '../tensor/trace.ts';
import { accuraciesOn } from './accuracy.ts';

/** How an extractor of labels is trained. */
export interface ExtractorTrainingOptions {
  /** Passes over the images, at least 1; 25 if not given. */
  readonly epochs?: number | undefined;
  /** Images in an update; 64 if not given, and at most as many as there are. */
  readonly batch?: number | undefined;
  /** 0.0002 if not given. */
  readonly learningRate?: number | undefined;
  /** How far targets are from 1 and 0, from 0 to below 0.5; 0.1 if not given. */
  readonly smoothing?: number | undefined;
  /** Decides the weights and the order of the images; 1 if not given. */
  readonly seed?: number | undefined;
  readonly onProgress?: ((progress: LearningProgress) => void) | undefined;
  /** Awaited after each epoch, with the extractor as it is by then. */
  readonly onEpoch?: ((trained: TrainedExtractor) => Promise<void>) | undefined;
  /** Ends the training between two steps. */
  readonly signal?: AbortSignal | undefined;
}

/** An extractor of labels with the values of its variables. */
export interface TrainedExtractor {
  /** Such as `extractor-mnist`. */
  readonly name: string;
  /** Of the images that it reads. */
  readonly size: ImageSize;
  readonly channels: Channels;
  /** What it reads, in the order of its outputs. */
  readonly labels: readonly string[];
  readonly data: LearnedFrom;
  readonly training: {
    readonly epochs: number;
    readonly batch: number;
    readonly learningRate: number;
    readonly smoothing: number;
    readonly seed: number;
  };
  /** For each label, the part of the held-out images of which it tells whether they have it. */
  readonly accuracies: readonly number[];
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** Trains the network of two convolutions to tell whether images have labels. Answers it after the last epoch.
 *  @param labels names of classes or attributes, each told by itself
 *  @throws ConfigError extractor_training; DataError data_unlabelled, label_unknown, label_one_sided; DivergedError diverged;
 *  the signal's reason */
export async function trainExtractor(
  parts: LabelledParts,
  labels: readonly string[],
  device: Device,
  options: ExtractorTrainingOptions = {},
): Promise<TrainedExtractor> {
  const { training: dataset, holdOut } = parts;
  expectTellable(dataset, labels);
  const { epochs = 25, learningRate = 2e-4, smoothing = 0.1, seed = 1, onEpoch, ...listeners } = options;
  expectSettings(epochs, smoothing);
  const batch = Math.min(options.batch ?? 64, dataset.count);
  const network = buildExtractor([...dataset.size, dataset.channels], labels.length);
  const stepsPerEpoch = Math.floor(dataset.count / batch);
  const describe = async (done: number): Promise<TrainedExtractor> => ({
    name: `extractor-${dataset.name.replaceAll(/[^\w.-]+/g, '-')}`,
    size: dataset.size,
    channels: dataset.channels,
    labels,
    data: describeParts(parts),
    training: { epochs: done, batch, learningRate, smoothing, seed },
    accuracies: await accuraciesOn(holdOut, labels, network, device, options.signal),
    weights: await readWeights(network.variables, device),
  });
  let trained: TrainedExtractor | undefined;
  const onStep = async (step: number): Promise<void> => {
    if (step % stepsPerEpoch > 0) return;
    trained = await describe(step / stepsPerEpoch);
    await onEpoch?.(trained);
  };
  const learner = extractorLearner(network, expectLabels(dataset, 'an extractor'), { labels, learningRate, smoothing });
  await learn(learner, dataset, device, { steps: epochs * stepsPerEpoch, batch, seed }, { ...listeners, onStep });
  return trained as TrainedExtractor;
}

function expectSettings(epochs: number, smoothing: number): void {
  if (Number.isInteger(epochs) && epochs >= 1 && smoothing >= 0 && smoothing < 0.5) return;
  throw new ConfigError(
    'extractor_training',
    `an extractor is trained for a whole number of epochs from 1 on, with a smoothing from 0 to below 0.5, but received ${epochs} and ${smoothing}`,
  );
}

/** Feed: `targets` [N, labels], 1 - smoothing where an image has a label, else smoothing. */
function extractorLearner(
  network: Network,
  ofData: Labels,
  settings: Pick<TrainedExtractor['training'], 'learningRate' | 'smoothing'> & Pick<TrainedExtractor, 'labels'>,
): Learner {
  const { labels, learningRate, smoothing } = settings;
  const indices = labels.map((name) => labelIndex(ofData, name));
  const { variables, parameters, inputShape } = network;
  return {
    ...{ name: 'extractor', inputShape, variables, parameters },
    optimizer: { name: 'adam', learningRate, beta1: 0.5, beta2: 0.999 },
    loss: (images, pass) =>
      binaryCrossEntropy(network.apply(images, pass), feed('targets', [images.shape[0] as number, labels.length])),
    labelsOf(batch) {
      const present = labelVectors(ofData, batch.labels as Int32Array);
      const width = ofData.names.length;
      const targets = Float32Array.from({ length: batch.indices.length * labels.length }, (_, i) => {
        const [image, label] = [Math.floor(i / labels.length), indices[i % labels.length] as number];
        return present[image * width + label] === 1 ? 1 - smoothing : smoothing;
      });
      return { targets };
    },
  };
}

/** Refuses labels that cannot be learnt. @throws DataError data_unlabelled, label_unknown, label_one_sided */
export function expectTellable(dataset: Dataset, labels: readonly string[]): void {
  const ofData = expectLabels(dataset, 'an extractor');
  const counts = countLabels(ofData);
  for (const name of labels) {
    const count = counts[labelIndex(ofData, name)] as number;
    if (count > 0 && count < dataset.count) continue;
    throw new DataError(
      'label_one_sided',
      `${dataset.name}: an extractor learns a label from images with and without it, but ${count === 0 ? 'no image has' : 'all images have'} '${name}'; choose another with --read`,
    );
  }
}
