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
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

type ResolvedOptions = Omit<OpenOptions, 'size'> & { readonly size: ImageSize | undefined };
type Opener = (directory: string | undefined, options: ResolvedOptions) => Promise<Dataset>;

const NAMED: Record<string, Opener> = {
  mnist: (directory, options) => openMnist({ ...options, directory }),
  'fashion-mnist': (directory, options) => openFashionMnist({ ...options, directory }),
  cifar10: (directory, options) => {
    if (directory === undefined) {
      throw new DataError('cifar10_folder', 'cifar10: expected the folder of its binary version, as in cifar10:DIR');
    }
    return openCifar10(directory, options);
  },
  emoji: (directory, options) => openEmoji({ ...options, directory }),
};

/** The data sets that openDataset knows by name. */
export const datasetNames: readonly string[] = Object.keys(NAMED);

/** What a spec names: the opener of a data set with a name, and the folder behind the name. */
function partsOf(spec: string): { readonly name: string; readonly directory?: string; readonly opener?: Opener } {
  const [, name = spec, directory] = /^([^:]*):(.+)$/s.exec(spec) ?? [];
  const opener = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
  return { name, ...(directory !== undefined && { directory }), ...(opener && { opener }) };
}

/** Whether a spec names images that come packed in a few files, not as a folder of pictures. */
export const isPackedData = (spec: string): boolean =>
  partsOf(spec).opener !== undefined || holdsIdx(spec) || findCifar10(spec) !== undefined;

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
  const { name, directory, opener } = partsOf(spec);
  if (opener) return opener(directory, resolved);
  if (existsSync(spec)) return openFolder(spec, resolved);
  throw new DataError(
    'data_unknown',
    `data '${spec}': neither an existing folder nor a known data set (${datasetNames.join(', ')}).${didYouMean(name, datasetNames)}`,
  );
}
