import type { Config } from '../config/schema.ts';
import type { Dataset } from '../data/dataset.ts';
import type { ImageBatch } from '../data/grid.ts';
import { imageElements } from '../data/pixels.ts';
import type { Monitor } from '../losses/index.ts';

/** The diversity of samples as a metric: relative to that of real images. */
export const diversityMonitor = ({ collapseBelow }: Config['health']): Monitor => ({
  label: 'diversity',
  panel: 'diversity of samples',
  meaning: 'diversity',
  unit: 'of that of real images',
  sign: {
    code: 'collapse',
    patience: 2,
    isBad: (value) => value < collapseBelow,
    message: (value) =>
      `the samples have become alike: their diversity is ${value.toFixed(2)} of that of real images. Try another seed, a smaller generator.learningRate, label smoothing, or a Wasserstein recipe; an earlier checkpoint may be better`,
  },
});

/** How much images differ from one another: the root mean square difference of two pixels at one place, averaged over all pairs. */
export function diversity({ data, shape: [count, height, width, channels] }: ImageBatch): number {
  const elements = height * width * channels;
  let sum = 0;
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < a; b++) sum += rootMeanSquareDifference(data, a * elements, b * elements, elements);
  }
  return sum / ((count * (count - 1)) / 2);
}

function rootMeanSquareDifference(data: Float32Array, first: number, second: number, elements: number): number {
  let sum = 0;
  for (let i = 0; i < elements; i++) {
    const difference = (data[first + i] as number) - (data[second + i] as number);
    sum += difference * difference;
  }
  return Math.sqrt(sum / elements);
}

/** Up to `count` images spread evenly over a data set, to compare samples with. */
export async function realImagesOf(dataset: Dataset, count: number): Promise<ImageBatch> {
  const total = Math.min(count, dataset.count);
  const elements = imageElements(dataset);
  const data = new Float32Array(total * elements);
  for (let i = 0; i < total; i++) await dataset.read(Math.floor((i * dataset.count) / total), data, i * elements);
  return { data, shape: [total, ...dataset.size, dataset.channels] };
}
