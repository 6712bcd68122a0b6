import { existsSync } from 'node:fs';
import { bothSides, type ImageSize, type SizeSetting } from '../config/image_size.ts';
import { DataError } from '../errors.ts';
import { baseDefaults } from '../models/recipe.ts';
import { didYouMean } from '../suggest.ts';
import type { ImageCacheOptions } from './cache/image_cache.ts';
import { openCeleba } from './celeba.ts';
import { findCifar10, openCifar10 } from './cifar10.ts';
import type { Dataset, ProgressListener, Split } from './dataset.ts';
import { openEmoji } from './emoji.ts';
import { openFlowers17, openFlowers102 } from './flowers.ts';
import { type LabelledFolderOptions, openImageFolder } from './folder.ts';
import { readLabelFile } from './labels/label_file.ts';
import { holdsIdx, openFashionMnist, openIdxFolder, openMnist } from './mnist.ts';
import type { Channels } from './pixels.ts';

/** What any data set is asked for. */
export interface OpenOptions {
  /** One number for both sides, or [height, width]; a packed data set's own size if not given, but a folder of images needs it. */
  readonly size?: SizeSetting | undefined;
  /** A packed data set's own number if not given; 3 for a folder. */
  readonly channels?: Channels | undefined;
  /** MNIST, Fashion-MNIST and CIFAR-10: 'train' if not given. CelebA and the flowers: all images if not given. Others have no parts. */
  readonly split?: Split | undefined;
  /** Memory for decoded images of a folder, in bytes. */
  readonly cacheBytes?: number | undefined;
  /** The cache of decoded images of folders on disk: where it lies and how large it may become; false for none. */
  readonly imageCache?: ImageCacheOptions | false | undefined;
  /** Files of a folder with more pixels are skipped; 200 million if not given. Refused for a packed data set, as `crop` is. */
  readonly maxPixels?: number | undefined;
  /** Side of the square that is cut out of the middle of each image of a folder before it is scaled; 0, none, if not given. */
  readonly crop?: number | undefined;
  /** The file that tells the labels of a folder's images: CSV, JSON lines, CelebA's list of attributes, or lines of `name label`. It is looked
   *  for as it is, then in the folder of the data. */
  readonly labels?: string | undefined;
  /** Attributes of that file to take as labels, in this order; all if not given. */
  readonly attributes?: readonly string[] | undefined;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

type ResolvedOptions = Omit<OpenOptions, 'size'> & { readonly size: ImageSize | undefined };
type Opener = (directory: string | undefined, options: ResolvedOptions) => Promise<Dataset>;

interface NamedDataset {
  readonly open: Opener;
  /** Of its images as they come. */
  readonly channels: Channels;
  readonly hasTestPart: boolean;
}

/** A data set in a few files, with labels of its own. @throws DataError labels_fixed, data_packed for what only a folder of images can be
 *  asked for */
const packed =
  (name: string, open: Opener): Opener =>
  (directory, options) => {
    expectPackedOptions(name, options);
    return open(directory, options);
  };

/** A data set of photos in a folder of which its labels tell. */
const labelledFolder =
  (name: string, open: (directory: string, options: LabelledFolderOptions) => Promise<Dataset>): Opener =>
  async (directory, options) => {
    if (directory === undefined) {
      throw new DataError('data_folder_missing', `${name}: expected the folder that it lies in, as in ${name}:DIR`);
    }
    const { channels = 3 } = options;
    return open(directory, { ...options, size: expectSize(name, options), channels });
  };

const NAMED: Record<string, NamedDataset> = {
  mnist: {
    open: packed('mnist', (directory, options) => openMnist({ ...options, directory })),
    channels: 1,
    hasTestPart: true,
  },
  'fashion-mnist': {
    open: packed('fashion-mnist', (directory, options) => openFashionMnist({ ...options, directory })),
    channels: 1,
    hasTestPart: true,
  },
  cifar10: {
    open: packed('cifar10', (directory, options) => {
      if (directory === undefined) {
        throw new DataError('cifar10_folder', 'cifar10: expected the folder of its binary version, as in cifar10:DIR');
      }
      return openCifar10(directory, options);
    }),
    channels: 3,
    hasTestPart: true,
  },
  emoji: {
    open: packed('emoji', (directory, options) => {
      expectTrainingPart('emoji', options);
      return openEmoji({ ...options, directory });
    }),
    channels: 3,
    hasTestPart: false,
  },
  celeba: { open: labelledFolder('celeba', openCeleba), channels: 3, hasTestPart: true },
  flowers17: { open: labelledFolder('flowers17', openFlowers17), channels: 3, hasTestPart: true },
  flowers102: { open: labelledFolder('flowers102', openFlowers102), channels: 3, hasTestPart: true },
};

/** The data sets that openDataset knows by name. */
export const datasetNames: readonly string[] = Object.keys(NAMED);

/** What a spec names: a data set with a name, and the folder behind the name. */
function partsOf(spec: string): { readonly name: string; readonly directory?: string; readonly named?: NamedDataset } {
  const [, name = spec, directory] = /^([^:]*):(.+)$/s.exec(spec) ?? [];
  const named = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
  return { name, ...(directory !== undefined && { directory }), ...(named && { named }) };
}

/** Channels of images that come packed in a few files; undefined if the spec names a folder of pictures, or nothing. */
export function packedChannels(spec: string): Channels | undefined {
  const { named } = partsOf(spec);
  if (named) return named.channels;
  if (holdsIdx(spec)) return 1;
  return findCifar10(spec) === undefined ? undefined : 3;
}

/** Whether what a spec names has a part of its own to test with. */
export function hasTestPart(spec: string): boolean {
  const { named } = partsOf(spec);
  return named ? named.hasTestPart : holdsIdx(spec, 'test') || findCifar10(spec) !== undefined;
}

function expectPackedOptions(name: string, options: ResolvedOptions): void {
  const { labels, attributes, crop = 0, maxPixels = baseDefaults.maxPixels } = options;
  if (labels !== undefined || attributes !== undefined) {
    throw new DataError('labels_fixed', `${name}: has labels of its own; leave out --labels and --attributes`);
  }
  const ignored = crop > 0 ? 'crop' : maxPixels === baseDefaults.maxPixels ? undefined : 'maxPixels';
  if (ignored === undefined) return;
  throw new DataError(
    'data_packed',
    `${name}: ${ignored} is for the files of a folder of images, but these images come packed in a few files; leave it out`,
  );
}

function expectTrainingPart(name: string, { split }: ResolvedOptions): void {
  if (split !== 'test') return;
  throw new DataError('split_missing', `${name}: has no test part; name a folder that holds the images to test with`);
}

function expectSize(name: string, { size }: ResolvedOptions): ImageSize {
  if (size !== undefined) return size;
  throw new DataError('image_size', `${name}: a folder of images needs a size to bring them to, such as --size 64`);
}

async function openFolder(directory: string, options: ResolvedOptions): Promise<Dataset> {
  const isIdx = holdsIdx(directory);
  if (isIdx || findCifar10(directory) !== undefined) {
    expectPackedOptions(directory, options);
    return isIdx ? openIdxFolder(directory, directory, undefined, options) : openCifar10(directory, options);
  }
  const { channels = 3, labels, attributes, split: _, ...folder } = options;
  expectTrainingPart(directory, options);
  if (attributes && labels === undefined) {
    throw new DataError(
      'attributes_without_file',
      `${directory}: attributes are columns of a file of labels; name it with --labels FILE`,
    );
  }
  const size = expectSize(directory, options);
  const table = labels === undefined ? undefined : await readLabelFile(labels, directory, attributes);
  return openImageFolder(directory, { ...folder, size, channels, labels: table });
}

/** Opens what `--data` names: `mnist`, `fashion-mnist`, `emoji`, each also with a folder (`mnist:DIR`); `cifar10:DIR`, `celeba:DIR`,
 *  `flowers17:DIR`, `flowers102:DIR`; or a folder: of images, of IDX files named as MNIST's, or of CIFAR-10's binary files. A name wins
 *  over a folder of that name (`./mnist`).
 *  @throws DataError data_unknown with the nearest name, and what the data sets throw. */
export async function openDataset(spec: string, options: OpenOptions = {}): Promise<Dataset> {
  const { size } = options;
  const resolved = { ...options, size: size === undefined ? size : bothSides(size) };
  const { name, directory, named } = partsOf(spec);
  if (named) return named.open(directory, resolved);
  if (existsSync(spec)) return openFolder(spec, resolved);
  throw new DataError(
    'data_unknown',
    `data '${spec}': neither an existing folder nor a known data set (${datasetNames.join(', ')}).${didYouMean(name, datasetNames)}`,
  );
}
