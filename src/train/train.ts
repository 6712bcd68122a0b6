import { augmented } from '../data/augment.ts';
import type { Dataset, ProgressListener } from '../data/dataset.ts';
import { checkLoaderOptions } from '../data/loader.ts';
import { openDataset } from '../data/open.ts';
import { bestDevice, type Device, openDevice } from '../device/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { buildGan, type Config, type ConfigChanges, resolveConfig, validateConfig } from '../models/index.ts';
import { loadCheckpoint } from './checkpoint/checkpoint.ts';
import { createModel } from './model.ts';
import { restore, SAMPLING_PARTS } from './persistence.ts';
import { RunRecord } from './record.ts';
import type { JsonValue } from './run/durable.ts';
import { describeEnvironment } from './run/environment.ts';
import { createRunFolder, type Run, readRunFolder, rewriteConfig } from './run/folder.ts';
import { TrainingSession } from './session.ts';
import type { SittingOptions } from './sitting.ts';
import { runSteps, type TrainEvent } from './trainer.ts';

/** How a run is trained, beside its configuration. */
export interface TrainOptions {
  /** The run's folder; without it one is made under runs/. */
  readonly out?: string | undefined;
  /** Stops training after the current step; everything is saved. */
  readonly signal?: AbortSignal | undefined;
  /** Called while a folder of images is decoded. */
  readonly onDataProgress?: ProgressListener | undefined;
  /** Images in place of those that the configuration's `data` names; they must have its `size` and `channels` already. */
  readonly dataset?: Dataset | undefined;
}

/** What training needs from outside its networks. */
export interface Prepared {
  /** With the number of steps that its epochs come to. */
  readonly config: Config;
  readonly dataset: Dataset;
  /** Open; whoever prepared closes it. */
  readonly device: Device;
}

/** How a run is taken up again. */
export interface ResumeOptions extends Omit<TrainOptions, 'out'> {
  /** Train up to this step in place of the configured one. */
  readonly steps?: number | undefined;
  /** Go on from this step's checkpoint in place of the newest. */
  readonly step?: number | undefined;
  /** Another device than the run was started on. */
  readonly device?: Config['device'] | undefined;
}

/** Checks a configuration against its recipe and its data, and opens both the data and the device; nothing is written.
 *  @throws ConfigError, DataError, DeviceError */
export async function prepareTraining(config: Config, options: Omit<TrainOptions, 'out'> = {}): Promise<Prepared> {
  // What costs nothing to find is told before any image is read.
  buildGan(config);
  const device = await chooseDevice(config);
  try {
    const dataset = await openImages(config, options);
    const finalConfig = withSteps(config, dataset);
    checkLoaderOptions(dataset, finalConfig);
    return { config: finalConfig, dataset, device };
  } catch (error) {
    device.close();
    throw error;
  }
}

/** Trains a GAN from the start, telling what happens as it happens. Breaking out of the loop stops training without saving;
 *  `signal` stops it with a checkpoint.
 *  @throws ConfigError, DataError, DeviceError, CheckpointError, DivergedError */
export async function* train(asked: Config, options: TrainOptions = {}): AsyncGenerator<TrainEvent, void> {
  const { config, dataset, device } = await prepareTraining(asked, options);
  try {
    const session = await TrainingSession.open(createModel(config), device);
    const environment = await describeEnvironment(`${device.kind}: ${device.description}`, config.seed);
    const run = await createRunFolder({
      recipe: config.recipe,
      config: config as unknown as JsonValue,
      environment,
      ...(options.out !== undefined && { out: options.out }),
    });
    await session.initialize();
    const from = { step: 0, imagesSeen: 0, elapsedMs: 0 };
    yield* sitting({ session, dataset, from, signal: options.signal }, run.folder);
  } finally {
    device.close();
  }
}

/** Goes on with a run from its newest checkpoint, to the very bits that an unbroken run would reach.
 *  @throws CheckpointError, and what `train` throws */
export async function* resume(folder: string, options: ResumeOptions = {}): AsyncGenerator<TrainEvent, void> {
  const run = await readRunFolder(folder);
  const stored = storedConfig(run);
  const config = withOptions(stored, options);
  const checkpoint = await loadCheckpoint(folder, options.step === undefined ? {} : { step: options.step });
  if (config.steps < checkpoint.step) {
    throw new ConfigError(
      'steps_passed',
      `${checkpoint.folder} is past step ${config.steps}; name a later one with --steps, or an earlier checkpoint with --step`,
    );
  }
  const { dataset, device } = await prepareTraining(config, options);
  try {
    const session = await TrainingSession.open(createModel(config), device);
    const from = await restore(session, checkpoint);
    if (config.steps !== stored.steps)
      await rewriteConfig(folder, { ...stored, steps: config.steps } as unknown as JsonValue);
    yield* sitting({ session, dataset, from, checkpoint: checkpoint.folder, signal: options.signal }, folder);
  } finally {
    device.close();
  }
}

/** A run's configuration with what a later sitting changes of it. @throws ConfigError */
const withOptions = (stored: Config, { steps, device }: Pick<ResumeOptions, 'steps' | 'device'>): Config =>
  validateConfig({ ...stored, steps: steps ?? stored.steps, device: device ?? stored.device });

async function* sitting(part: Omit<SittingOptions, 'record'>, folder: string): AsyncGenerator<TrainEvent, void> {
  const { from, session } = part;
  const record = await RunRecord.open(folder, from.step);
  try {
    await record.log(
      `${from.step === 0 ? 'started' : `resumed at step ${from.step}`} on ${session.device.description}`,
    );
    yield* runSteps({ ...part, record });
  } finally {
    await record.close();
  }
}

async function openImages(config: Config, { dataset, onDataProgress, signal }: TrainOptions): Promise<Dataset> {
  const { data, size, channels, crop, maxPixels, augment, seed } = config;
  if (dataset) expectFormat(dataset, config);
  const images =
    dataset ?? (await openDataset(data, { size, channels, crop, maxPixels, onProgress: onDataProgress, signal }));
  return augmented(images, augment, seed);
}

function expectFormat({ name, size: [height, width], channels }: Dataset, config: Config): void {
  if (height === config.size && width === config.size && channels === config.channels) return;
  throw new DataError(
    'image_format',
    `${name}: expected images of ${config.size}x${config.size}x${config.channels}, as the configuration says, but received ${height}x${width}x${channels}; change size and channels of either`,
  );
}

/** The device a configuration names; 'auto' is the best there is. @throws DeviceError */
export const chooseDevice = async ({
  device,
  threads,
  precision,
}: Pick<Config, 'device' | 'threads' | 'precision'>): Promise<Device> =>
  openDevice(device === 'auto' ? (await bestDevice()).info.kind : device, { threads, precision });

/** Turns epochs into steps, now that the number of images is known. */
function withSteps({ epochs, ...config }: Config, dataset: Dataset): Config {
  if (epochs === undefined) return config;
  const imagesPerStep = config.batch * (config.schedule === 'simultaneous' ? 1 : config.discriminatorSteps);
  return { ...config, steps: Math.max(1, Math.floor((epochs * dataset.count) / imagesPerStep)) };
}

/** A run's configuration; keys that it was made without have the recipe's values. @throws ConfigError */
const storedConfig = ({ config }: Run): Config => resolveConfig(config as ConfigChanges);

/** A session that only samples: the generator of a run's checkpoint on a device.
 *  @throws CheckpointError, DeviceError */
export async function openSampler(
  folder: string,
  { step, device }: { readonly step?: number | undefined; readonly device?: Config['device'] | undefined } = {},
): Promise<TrainingSession> {
  const stored = storedConfig(await readRunFolder(folder));
  const checkpoint = await loadCheckpoint(folder, step === undefined ? {} : { step });
  const opened = await chooseDevice(withOptions(stored, { device }));
  try {
    const session = TrainingSession.forSampling(createModel(stored), opened);
    await restore(session, checkpoint, SAMPLING_PARTS);
    return session;
  } catch (error) {
    opened.close();
    throw error;
  }
}
