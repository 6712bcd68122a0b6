import type { Dataset, ProgressListener } from '../data/dataset.ts';
import { checkLoaderOptions } from '../data/loader.ts';
import { openDataset } from '../data/open.ts';
import { bestDevice, type Device, type DeviceKind, openDevice } from '../device/index.ts';
import { buildGan, type Config, validateConfig } from '../models/index.ts';
import { loadCheckpoint } from './checkpoint/checkpoint.ts';
import { createModel } from './model.ts';
import { restore, type TrainingProgress } from './persistence.ts';
import { RunRecord } from './record.ts';
import type { JsonValue } from './run/durable.ts';
import { describeEnvironment } from './run/environment.ts';
import { createRunFolder, readRunFolder, rewriteConfig } from './run/folder.ts';
import { TrainingSession } from './session.ts';
import { runSteps, type TrainEvent } from './trainer.ts';

export interface TrainOptions {
  /** The run's folder; without it one is made under runs/. */
  readonly out?: string | undefined;
  /** Stops training after the current step; everything is saved. */
  readonly signal?: AbortSignal | undefined;
  /** Called while a folder of images is decoded. */
  readonly onDataProgress?: ProgressListener | undefined;
}

export interface ResumeOptions extends Omit<TrainOptions, 'out'> {
  /** Train up to this step in place of the configured one. */
  readonly steps?: number | undefined;
  /** Go on from this step's checkpoint in place of the newest. */
  readonly step?: number | undefined;
  /** Another device than the run was started on. */
  readonly device?: Config['device'] | undefined;
}

/** Trains a GAN from the start, telling what happens as it happens. Breaking out of the loop stops training without saving;
 *  `signal` stops it with a checkpoint.
 *  @throws ConfigError, DataError, DeviceError, CheckpointError, DivergedError */
export async function* train(config: Config, options: TrainOptions = {}): AsyncGenerator<TrainEvent, void> {
  buildGan(config); // Unreachable sizes are told before any image is read.
  const dataset = await openImages(config, options);
  const finalConfig = withSteps(config, dataset);
  checkLoaderOptions(dataset, finalConfig);
  const device = chooseDevice(config);
  try {
    const session = await TrainingSession.open(createModel(finalConfig), device);
    const environment = await describeEnvironment(`${device.kind}: ${device.description}`, config.seed);
    const run = await createRunFolder({
      recipe: config.recipe,
      config: finalConfig as unknown as JsonValue,
      environment,
      ...(options.out !== undefined && { out: options.out }),
    });
    await session.initialize();
    yield* sitting(session, dataset, run.folder, { step: 0, imagesSeen: 0, elapsedMs: 0 }, options);
  } finally {
    device.close();
  }
}

/** Goes on with a run from its newest checkpoint, to the very bits that an unbroken run would reach.
 *  @throws CheckpointError, and what `train` throws */
export async function* resume(folder: string, options: ResumeOptions = {}): AsyncGenerator<TrainEvent, void> {
  const run = await readRunFolder(folder);
  const stored = validateConfig(run.config);
  const config = { ...stored, steps: options.steps ?? stored.steps, device: options.device ?? stored.device };
  const checkpoint = await loadCheckpoint(folder, options.step === undefined ? {} : { step: options.step });
  const dataset = await openImages(config, options);
  const device = chooseDevice(config);
  try {
    const session = await TrainingSession.open(createModel(config), device);
    const from = await restore(session, checkpoint);
    if (config.steps !== stored.steps) await rewriteConfig(folder, { ...stored, steps: config.steps } as unknown as JsonValue);
    yield* sitting(session, dataset, folder, from, options);
  } finally {
    device.close();
  }
}

async function* sitting(
  session: TrainingSession,
  dataset: Dataset,
  folder: string,
  from: TrainingProgress,
  { signal }: TrainOptions,
): AsyncGenerator<TrainEvent, void> {
  const record = await RunRecord.open(folder, from.step);
  try {
    await record.log(`${from.step === 0 ? 'started' : `resumed at step ${from.step}`} on ${session.device.description}`);
    yield* runSteps({ session, dataset, record, from, signal });
  } finally {
    await record.close();
  }
}

const openImages = (config: Config, { onDataProgress, signal }: TrainOptions): Promise<Dataset> =>
  openDataset(config.data, { size: config.size, channels: config.channels, onProgress: onDataProgress, signal });

/** The device a configuration names; 'auto' is the best there is. @throws DeviceError */
export const chooseDevice = ({ device, threads }: Pick<Config, 'device' | 'threads'>): Device =>
  openDevice(device === 'auto' ? (bestDevice().kind as Exclude<DeviceKind, 'tfjs'>) : device, { threads });

/** Turns epochs into steps, now that the number of images is known. */
function withSteps({ epochs, ...config }: Config, dataset: Dataset): Config {
  if (epochs === undefined) return config;
  const imagesPerStep = config.batch * (config.schedule === 'simultaneous' ? 1 : config.discriminatorSteps);
  return { ...config, steps: Math.max(1, Math.floor((epochs * dataset.count) / imagesPerStep)) };
}

/** A session that only samples: the generator of a run's checkpoint on a device.
 *  @throws CheckpointError, DeviceError */
export async function openSampler(
  folder: string,
  { step, device }: { readonly step?: number | undefined; readonly device?: Config['device'] | undefined } = {},
): Promise<TrainingSession> {
  const stored = validateConfig((await readRunFolder(folder)).config);
  const checkpoint = await loadCheckpoint(folder, step === undefined ? {} : { step });
  const opened = chooseDevice({ ...stored, device: device ?? stored.device });
  try {
    const session = TrainingSession.forSampling(createModel(stored), opened);
    await restore(session, checkpoint, ['generator']);
    return session;
  } catch (error) {
    opened.close();
    throw error;
  }
}
