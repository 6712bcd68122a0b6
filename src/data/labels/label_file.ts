import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { DataError } from '../../errors.ts';
import { readRegularFile } from '../../files.ts';
import { isAttributeList, readAttributeList } from './celeba_list.ts';
import { readMatLabels } from './mat_labels.ts';
import { tableOfRecords } from './records.ts';
import { badLabelFile, expectNoClasses, type LabelTable } from './table.ts';
import { readCsv, readJsonLines, readPlainText } from './text_files.ts';

type Reader = (source: string, content: Buffer, attributes?: readonly string[]) => LabelTable;

const fromRecords =
  (read: typeof readCsv): Reader =>
  (source, content, attributes) =>
    tableOfRecords(source, read(source, String(content)), attributes);

const readText: Reader = (source, content, attributes) =>
  isAttributeList(String(content))
    ? readAttributeList(source, String(content), attributes)
    : fromRecords(readPlainText)(source, content, attributes);

const READERS: Readonly<Record<string, Reader>> = {
  '.csv': fromRecords(readCsv),
  '.tsv': fromRecords(readCsv),
  '.jsonl': fromRecords(readJsonLines),
  '.ndjson': fromRecords(readJsonLines),
  '.txt': readText,
  '.mat': readMatLabels,
};

/** Reads the labels of a folder's images from a file: CSV (`.csv`, `.tsv`), JSON lines (`.jsonl`, `.ndjson`), CelebA's list of attributes or
 *  lines of `name label` (`.txt`), the labels of Flowers 102 (`.mat`).
 *  @param path looked for as it is, then in `directory`, the folder of the images
 *  @param attributes those to keep, in this order; all if not given
 *  @throws DataError label_file, label_columns, attribute_unknown, mat_file */
export async function readLabelFile(
  path: string,
  directory: string,
  attributes?: readonly string[],
): Promise<LabelTable> {
  const read = READERS[extname(path).toLowerCase()];
  if (!read) {
    throw badLabelFile(
      path,
      undefined,
      `expected a file of labels with one of the endings ${Object.keys(READERS).join(' ')}`,
    );
  }
  const source = [path, join(directory, path)].find((place) => existsSync(place)) ?? path;
  const content = await readRegularFile(source).catch((cause: Error) => {
    throw badLabelFile(path, undefined, `the labels cannot be read: ${cause.message}`, cause);
  });
  const table = read(source, content, attributes);
  expectNoClasses(table, attributes);
  if (table.rows.size > 0) return table;
  throw new DataError('label_file', `${source}: expected labels of images, but it has none`);
}
