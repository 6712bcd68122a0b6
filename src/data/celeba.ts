import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../errors.ts';
import type { Dataset, Split } from './dataset.ts';
import { type LabelledFolderOptions, openImageFolder } from './folder.ts';
import { readLabelFile } from './labels/label_file.ts';
import { restricted } from './labels/table.ts';

/** Where the archive and its copies keep the parts of the data set, below its folder. */
const IMAGE_FOLDERS = ['img_align_celeba', 'Img/img_align_celeba', 'img_align_celeba_png', 'Img/img_align_celeba_png'];
const ATTRIBUTE_FILES = ['list_attr_celeba.txt', 'Anno/list_attr_celeba.txt', 'list_attr_celeba.csv'];
const PARTITION_FILES = ['list_eval_partition.txt', 'Eval/list_eval_partition.txt', 'list_eval_partition.csv'];

/** The number of each part in `list_eval_partition.txt`; 1 is the validation part. */
const PARTS: Record<Split, string> = { train: '0', test: '2' };

const find = (directory: string, places: readonly string[]): string | undefined =>
  places.map((place) => join(directory, place)).find(existsSync);

/** CelebA: 202,599 aligned photos of faces (178x218) with 40 attributes, from a folder with `img_align_celeba/` (or the images themselves)
 *  and `list_attr_celeba.txt`. All of them if no split is asked for, otherwise the part that `list_eval_partition.txt` names.
 *  @throws DataError celeba_missing, label_file, attribute_unknown, labels_unmatched, split_missing, and what a folder throws.
 *  @see arXiv:1411.7766 */
export async function openCeleba(directory: string, options: LabelledFolderOptions): Promise<Dataset> {
  const { labels = find(directory, ATTRIBUTE_FILES), attributes, split, ...folder } = options;
  if (labels === undefined) {
    throw new DataError(
      'celeba_missing',
      `celeba: expected ${ATTRIBUTE_FILES[0]} in ${directory}, but it is not there; fetch it, or name it with --labels FILE`,
    );
  }
  const table = await readLabelFile(labels, directory, attributes);
  const part = split && (await readPart(directory, split));
  const dataset = await openImageFolder(find(directory, IMAGE_FOLDERS) ?? directory, {
    ...folder,
    labels: part ? restricted(table, part) : table,
  });
  return { ...dataset, name: 'celeba' };
}

/** Whether an image belongs to a part. */
async function readPart(directory: string, split: Split): Promise<(name: string) => boolean> {
  const file = find(directory, PARTITION_FILES);
  if (file === undefined) {
    throw new DataError(
      'split_missing',
      `${directory}: its parts are told by ${PARTITION_FILES[0]}, which is not there; fetch it, or leave the split out for all images`,
    );
  }
  const { names, rows } = await readLabelFile(file, directory);
  const wanted = names.indexOf(PARTS[split]);
  return (name) => rows.get(name)?.[0] === wanted;
}
