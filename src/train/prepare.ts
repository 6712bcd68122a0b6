import { formatImage, imageShapeOf } from '../config/image_size.ts';
import type { Config } from '../config/index.ts';
import { imagesInStore, replays } from '../config/replay.ts';
import { augmented } from '../data/augment.ts';
import type { Dataset, ProgressListener } from '../data/dataset.ts';
import { checkLoaderOptions } from '../data/loader.ts';
import { openDataset } from '../data/open.ts';
import { type Device, type DeviceListener, findDevice, openDevice, type Ranks } from '../device/index.ts';
import { DataError } from '../errors.ts';
import { validateConfig } from '../models/index.ts';
import { sameShape } from '../tensor/shape.ts';
import { stepsIn } from './epochs.ts';
import { withEvaluation } from './evaluator.ts';
import type { WeightSource } from './from_run.ts';
import { withLabels } from './labelled_data.ts';
import { createModel } from './model.ts';
import { expectReferenceImages } from './reference_images.ts';

/** How a run is trained, beside its configuration. */
export interface TrainOptions {
  /** The run's folder; without it one is made under runs/. */
  readonly out?: string | undefined;
  /** A run whose weights the new one begins with, for the networks' variables that fit. */
  readonly from?: WeightSource | undefined;
  /** Stops training after the current step; everything is saved. */
  readonly signal?: AbortSignal | undefined;
  /** Called while a folder of images is decoded. */
  readonly onDataProgress?: ProgressListener | undefined;
  /** Called once, with the device that is used and why. */
  readonly onDevice?: DeviceListener | undefined;
  /** This process among those that train the run together; see `joinRanks`. Rank 0 writes the run and tells what happens. */
  readonly ranks?: Ranks | undefined;
  /** Images in place of those that the configuration's `data` names; they must have its `size` and `channels` already. */
  readonly dataset?: Dataset | undefined;
}

/** What training needs from outside its networks. */
export interface Prepared {
  /** With the number of steps that its epochs come to, the labels that conditional networks are told, and the size of a replay's store. */
  readonly config: Config;
  readonly dataset: Dataset;
  /** Open; whoever prepared closes it. */
  readonly device: Device;
}

/** Checks a configuration against its recipe and its data, and opens both the data and the device; nothing is written.
 *  @throws ConfigError, DataError, DeviceError */
export async function prepareTraining(
  config: Config,
  options: Omit<TrainOptions, 'out' | 'from'> = {},
): Promise<Prepared> {
  // What costs nothing to find is told before any image is read.
  const { references } = createModel(config);
  const device = await chooseDevice(config, options.onDevice, options.ranks);
  try {
    const dataset = await openImages(config, options);
    const finalConfig = await withEvaluation(
      withReplay(withSteps(withLabels(config, dataset), dataset), dataset),
      dataset,
    );
    checkLoaderOptions(dataset, finalConfig);
    expectReferenceImages(references, dataset);
    // Once more, for its keys in the schema's order: what a resumed run writes is then what its start has written.
    return { config: validateConfig(finalConfig), dataset, device };
  } catch (error) {
    device.close();
    throw error;
  }
}

async function openImages(config: Config, { dataset, onDataProgress, signal }: TrainOptions): Promise<Dataset> {
  const { data, labelFile: labels, attributes, size, channels, crop, maxPixels, augment, seed } = config;
  if (dataset) expectFormat(dataset, config);
  const images =
    dataset ??
    (await openDataset(data, {
      size,
      channels,
      labels,
      attributes,
      crop,
      maxPixels,
      onProgress: onDataProgress,
      signal,
    }));
  return augmented(images, augment, seed);
}

function expectFormat({ name, size, channels }: Dataset, config: Config): void {
  const [wanted, found] = [imageShapeOf(config), [...size, channels] as const];
  if (sameShape(wanted, found)) return;
  throw new DataError(
    'image_format',
    `${name}: expected images of ${formatImage(wanted)}, as the configuration says, but received ${formatImage(found)}; change size and channels of either`,
  );
}

/** Opens the device a configuration names; 'auto' is the best there is, and where several processes train together what all of them have.
 *  @throws ConfigError, DeviceError */
export async function chooseDevice(
  { device, threads, precision }: Pick<Config, 'device' | 'threads' | 'precision'>,
  onDevice?: DeviceListener,
  ranks?: Ranks,
): Promise<Device> {
  const choice = await findDevice(ranks && device === 'auto' ? ranks.kindByDefault : device);
  onDevice?.(choice);
  return openDevice(choice.kind, { threads, precision, ranks });
}

/** Settles how many images are replayed from, now that the number of images is known. */
function withReplay(config: Config, { count }: Dataset): Config {
  if (!replays.holds(config)) return config;
  return { ...config, replay: { ...config.replay, images: imagesInStore(config, count) } };
}

/** Turns epochs into steps, now that the number of images is known. */
function withSteps({ epochs, ...config }: Config, dataset: Dataset): Config {
  if (epochs === undefined) return config;
  const { programs } = createModel(config).match;
  return { ...config, steps: stepsIn(programs, (epochs * dataset.count) / config.batch) };
}
