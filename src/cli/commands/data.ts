import { type Command, InvalidArgumentError } from 'commander';
import {
  type AugmentOptions,
  augmented,
  composeGrid,
  composeImage,
  type Dataset,
  expectOutsideData,
  type ImageBatch,
  openDataset,
  type Picture,
  summariseSkipped,
  writePicture,
} from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import { composeCaptioned } from '../../explore/index.ts';
import { parseCount, parseNumber } from '../config_options.ts';
import type { Context } from '../context.ts';
import { printJson, printLine } from '../io.ts';

interface DataCommandOptions {
  readonly size?: number;
  readonly crop?: number;
  readonly grey?: boolean;
  readonly count: number;
  readonly variants: number;
  readonly seed: number;
  readonly flip: boolean;
  readonly rotate: boolean;
  readonly hue: number;
  readonly saturation: number;
  readonly value: number;
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

/** `gannet data`: what a data set holds, and how its images look with augmentation. */
export const addDataCommand = (program: Command, { io }: Context): Command =>
  program
    .command('data')
    .description('look at a data set: how many images and classes, and a preview of some beside their augmentations')
    .argument('<data>', 'mnist, fashion-mnist, cifar10:DIR, emoji or a folder of images')
    .option('--size <pixels>', 'height and width to bring the images to', parseCount(1))
    .option('--crop <pixels>', 'side of the square that is cut out of the middle before scaling', parseCount(0))
    .option('--grey', 'as grey images')
    .option('--count <images>', 'images in the preview', parseCount(1, MOST_PICTURES), 8)
    .option('--variants <count>', 'augmented copies beside each image', parseCount(1, MOST_PICTURES), 6)
    .option('--seed <number>', 'decides how they are augmented', parseCount(0), 1)
    .option('--flip', 'augment.flip: mirror left to right', false)
    .option('--rotate', 'augment.rotate: turn by quarters', false)
    .option('--hue <turns>', 'augment.hue: shift by up to this much, 0 to 0.5', parseFraction(0.5), 0)
    .option('--saturation <part>', 'augment.saturation: scale by 1 - this to 1 + this, 0 to 1', parseFraction(1), 0)
    .option('--value <part>', 'augment.value: scale brightness by 1 - this to 1 + this, 0 to 1', parseFraction(1), 0)
    .option('--out <file.png>', 'where the preview goes', 'data-preview.png')
    .option('--json', 'print what the data set holds as one JSON object')
    .action(async (spec: string, options: DataCommandOptions) => {
      const { size, crop, grey, out, json } = options;
      expectPng(out);
      expectOutsideData(out, spec);
      const dataset = await openDataset(spec, { size, crop, ...(grey && { channels: 1 }) });
      await writePicture(out, await preview(dataset, options));
      if (json) printJson(io.stdout, { type: 'data', ...summary(dataset), preview: out });
      else for (const line of describe(dataset, out)) printLine(io.stdout, line);
    });

function expectPng(out: string): void {
  if (out.toLowerCase().endsWith('.png')) return;
  throw new ConfigError('out_not_png', `--out expects the name of a .png file, but received ${out}`);
}

function summary({ name, count, size, channels, labels, skipped, fingerprint }: Dataset) {
  return { name, count, size, channels, classes: labels?.names ?? [], skipped: skipped.length, fingerprint };
}

function describe({ name, count, size, channels, labels, skipped }: Dataset, out: string): string[] {
  const classes = labels ? `, classes: ${labels.names.join(', ')}` : '';
  const problem = summariseSkipped(skipped);
  return [
    `${name}: ${count} images of ${size.join('x')}, ${channels === 1 ? 'grey' : 'colour'}${classes}`,
    ...(problem ? [problem] : []),
    `preview in ${out}`,
  ];
}

/** Images at equal distances through the data set: as a grid, or with augmentation each in a row with its first epochs. */
async function preview(dataset: Dataset, options: DataCommandOptions & AugmentOptions): Promise<Picture> {
  const { count, variants, seed, flip, rotate, hue, saturation, value } = options;
  const shown = Math.min(count, dataset.count);
  const indices = Array.from({ length: shown }, (_, i) => Math.floor((i * dataset.count) / shown));
  const changed = augmented(dataset, { flip, rotate, hue, saturation, value }, seed);
  if (changed === dataset) return composeGrid(await readImages(dataset, indices, [0]));
  const epochs = Array.from({ length: variants }, (_, epoch) => epoch);
  const rows = indices.map(async (index) => {
    const original = composeImage(await readImages(dataset, [index], [0]), 0);
    const variations = await readImages(changed, [index], epochs);
    return { caption: String(index), pictures: [original, ...epochs.map((i) => composeImage(variations, i))] };
  });
  const columns = ['original', ...epochs.map((epoch) => `epoch ${epoch}`)];
  return composeCaptioned({ columns, rows: await Promise.all(rows) });
}

/** Every index in every epoch, the epochs of an index behind one another. */
async function readImages(
  dataset: Dataset,
  indices: readonly number[],
  epochs: readonly number[],
): Promise<ImageBatch> {
  const { size, channels } = dataset;
  const elements = size[0] * size[1] * channels;
  const reads = indices.flatMap((index) => epochs.map((epoch) => ({ index, epoch })));
  const data = new Float32Array(reads.length * elements);
  for (const [i, { index, epoch }] of reads.entries()) await dataset.read(index, data, i * elements, epoch);
  return { data, shape: [reads.length, ...size, channels] };
}
