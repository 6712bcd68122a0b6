import type { Config } from '../config/index.ts';
import { type Dataset, openDataset, type Split } from '../data/index.ts';
import { dataExists } from '../data/place.ts';
import { DataError } from '../errors.ts';
import { readRunFolder } from '../train/run/folder.ts';

/** Which images stand for the real ones. */
export interface RunImagesOptions {
  readonly data?: string | undefined;
  readonly split?: Split | undefined;
  readonly onProgress?: ((phase: 'real', done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The images that a run was trained on, or others in its size and channels, without augmentation.
 *  @throws DataError data_moved, and what opening them throws */
export async function openRunImages(folder: string, config: Config, options: RunImagesOptions): Promise<Dataset> {
  const { size, channels, crop, maxPixels, labelFile, attributes } = config;
  const isOwn = options.data === undefined;
  return openDataset(options.data ?? (await ownData(folder, config)), {
    size,
    channels,
    crop,
    maxPixels,
    ...(isOwn && { labels: labelFile, attributes }),
    split: options.split,
    signal: options.signal,
  });
}

/** What the run was trained on: where it was, or where its configuration says that it is looked for here. */
async function ownData(folder: string, { data }: Config): Promise<string> {
  const { environment } = await readRunFolder(folder);
  const found = [environment?.data ?? data, data].find(dataExists);
  if (found !== undefined) return found;
  throw new DataError(
    'data_moved',
    `the images of ${folder} are no longer in ${environment?.data ?? data}. Name where they are now with --data`,
  );
}
