import { type Batch, createLoader, type Dataset } from '../data/index.ts';
import type { Device, Executable, HostArray } from '../device/index.ts';
import { DivergedError } from '../errors.ts';
import { gradients } from '../graph/gradients.ts';
import { initialization, zeros } from '../nn/initializers.ts';
import type { Pass } from '../nn/layer.ts';
import { advanceRandom } from '../ops/index.ts';
import { createOptimizer, type Optimizer, type OptimizerConfig } from '../optim/index.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { feed, type Graph, read, trace } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';

/** A network that learns from labelled images. */
export interface Learner {
  /** Such as `classifier`. */
  readonly name: string;
  /** Of one image, [H,W,C]. */
  readonly inputShape: Shape;
  readonly variables: readonly Variable[];
  readonly parameters: readonly Variable[];
  readonly optimizer: OptimizerConfig;
  /** What is to be minimised, a scalar, of images [N,H,W,C]; what the feeds of `labelsOf` are, it asks for itself. */
  loss(images: Tensor, pass: Pass): Tensor;
  /** What a batch says of its images, as feeds by name. */
  labelsOf(batch: Batch): Readonly<Record<string, HostArray>>;
}

/** How long and in which order something learns. */
export interface LearningSettings {
  /** Updates. */
  readonly steps: number;
  /** Images in an update. */
  readonly batch: number;
  /** Decides the weights and the order of the images. */
  readonly seed: number;
  /** The learning rate of a step, from 1 on; that of the optimiser if not given. */
  readonly learningRateAt?: (step: number) => number;
}

/** How far a training is. */
export interface LearningProgress {
  readonly step: number;
  readonly steps: number;
  /** Images in a step. */
  readonly batch: number;
  /** Of the last batch that was looked at. */
  readonly loss: number;
}

/** Who is told how far it is, and when it is to end. */
export interface LearningListeners {
  readonly onProgress?: ((progress: LearningProgress) => void) | undefined;
  /** Awaited after each step. */
  readonly onStep?: ((step: number) => Promise<void>) | undefined;
  /** Ends the training between two steps. */
  readonly signal?: AbortSignal | undefined;
}

/** Steps between two looks at the loss. */
const LOOK_EVERY = 20;

/** Trains a network on a device from new weights. @throws DivergedError diverged; the signal's reason */
export async function learn(
  learner: Learner,
  dataset: Dataset,
  device: Device,
  settings: LearningSettings,
  { onProgress, onStep, signal }: LearningListeners = {},
): Promise<void> {
  const { steps, batch, seed, learningRateAt } = settings;
  const { name, optimizer: choice, parameters, variables } = learner;
  const optimizer = createOptimizer(`${name}.optimizer`, choice, parameters);
  const random: Variable = { name: 'random', shape: [2], dtype: 'int32', initializer: zeros, trainable: false };
  await initialize(device, [...variables, ...optimizer.variables], random, seed);
  const executable = await device.load(trainingStep(learner, optimizer, random, batch));
  const loader = createLoader(dataset, { batch, seed });
  try {
    for (let step = 1; step <= steps; step++) {
      signal?.throwIfAborted();
      if (learningRateAt) await device.write(optimizer.learningRate, Float32Array.of(learningRateAt(step)));
      const isLooked = step % LOOK_EVERY === 0 || step === steps;
      const loss = await runStep(device, executable, await loader.next(), learner, isLooked);
      if (loss !== undefined && !Number.isFinite(loss)) throw diverged(name, loss, step, choice.learningRate);
      if (loss !== undefined) onProgress?.({ step, steps, batch, loss });
      await onStep?.(step);
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

/** One update. Feeds: `images` [batch, ...inputShape] and those of the labels; output: `loss`. */
const trainingStep = (learner: Learner, optimizer: Optimizer, random: Variable, batch: number): Graph =>
  trace(`${learner.name} step`, () => {
    const pass = { training: true, random: read(random) };
    const loss = learner.loss(feed('images', [batch, ...learner.inputShape]), pass);
    optimizer.update(gradients(loss, learner.parameters.map(read)));
    advanceRandom(random);
    return { loss };
  });

/** Runs a step on a batch; answers its loss if it is to be looked at. */
async function runStep(
  device: Device,
  executable: Executable,
  batch: Batch,
  { labelsOf }: Learner,
  isLooked: boolean,
): Promise<number | undefined> {
  const feeds = { images: batch.images, ...labelsOf(batch) };
  const { outputs } = await device.run([{ executable, feeds, fetch: isLooked }]);
  batch.release();
  return outputs[0]?.loss?.[0];
}

const diverged = (name: string, loss: number, step: number, learningRate: number): DivergedError =>
  new DivergedError(
    'diverged',
    `the ${name}'s loss is ${loss} at step ${step}; it was not saved. Train it with a learning rate below ${learningRate}`,
  );

/** The values of variables by name. */
export async function readWeights(
  variables: readonly Variable[],
  device: Device,
): Promise<ReadonlyMap<string, Float32Array>> {
  const weights = new Map<string, Float32Array>();
  for (const variable of variables) weights.set(variable.name, (await device.read(variable)) as Float32Array);
  return weights;
}
