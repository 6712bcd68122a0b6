import { existsSync } from 'node:fs';
import { DataError } from '../errors.ts';
import { didYouMean } from '../suggest.ts';
import { findCifar10, openCifar10 } from './cifar10.ts';
import type { Dataset, ProgressListener, Split } from './dataset.ts';
import { openEmoji } from './emoji.ts';
import { openImageFolder } from './folder.ts';
import { holdsIdx, openFashionMnist, openIdxFolder, openMnist } from './mnist.ts';
import type { Channels, ImageSize } from './pixels.ts';

/** What any data set is asked for. */
export interface OpenOptions {
  /** Side of a square, or [height, width]; a packed data set's own size if not given, but a folder of images needs it. */
  readonly size?: number | ImageSize | undefined;
  /** A packed data set's own number if not given; 3 for a folder. */
  readonly channels?: Channels | undefined;
  /** 'train' if not given; a folder of images has no other part. */
  readonly split?: Split | undefined;
  /** Memory for decoded images of a folder, in bytes. */
  readonly cacheBytes?: number | undefined;
  /** Files of a folder with more pixels are skipped; 200 million if not given. */
  readonly maxPixels?: number | undefined;
  /** Side of the square that is cut out of the middle of each image of a folder before it is scaled; 0, none, if not given. */
  readonly crop?: number | undefined;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

type ResolvedOptions = Omit<OpenOptions, 'size'> & { readonly size: ImageSize | undefined };
type Opener = (directory: string | undefined, options: ResolvedOptions) => Promise<Dataset>;

interface NamedDataset {
  readonly open: Opener;
  /** Of its images as they come. */
  readonly channels: Channels;
}

const NAMED: Record<string, NamedDataset> = {
  mnist: { open: (directory, options) => openMnist({ ...options, directory }), channels: 1 },
  'fashion-mnist': { open: (directory, options) => openFashionMnist({ ...options, directory }), channels: 1 },
  cifar10: {
    open(directory, options) {
      if (directory === undefined) {
        throw new DataError('cifar10_folder', 'cifar10: expected the folder of its binary version, as in cifar10:DIR');
      }
      return openCifar10(directory, options);
    },
    channels: 3,
  },
  emoji: { open: (directory, options) => openEmoji({ ...options, directory }), channels: 3 },
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

/** The classes of an IDX folder that nobody named. */
const NUMBERED = Array.from({ length: 256 }, (_, value) => String(value));

function openFolder(directory: string, options: ResolvedOptions): Promise<Dataset> {
  if (holdsIdx(directory)) return openIdxFolder(directory, directory, NUMBERED, options);
  if (findCifar10(directory) !== undefined) return openCifar10(directory, options);
  const { size, channels = 3 } = options;
  if (size === undefined) {
    throw new DataError(
      'image_size',
      `${directory}: a folder of images needs a size to bring them to, such as --size 64`,
    );
  }
  return openImageFolder(directory, { ...options, size, channels });
}

/** Opens what `--data` names: `mnist`, `fashion-mnist`, `cifar10:DIR`, `emoji`, `mnist:DIR`, `fashion-mnist:DIR`, `emoji:DIR`, or a folder: of
 *  images, of IDX files named as MNIST's, or of CIFAR-10's binary files. A name wins over a folder of that name (`./mnist`).
 *  @throws DataError data_unknown with the nearest name, and what the data sets throw. */
export async function openDataset(spec: string, options: OpenOptions = {}): Promise<Dataset> {
  const { size } = options;
  const resolved = { ...options, size: typeof size === 'number' ? ([size, size] as const) : size };
  const { name, directory, named } = partsOf(spec);
  if (named) return named.open(directory, resolved);
  if (existsSync(spec)) return openFolder(spec, resolved);
  throw new DataError(
    'data_unknown',
    `data '${spec}': neither an existing folder nor a known data set (${datasetNames.join(', ')}).${didYouMean(name, datasetNames)}`,
  );
}
