import {
  type AugmentOptions,
  augmented,
  composeGrid,
  composeImage,
  countLabels,
  type Dataset,
  type ImageBatch,
  imagesWithLabel,
  type Labels,
  type Picture,
} from '../data/index.ts';
import { composeCaptioned } from '../explore/index.ts';

/** What a preview shows. */
export interface PreviewOptions extends AugmentOptions {
  /** Images without augmentation: in all, or of each class. */
  readonly count: number;
  /** Augmented copies of each image. */
  readonly variants: number;
  readonly seed: number;
}

/** More rows than this would be a picture that nobody looks through. */
const MOST_CLASSES = 40;

/** Images of a data set for people to look at: beside their augmentations if there are any, otherwise by class if there are labels,
 *  otherwise at equal distances through the data set. */
export async function previewPicture(dataset: Dataset, options: PreviewOptions): Promise<Picture> {
  const { count, seed, flip, rotate, hue, saturation, value } = options;
  const changed = augmented(dataset, { flip, rotate, hue, saturation, value }, seed);
  if (changed !== dataset) return previewAugmented(dataset, changed, options);
  if (dataset.labels) return previewClasses(dataset, dataset.labels, count);
  return composeGrid(await readImages(dataset, spread(dataset, count), [0]));
}

/** `count` indices at equal distances. */
function spread(dataset: Dataset, count: number): number[] {
  const shown = Math.min(count, dataset.count);
  return Array.from({ length: shown }, (_, i) => Math.floor((i * dataset.count) / shown));
}

/** Each image in a row with its first epochs. */
async function previewAugmented(
  dataset: Dataset,
  changed: Dataset,
  { count, variants }: PreviewOptions,
): Promise<Picture> {
  const epochs = Array.from({ length: variants }, (_, epoch) => epoch);
  const rows = spread(dataset, count).map(async (index) => {
    const original = composeImage(await readImages(dataset, [index], [0]), 0);
    const variations = await readImages(changed, [index], epochs);
    return { caption: String(index), pictures: [original, ...epochs.map((i) => composeImage(variations, i))] };
  });
  const columns = ['original', ...epochs.map((epoch) => `epoch ${epoch}`)];
  return composeCaptioned({ columns, rows: await Promise.all(rows) });
}

/** A row for each class or attribute that has images: its first ones. */
async function previewClasses(dataset: Dataset, labels: Labels, count: number): Promise<Picture> {
  const counts = countLabels(labels);
  const shown = [...labels.names.keys()].filter((label) => counts[label] !== 0).slice(0, MOST_CLASSES);
  const rows = shown.map(async (label) => {
    const indices = imagesWithLabel(labels, label, count);
    const images = await readImages(dataset, indices, [0]);
    return { caption: labels.names[label] as string, pictures: indices.map((_, i) => composeImage(images, i)) };
  });
  if (rows.length === 0) return composeGrid(await readImages(dataset, spread(dataset, count), [0]));
  return composeCaptioned({ columns: [], rows: await Promise.all(rows) });
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
