import { createLoader, type Loader } from '../data/index.ts';
import type { Device, Executable } from '../device/index.ts';
import { DivergedError } from '../errors.ts';
import { gradients } from '../graph/gradients.ts';
import { softmaxCrossEntropy } from '../losses/index.ts';
import { initialization, zeros } from '../nn/initializers.ts';
import { advanceRandom, oneHot } from '../ops/index.ts';
import { createOptimizer, type Optimizer } from '../optim/index.ts';
import { feed, type Graph, read, trace } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import { accuracyOn } from './accuracy.ts';
import { buildClassifier, type ClassifierArchitecture, type ClassifierNetwork } from './network.ts';
import { expectLearnable, type LabelledParts } from './parts.ts';
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
export interface ClassifierProgress {
  readonly step: number;
  readonly steps: number;
  /** Images in a step. */
  readonly batch: number;
  /** Cross entropy of the last batch that was looked at. */
  readonly loss: number;
}

/** A classifier with the values of its variables. */
export interface TrainedClassifier {
  /** Such as `classifier-mnist`. */
  readonly name: string;
  readonly architecture: ClassifierArchitecture;
  /** The names of its classes, in the order of its outputs. */
  readonly classes: readonly string[];
  readonly data: {
    readonly name: string;
    readonly fingerprint: string;
    readonly trainingImages: number;
    readonly holdOutImages: number;
    readonly holdOutBy: LabelledParts['by'];
  };
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
/** Steps between two looks at the loss. */
const LOOK_EVERY = 20;

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
  await learn(network, dataset, device, settings, options);
  const runner = new ClassifierRunner(network, device);
  const accuracy = await accuracyOn(holdOut, classes, runner, options.signal);
  return {
    name: `classifier-${dataset.name.replaceAll(/[^\w.-]+/g, '-')}`,
    architecture,
    classes,
    data: {
      name: dataset.name,
      fingerprint: dataset.fingerprint,
      trainingImages: dataset.count,
      holdOutImages: holdOut.count,
      holdOutBy: parts.by,
    },
    training: settings,
    accuracy,
    weights: await readWeights(network.variables, device),
  };
}

async function learn(
  network: ClassifierNetwork,
  dataset: LabelledParts['training'],
  device: Device,
  settings: TrainedClassifier['training'],
  { onProgress, signal }: ClassifierTrainingOptions,
): Promise<void> {
  const { steps, batch, learningRate, seed } = settings;
  const optimizer = createOptimizer('classifier.optimizer', { name: 'adam', learningRate }, network.parameters);
  const random: Variable = { name: 'random', shape: [2], dtype: 'int32', initializer: zeros, trainable: false };
  await initialize(device, [...network.variables, ...optimizer.variables], random, seed);
  const executable = await device.load(trainingStep(network, optimizer, random, [batch, ...network.body.inputShape]));
  const loader = createLoader(dataset, { batch, seed });
  try {
    for (let step = 1; step <= steps; step++) {
      signal?.throwIfAborted();
      await device.write(optimizer.learningRate, Float32Array.of(learningRate * (1 - (step - 1) / steps)));
      const isLooked = step % LOOK_EVERY === 0 || step === steps;
      const loss = await runStep(device, executable, loader, isLooked);
      if (loss === undefined) continue;
      if (!Number.isFinite(loss)) throw diverged(loss, step, learningRate);
      onProgress?.({ step, steps, batch, loss });
    }
  } finally {
    await loader.close();
    executable.release();
  }
}

async function initialize(
  device: Device,
  variables: readonly Variable[],
  random: Variable,
  seed: number,
): Promise<void> {
  const executable = await device.load(initialization(variables));
  await device.run([{ executable, feeds: { random: Int32Array.of(seed, 0) } }]);
  executable.release();
  // Step 0 of the random state was used up by the initial weights.
  await device.write(random, Int32Array.of(seed, 1));
}

/** One update. Feeds: `images` as `shape` says, `labels` int32 [N]; output: `loss`. */
const trainingStep = (
  { body, head, parameters }: ClassifierNetwork,
  optimizer: Optimizer,
  random: Variable,
  shape: readonly number[],
): Graph =>
  trace('classifier step', () => {
    const pass = { training: true, random: read(random) };
    const logits = head.apply(body.apply(feed('images', shape), pass), pass);
    const labels = feed('labels', shape.slice(0, 1), 'int32');
    const loss = softmaxCrossEntropy(logits, oneHot(labels, head.outputShape[0] as number));
    optimizer.update(gradients(loss, parameters.map(read)));
    advanceRandom(random);
    return { loss };
  });

/** Runs a step on the next batch; answers its loss if it is to be looked at. */
async function runStep(
  device: Device,
  executable: Executable,
  loader: Loader,
  isLooked: boolean,
): Promise<number | undefined> {
  const batch = await loader.next();
  const feeds = { images: batch.images, labels: batch.labels as Int32Array };
  const { outputs } = await device.run([{ executable, feeds, fetch: isLooked }]);
  batch.release();
  return outputs[0]?.loss?.[0];
}

const diverged = (loss: number, step: number, learningRate: number): DivergedError =>
  new DivergedError(
    'diverged',
    `the classifier's loss is ${loss} at step ${step}; nothing was saved. Train it with a learning rate below ${learningRate}`,
  );

async function readWeights(variables: readonly Variable[], device: Device): Promise<ReadonlyMap<string, Float32Array>> {
  const weights = new Map<string, Float32Array>();
  for (const variable of variables) weights.set(variable.name, (await device.read(variable)) as Float32Array);
  return weights;
}
