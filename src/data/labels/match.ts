import { basename, extname } from 'node:path';
import { DataError } from '../../errors.ts';
import type { SkippedFile } from '../dataset.ts';
import { badLabelFile, type LabelTable } from './table.ts';

/** A file of a folder, and what a table says of it. */
export interface LabelledFile<F> {
  readonly file: F;
  readonly numbers: ArrayLike<number>;
}

/** What a table and a folder have in common, and what one has without the other. */
export interface Matched<F> {
  /** In the order of the files. */
  readonly files: readonly LabelledFile<F>[];
  /** Files without a label, then rows without a file. */
  readonly skipped: readonly SkippedFile[];
}

/** How a row may name a file, the narrowest first: by its path, by its name alone, by its name without the ending. */
const KEYS: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => basename(path),
  (path) => basename(path, extname(path)),
];

/** Finds for each file of a folder the row of a table that names it. Names are paths in the folder; where such a file is not there, the one
 *  of this name in any folder counts, then the one whose name differs in the ending only.
 *  @throws DataError labels_unmatched if nothing fits; label_file where a row fits several files, or several rows fit one */
export function matchLabels<F extends { readonly path: string }>(
  directory: string,
  files: readonly F[],
  table: LabelTable,
): Matched<F> {
  const finder = new FileFinder(files, table.source);
  const others = new Set([...(table.others ?? [])].map((name) => finder.find(name)));
  const rowOf = new Map<F, string>();
  const missing: SkippedFile[] = [];
  for (const name of table.rows.keys()) {
    const file = finder.find(name);
    if (!file) missing.push({ path: name, reason: `named in ${table.source}, but not there` });
    else claim(rowOf, file, name, table.source);
  }
  const labelled = files.flatMap((file) => {
    const row = rowOf.get(file);
    return row === undefined ? [] : [{ file, numbers: table.rows.get(row) as ArrayLike<number> }];
  });
  if (labelled.length === 0) throw unmatched(directory, files, table);
  const unlabelled = files
    .filter((file) => !rowOf.has(file) && !others.has(file))
    .map(({ path }) => ({ path, reason: `has no label in ${table.source}` }));
  return { files: labelled, skipped: [...unlabelled, ...missing] };
}

class FileFinder<F extends { readonly path: string }> {
  private readonly source: string;
  private readonly indices: readonly ReadonlyMap<string, readonly F[]>[];

  constructor(files: readonly F[], source: string) {
    this.source = source;
    this.indices = KEYS.map((key) => {
      const index = new Map<string, F[]>();
      for (const file of files) {
        const same = index.get(key(file.path));
        if (same) same.push(file);
        else index.set(key(file.path), [file]);
      }
      return index;
    });
  }

  find(row: string): F | undefined {
    const name = row.replaceAll('\\', '/').replace(/^(?:\.\/)+/, '');
    for (const [i, key] of KEYS.entries()) {
      const [first, second] = this.indices[i]?.get(key(name)) ?? [];
      if (first && second) {
        throw badLabelFile(
          this.source,
          undefined,
          `'${row}' fits ${first.path} and ${second.path}; write the path of the one that is meant`,
        );
      }
      if (first) return first;
    }
    return undefined;
  }
}

function claim<F extends { readonly path: string }>(rowOf: Map<F, string>, file: F, row: string, source: string): void {
  const before = rowOf.get(file);
  if (before !== undefined) {
    throw badLabelFile(
      source,
      undefined,
      `'${before}' and '${row}' both fit ${file.path}; write paths in the folder of images`,
    );
  }
  rowOf.set(file, row);
}

function unmatched(directory: string, files: readonly { readonly path: string }[], table: LabelTable): DataError {
  const [row] = table.rows.keys();
  return new DataError(
    'labels_unmatched',
    `${directory}: expected the images that ${table.source} names, such as ${row}, but it names none of the ${files.length} that are there, such as ${files[0]?.path}; name the folder that the labels belong to`,
  );
}
