import { type Command, InvalidArgumentError } from 'commander';
import {
  type ClassifierProgress,
  classifierFiles,
  isClassifierName,
  openLabelledParts,
  type TrainedClassifier,
  trainClassifier,
  writeClassifier,
} from '../../classifier/index.ts';
import { type DeviceKeys, deviceKeysOf } from '../../config/index.ts';
import type { Channels } from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import { chooseDevice } from '../../train/prepare.ts';
import { parseCount } from '../config_options.ts';
import type { Context } from '../context.ts';
import { deviceNote } from '../device_note.ts';
import { addDeviceOptions } from '../device_options.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit_codes.ts';
import { runUnlessInterrupted } from '../interrupt.ts';
import { type Io, printJson, printLine } from '../io.ts';
import { addLabelOptions, DATA_CHOICES, type LabelOptions } from '../label_options.ts';
import { createProgress } from '../progress.ts';
import { readingProgress } from '../reading_progress.ts';
import { formatCount } from '../units.ts';

interface ClassifierCommandOptions extends LabelOptions, DeviceKeys {
  readonly out: string;
  readonly size: number;
  readonly channels?: Channels;
  readonly crop?: number;
  readonly steps: number;
  readonly batch: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** `gannet classifier`: a network that tells the classes of images apart, to evaluate runs with. */
export const addClassifierCommand = (program: Command, context: Context): Command =>
  addDeviceOptions(addLabelOptions(program.command('classifier')))
    .description('train a small classifier on labelled images, by whose features `gannet evaluate` compares images')
    .argument('<data>', DATA_CHOICES)
    .requiredOption('--out <file.safetensors>', 'where its weights go; beside them a .json file tells what it is')
    .option('--size <pixels>', 'height and width of the images that it takes', parseCount(8), 32)
    .option('--channels <count>', '1: grey, 3: colour, 4: colour and transparency', parseChannels)
    .option('--crop <pixels>', 'side of the square that is cut out of the middle before scaling', parseCount(0))
    .option('--steps <count>', 'updates', parseCount(1), 1500)
    .option('--batch <images>', 'images per update', parseCount(2), 64)
    .option(
      '--seed <number>',
      'decides weights, order and, where the data has no test part, the images held out',
      parseCount(0),
      1,
    )
    .option('--json', 'print what became of it as one JSON object')
    .addHelpText(
      'after',
      examples({
        'gannet classifier mnist --out digits.safetensors': 'two minutes on a processor',
        'gannet classifier photos --size 64 --out photos.safetensors': 'of a folder with a folder for each class',
      }),
    )
    .action(async (data: string, options: ClassifierCommandOptions) => {
      const { io } = context;
      if (!isClassifierName(options.out)) {
        throw new ConfigError(
          'out_not_classifier',
          `--out expects the name of a .safetensors file, but received ${options.out}`,
        );
      }
      const trained = await runUnlessInterrupted(io, (signal) => trainWatched(data, options, io, signal));
      if (!trained) {
        context.exitCode = EXIT.interrupted;
        return;
      }
      const stored = await writeClassifier(options.out, trained);
      const files = classifierFiles(options.out);
      if (options.json) printJson(io.stdout, { type: 'classifier', ...stored, ...files });
      else for (const line of describe(trained, files)) printLine(io.stdout, line);
    });

function parseChannels(text: string): Channels {
  const channels = Number(text);
  if (channels === 1 || channels === 3 || channels === 4) return channels;
  throw new InvalidArgumentError('It should be 1, 3 or 4.');
}

function describe({ name, accuracy, data }: TrainedClassifier, files: ReturnType<typeof classifierFiles>): string[] {
  const { holdOutImages, holdOutBy } = data;
  const from = holdOutBy === 'test part' ? 'of the test part' : `held out by seed ${holdOutBy.seed}`;
  return [
    `${name}: tells the class of ${(100 * accuracy).toFixed(2)} % of ${formatCount(holdOutImages)} images ${from}`,
    `weights in ${files.weights}, described in ${files.description}`,
    `evaluate a run by it: gannet evaluate RUN --features ${files.weights}`,
  ];
}

/** Trains with a bar for the images that are read and for the steps. */
async function trainWatched(
  spec: string,
  { size, channels, crop, labels, attributes, json = false, seed, steps, batch, ...place }: ClassifierCommandOptions,
  io: Io,
  signal: AbortSignal,
): Promise<TrainedClassifier> {
  const reading = readingProgress(io, { silent: json });
  const opening = openLabelledParts(spec, {
    ...{ size, channels, crop, labels, attributes, seed, signal },
    onProgress: reading.onProgress,
  });
  const parts = await opening.finally(reading.finish);
  const chosen = { device: 'auto', threads: 0, precision: 'auto', ...deviceKeysOf(place) } as const;
  const device = await chooseDevice(chosen, deviceNote(io, { json }));
  const progress = createProgress({ stream: io.stderr, environment: io.environment, silent: json });
  const startedMs = performance.now();
  const onProgress = ({ step, steps: total, batch: images, loss }: ClassifierProgress) => {
    const seconds = (performance.now() - startedMs) / 1000;
    progress.update({ step, total, imagesPerSecond: (step * images) / seconds, values: { loss } });
  };
  try {
    const { count, name } = parts.training;
    progress.message(`Training on ${formatCount(count)} images of ${name}`);
    return await trainClassifier(parts, device, { steps, batch, seed, signal, onProgress });
  } finally {
    progress.finish();
    device.close();
  }
}
