import type { Config } from '../config/schema.ts';
import type { Dataset } from '../data/dataset.ts';
import type { ImageBatch } from '../data/grid.ts';
import { imagesWithLabel } from '../data/labels/labels.ts';
import { imageElements } from '../data/pixels.ts';
import type { Monitor, TroubleSign } from '../losses/index.ts';
import type { SampleGrid } from './by_label.ts';

/** The diversity of samples as a metric: relative to that of real images. */
export const diversityMonitor = (health: Config['health']): Monitor => ({
  label: 'diversity',
  panel: 'diversity of samples',
  meaning: 'diversity',
  unit: 'of that of real images',
  sign: {
    code: 'collapse',
    patience: 2,
    isBad: hasCollapsed(health),
    message: (value) =>
      `the samples have become alike: their diversity is ${value.toFixed(2)} of that of real images. Try another seed, a smaller generator.learningRate, label smoothing, or a Wasserstein recipe; an earlier checkpoint may be better`,
  },
});

/** The same of the samples of each label by themselves, the smallest. */
export const classDiversityMonitor = ({ health, model }: Config): Monitor => ({
  label: 'diversity of a class',
  panel: 'diversity of samples',
  meaning: 'diversity',
  unit: 'of that of real images',
  sign: {
    code: 'class_collapse',
    patience: 2,
    isBad: (value, context) => hasCollapsed(health)(value, context) || hearsLabelsAlone(health, value, context.metrics),
    message: (value) =>
      `the samples of a class have become alike: their diversity is ${value.toFixed(2)} of that of real images of the class. The sample grid shows which. The generator heeds its labels, and hardly its latents: begin again with more latents (--set latent.size=200)${model.condition === 'embedding' ? ', a smaller model.embedding' : ''} or latent.distribution=normal; an earlier checkpoint may be better`,
  },
});

/** Whether samples differ by their labels, and hardly within one. That needs no images seen before: latents which count for little from the
 *  start are not waited for. */
function hearsLabelsAlone(
  { collapseBelow }: Config['health'],
  ofClass: number,
  { diversity: ofAll }: Readonly<Record<string, number>>,
): boolean {
  return ofAll !== undefined && ofAll >= collapseBelow && ofClass < collapseBelow * ofAll;
}

/** Every generator begins with images that are alike, and on its way their diversity comes and goes. */
const hasCollapsed =
  ({ collapseBelow, collapseAfter }: Config['health']): TroubleSign['isBad'] =>
  (value, { highest, imagesSeen }) =>
    highest >= collapseBelow
      ? value < collapseBelow * Math.min(1, highest)
      : value < collapseBelow && imagesSeen >= collapseAfter;

/** How much images differ from one another: the root mean square difference of two pixels at one place, averaged over all pairs; 0 of less than
 *  two. */
export function diversity({ data, shape: [count, height, width, channels] }: ImageBatch): number {
  const elements = height * width * channels;
  let sum = 0;
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < a; b++) sum += rootMeanSquareDifference(data, a * elements, b * elements, elements);
  }
  return count < 2 ? 0 : sum / ((count * (count - 1)) / 2);
}

function rootMeanSquareDifference(data: Float32Array, first: number, second: number, elements: number): number {
  let sum = 0;
  for (let i = 0; i < elements; i++) {
    const difference = (data[first + i] as number) - (data[second + i] as number);
    sum += difference * difference;
  }
  return Math.sqrt(sum / elements);
}

/** The diversity of samples, each relative to that of as many real images. */
export interface RelativeDiversity {
  readonly diversity: number;
  /** The smallest of any label's samples among themselves; only of a conditional run whose grid has several of each. */
  readonly classDiversity?: number;
}

/** How diverse the real images are that a run's sample grids are compared with. */
export class RealDiversity {
  private constructor(
    private readonly all: number,
    private readonly ofRows: readonly number[],
  ) {}

  /** Measures images spread evenly over a data set, as many as a grid has, and for each of its rows as many of that label. */
  static async of(dataset: Dataset, { images, columns = 0, rows = [] }: SampleGrid): Promise<RealDiversity> {
    const total = Math.min(images.shape[0], dataset.count);
    const spread = Array.from({ length: total }, (_, i) => Math.floor((i * dataset.count) / total));
    const ofRows: number[] = [];
    for (const [label] of rows.entries()) {
      const labelled = dataset.labels ? imagesWithLabel(dataset.labels, label, columns) : [];
      ofRows.push(diversity(await readImages(dataset, labelled)));
    }
    return new RealDiversity(diversity(await readImages(dataset, spread)), ofRows);
  }

  /** The diversity of a grid of the same layout. */
  compare({ images, columns = 0 }: SampleGrid): RelativeDiversity {
    const all = relative(diversity(images), this.all);
    const ofRows = this.ofRows.map((real, row) => relative(diversity(rowOf(images, row, columns)), real));
    return { diversity: all, ...(ofRows.length > 0 && { classDiversity: Math.min(...ofRows) }) };
  }
}

/** 1 where nothing can be compared: a single image, or real ones that are all the same. */
const relative = (samples: number, real: number): number => (real > 0 ? samples / real : 1);

function rowOf({ data, shape: [, ...shape] }: ImageBatch, row: number, columns: number): ImageBatch {
  const elements = columns * shape.reduce((product, side) => product * side, 1);
  return { data: data.subarray(row * elements, (row + 1) * elements), shape: [columns, ...shape] };
}

async function readImages(dataset: Dataset, indices: readonly number[]): Promise<ImageBatch> {
  const elements = imageElements(dataset);
  const data = new Float32Array(indices.length * elements);
  for (const [i, index] of indices.entries()) await dataset.read(index, data, i * elements);
  return { data, shape: [indices.length, ...dataset.size, dataset.channels] };
}
