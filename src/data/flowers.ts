import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../errors.ts';
import { readRegularFile } from '../files.ts';
import type { Dataset } from './dataset.ts';
import { type LabelledFolderOptions, openImageFolder } from './folder.ts';
import { FLOWERS_17 } from './labels/flower_names.ts';
import { readLabelFile } from './labels/label_file.ts';
import { flowerFile, readIndexList } from './labels/mat_labels.ts';
import { expectNoClasses, type LabelTable, restricted } from './labels/table.ts';

const PER_CLASS = 80;

/** Where the images are: in `jpg`, as the archive has them, or in the folder itself. */
const imagesIn = (directory: string): string => [join(directory, 'jpg'), directory].find(existsSync) ?? directory;

/** Oxford Flowers 102: 8,189 photos of 40 to 258 per class from a folder with `jpg/` and `imagelabels.mat`; all of them if no split is asked
 *  for, otherwise the part that `setid.mat` names (train 1,020, test 6,149).
 *  @throws DataError label_file, mat_file, labels_unmatched, split_missing, and what a folder throws.
 *  @see Nilsback and Zisserman, Automated flower classification over a large number of classes (2008) */
export async function openFlowers102(directory: string, options: LabelledFolderOptions): Promise<Dataset> {
  const { labels = join(directory, 'imagelabels.mat'), attributes, split, ...folder } = options;
  const table = await readLabelFile(labels, directory, attributes);
  const part = split && (await readPart(directory, 'setid.mat', { train: 'trnid', test: 'tstid' }[split], 5));
  const dataset = await openImageFolder(imagesIn(directory), {
    ...folder,
    labels: part ? restricted(table, (name) => part.has(name)) : table,
  });
  return { ...dataset, name: 'flowers102' };
}

/** Oxford Flowers 17: 1,360 photos, 80 per class, from a folder with `jpg/`. No file tells their labels: they follow from the numbers of the
 *  images, of which the first 80 are daffodils, the next 80 snowdrops, and so on. All images if no split is asked for, otherwise the first
 *  part that `datasplits.mat` names.
 *  @throws DataError labels_unmatched, mat_file, split_missing, and what a folder throws.
 *  @see Nilsback and Zisserman, A visual vocabulary for flower classification (2006) */
export async function openFlowers17(directory: string, options: LabelledFolderOptions): Promise<Dataset> {
  const { labels, attributes, split, ...folder } = options;
  const table = labels === undefined ? numberedFlowers() : await readLabelFile(labels, directory, attributes);
  expectNoClasses(table, attributes);
  const part = split && (await readPart(directory, 'datasplits.mat', { train: 'trn1', test: 'tst1' }[split], 4));
  const dataset = await openImageFolder(imagesIn(directory), {
    ...folder,
    labels: part ? restricted(table, (name) => part.has(name)) : table,
  });
  const notes =
    labels === undefined ? [`labels: from the numbers of the images, ${PER_CLASS} of each class in turn`] : [];
  return { ...dataset, name: 'flowers17', notes: [...notes, ...(dataset.notes ?? [])] };
}

function numberedFlowers(): LabelTable {
  const rows = new Map<string, readonly number[]>();
  for (let i = 0; i < FLOWERS_17.length * PER_CLASS; i++) rows.set(flowerFile(i + 1, 4), [Math.floor(i / PER_CLASS)]);
  return { source: 'the numbers of Flowers 17', kind: 'classes', names: FLOWERS_17, rows };
}

/** The images of a part. @param digits of the numbers in their names */
async function readPart(directory: string, file: string, list: string, digits: number): Promise<ReadonlySet<string>> {
  const source = join(directory, file);
  const content = await readRegularFile(source).catch((cause: Error) => {
    throw new DataError(
      'split_missing',
      `${directory}: its parts are told by ${file}, which cannot be read: ${cause.message}; fetch it, or leave the split out for all images`,
      { cause },
    );
  });
  return new Set(Array.from(readIndexList(source, content, list), (number) => flowerFile(number, digits)));
}
