import { type Command, InvalidArgumentError, Option } from 'commander';
import { formatSize, type SizeSetting } from '../../config/image_size.ts';
import {
  type Channels,
  channelsInWords,
  countLabels,
  type Dataset,
  expectOutsideData,
  type Labels,
  openDataset,
  type Split,
  summariseSkipped,
  writePicture,
} from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import { parseCount, parseImageSize, parseNumber } from '../config_options.ts';
import type { Context } from '../context.ts';
import { type PreviewOptions, previewPicture } from '../data_preview.ts';
import { examples } from '../examples.ts';
import { printJson, printLine } from '../io.ts';
import { addLabelOptions, DATA_CHOICES, type LabelOptions } from '../label_options.ts';
import { readingProgress } from '../reading_progress.ts';

interface DataCommandOptions extends LabelOptions, PreviewOptions {
  readonly size?: SizeSetting;
  readonly crop?: number;
  readonly channels?: Channels;
  readonly grey?: boolean;
  readonly split?: Split;
  readonly out: string;
  readonly json?: boolean;
}

/** In a row or a column of the preview. */
const MOST_PICTURES = 1000;

const parseFraction =
  (most: number) =>
  (text: string): number => {
    const value = parseNumber(text);
    if (value < 0 || value > most) throw new InvalidArgumentError(`It should be a number from 0 to ${most}.`);
    return value;
  };

function parseChannels(text: string): Channels {
  const channels = Number(text);
  if (channels === 1 || channels === 3 || channels === 4) return channels;
  throw new InvalidArgumentError('It should be 1, 3 or 4.');
}

/** `gannet data`: what a data set holds, and how its images look with augmentation. */
export const addDataCommand = (program: Command, { io }: Context): Command =>
  addLabelOptions(program.command('data'))
    .description(
      'look at a data set: how many images of which classes, and a preview of some by class or beside their augmentations',
    )
    .argument('<data>', DATA_CHOICES)
    .option('--size <pixels>', 'size to bring the images to: 64, or 96x64 for 96 wide and 64 high', parseImageSize(1))
    .option('--crop <pixels>', 'side of the square that is cut out of the middle before scaling', parseCount(0))
    .addOption(
      new Option('--channels <count>', '1: grey, 3: colour, 4: colour and transparency')
        .argParser(parseChannels)
        .conflicts('grey'),
    )
    .option('--grey', 'as grey images, as --channels 1')
    .addOption(new Option('--split <part>', 'the part to look at, where a data set has two').choices(['train', 'test']))
    .option('--count <images>', 'images in the preview, or of each class in it', parseCount(1, MOST_PICTURES), 8)
    .option('--variants <count>', 'augmented copies beside each image', parseCount(1, MOST_PICTURES), 6)
    .option('--seed <number>', 'decides how they are augmented', parseCount(0), 1)
    .option('--flip', 'augment.flip: mirror left to right', false)
    .option('--rotate', 'augment.rotate: turn by quarters', false)
    .option('--hue <turns>', 'augment.hue: shift by up to this much, 0 to 0.5', parseFraction(0.5), 0)
    .option('--saturation <part>', 'augment.saturation: scale by 1 - this to 1 + this, 0 to 1', parseFraction(1), 0)
    .option('--value <part>', 'augment.value: scale brightness by 1 - this to 1 + this, 0 to 1', parseFraction(1), 0)
    .option('--out <file.png>', 'where the preview goes', 'data-preview.png')
    .option('--json', 'print what the data set holds as one JSON object')
    .addHelpText(
      'after',
      examples({
        'gannet data photos/ --size 64': 'what training will see, with a preview',
        'gannet data mnist --flip --variants 4': 'how images are augmented',
      }),
    )
    .action(async (spec: string, options: DataCommandOptions) => {
      const { size, crop, grey, out, json = false, labels, attributes, split } = options;
      expectPng(out);
      expectOutsideData(out, spec);
      const { onProgress, finish } = readingProgress(io, { silent: json });
      const channels = grey ? 1 : options.channels;
      const opening = openDataset(spec, { size, channels, crop, labels, attributes, split, onProgress });
      const dataset = await opening.finally(finish);
      await writePicture(out, await previewPicture(dataset, options));
      if (json) printJson(io.stdout, { type: 'data', ...summary(dataset), preview: out });
      else for (const line of describe(dataset, out)) printLine(io.stdout, line);
    });

function expectPng(out: string): void {
  if (out.toLowerCase().endsWith('.png')) return;
  throw new ConfigError('out_not_png', `--out expects the name of a .png file, but received ${out}`);
}

function summary({ name, count, size, channels, labels, skipped, notes = [], fingerprint }: Dataset) {
  const images = labels ? countLabels(labels) : [];
  return {
    name,
    count,
    size,
    channels,
    classes: labels?.kind === 'classes' ? labels.names : [],
    attributes: labels?.kind === 'attributes' ? labels.names : [],
    imagesByLabel: Object.fromEntries((labels?.names ?? []).map((label, i) => [label, images[i] as number])),
    skipped: skipped.length,
    notes,
    fingerprint,
  };
}

function describe({ name, count, size, channels, labels, skipped, notes = [] }: Dataset, out: string): string[] {
  const problem = summariseSkipped(skipped);
  return [
    `${name}: ${count} images of ${formatSize(size)}, ${channelsInWords[channels]}`,
    ...(labels ? [describeLabels(labels)] : []),
    ...notes,
    ...(problem ? [problem] : []),
    `preview in ${out}`,
  ];
}

/** More than this would bury the rest of the output; --json has all. */
const MOST_LABELS = 102;

/** `classes: day (20), night (20)`: how many images each has. */
function describeLabels(labels: Labels): string {
  const counts = countLabels(labels);
  const told = labels.names.slice(0, MOST_LABELS).map((label, i) => `${label} (${counts[i]})`);
  const rest = labels.names.length - told.length;
  return `${labels.kind}: ${told.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
