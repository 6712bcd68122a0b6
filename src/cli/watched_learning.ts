import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { type LabelledParts, openLabelledParts } from '../classifier/index.ts';
import type { LearningProgress } from '../classifier/learning.ts';
import { type DeviceKeys, deviceKeysOf, type SizeSetting } from '../config/index.ts';
import type { Channels, Dataset } from '../data/index.ts';
import type { Device } from '../device/index.ts';
import { chooseDevice } from '../train/prepare.ts';
import { parseCount, parseImageSize } from './config_options.ts';
import { deviceNote } from './device_note.ts';
import { addDeviceOptions } from './device_options.ts';
import type { Io } from './io.ts';
import { addLabelOptions, DATA_CHOICES, type LabelOptions } from './label_options.ts';
import { createProgress } from './progress.ts';
import { readingProgress } from './reading_progress.ts';
import { formatCount } from './units.ts';

/** What commands are told that train a network on labelled images. */
export interface LearningOptions extends LabelOptions, DeviceKeys {
  readonly size: SizeSetting;
  readonly channels?: Channels;
  readonly crop?: number;
  readonly batch: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** Adds the argument and the options that these commands share. */
export const addLearningOptions = (command: Command): Command =>
  addDeviceOptions(addLabelOptions(command))
    .argument('<data>', DATA_CHOICES)
    .option(
      '--size <pixels>',
      'size of the images that it takes: 32, or 96x64 for 96 wide and 64 high',
      parseImageSize(8),
      32,
    )
    .option('--channels <count>', '1: grey, 3: colour, 4: colour and transparency', parseChannels)
    .option('--crop <pixels>', 'side of the square that is cut out of the middle before scaling', parseCount(0))
    .option('--batch <images>', 'images per update', parseCount(2), 64)
    .option(
      '--seed <number>',
      'decides weights, order and, where the data has no test part, the images held out',
      parseCount(0),
      1,
    )
    .option('--json', 'print what became of it as one JSON object');

function parseChannels(text: string): Channels {
  const channels = Number(text);
  if (channels === 1 || channels === 3 || channels === 4) return channels;
  throw new InvalidArgumentError('It should be 1, 3 or 4.');
}

/** What a network learns from, and on which device. */
export interface Lesson {
  readonly parts: LabelledParts;
  readonly device: Device;
  readonly onProgress: (progress: LearningProgress) => void;
  /** Shows a line. */
  readonly message: (text: string) => void;
}

/** Opens images and a device, and trains with a bar for the images that are read and for the steps.
 *  @param check refuses images that cannot be learnt from; what a classifier refuses, if not given */
export async function learnWatched<T>(
  spec: string,
  { size, channels, crop, labels, attributes, json = false, seed, ...place }: LearningOptions,
  { io, signal, check }: { readonly io: Io; readonly signal: AbortSignal; readonly check?: (dataset: Dataset) => void },
  train: (lesson: Lesson) => Promise<T>,
): Promise<T> {
  const reading = readingProgress(io, { silent: json });
  const how = { size, channels, crop, labels, attributes, seed, signal, onProgress: reading.onProgress };
  const parts = await openLabelledParts(spec, how, check).finally(reading.finish);
  const chosen = { device: 'auto', threads: 0, precision: 'auto', ...deviceKeysOf(place) } as const;
  const device = await chooseDevice(chosen, deviceNote(io, { json }));
  const progress = createProgress({ stream: io.stderr, environment: io.environment, silent: json });
  const startedMs = performance.now();
  const onProgress = ({ step, steps: total, batch: images, loss }: LearningProgress) => {
    const seconds = (performance.now() - startedMs) / 1000;
    progress.update({ step, total, imagesPerSecond: (step * images) / seconds, values: { loss } });
  };
  try {
    const { count, name } = parts.training;
    progress.message(`Training on ${formatCount(count)} images of ${name}`);
    return await train({ parts, device, onProgress, message: (text) => progress.message(text) });
  } finally {
    progress.finish();
    device.close();
  }
}

/** How the images that something was measured with were held out, for people. */
export const describeHoldOut = ({ holdOutBy: by }: { readonly holdOutBy: LabelledParts['by'] }): string =>
  by === 'test part' ? 'of the test part' : `held out by seed ${by.seed}`;
