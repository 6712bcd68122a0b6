import type { Dataset } from '../../src/data/dataset.ts';

/** One image of a data set as bytes again. */
export async function readBytes(dataset: Dataset, index: number): Promise<number[]> {
  const values = new Float32Array(dataset.size[0] * dataset.size[1] * dataset.channels);
  await dataset.read(index, values, 0);
  return Array.from(values, (value) => Math.round((value + 1) * 127.5));
}
