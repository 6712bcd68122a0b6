import { DataError } from '../../errors.ts';
import { didYouMean } from '../../suggest.ts';
import type { Labels } from './labels.ts';

/** The labels of images by their names, as a file beside the images tells them. */
export interface LabelTable extends Pick<Labels, 'kind' | 'names'> {
  /** What tells them, for messages: mostly the path of a file. */
  readonly source: string;
  /** Name of an image, as the source has it -> its numbers: the index of its class, or 1 or 0 for each attribute. */
  readonly rows: ReadonlyMap<string, ArrayLike<number>>;
  /** Images that are left out without a word, such as those of the other part of a data set. */
  readonly others?: ReadonlySet<string>;
}

/** A table without the images that are not wanted. */
export function restricted(table: LabelTable, isWanted: (name: string) => boolean): LabelTable {
  const [kept, left] = [true, false].map((wanted) => [...table.rows].filter(([name]) => isWanted(name) === wanted));
  return { ...table, rows: new Map(kept), others: new Set(left?.map(([name]) => name)) };
}

/** What is said of a source that cannot be understood. @param line from 1 on; undefined where the whole is at fault */
export function badLabelFile(source: string, line: number | undefined, problem: string, cause?: unknown): DataError {
  const place = line === undefined ? source : `${source}, line ${line}`;
  return new DataError('label_file', `${place}: ${problem}`, { cause });
}

/** The places of the attributes that were asked for among those that a source has; of all of them if none was asked for.
 *  @throws DataError attribute_unknown, with the nearest name */
export function chosenAttributes(source: string, known: readonly string[], asked?: readonly string[]): number[] {
  return (asked ?? known).map((name) => {
    const place = known.indexOf(name);
    if (place >= 0) return place;
    throw new DataError(
      'attribute_unknown',
      `${source}: has no attribute '${name}'.${didYouMean(name, known)} It has ${known.join(', ')}.`,
    );
  });
}

/** Refuses to choose attributes where there are classes. @throws DataError attribute_unknown */
export function expectNoClasses({ source, kind, names }: LabelTable, asked: readonly string[] | undefined): void {
  if (!asked || kind === 'attributes') return;
  throw new DataError(
    'attribute_unknown',
    `${source}: has classes (${names.slice(0, 3).join(', ')}, ...), one for each image, and no attributes to choose from; leave out --attributes`,
  );
}

const TRUTHS = new Map<unknown, number>([
  ...['1', 'true', 'yes', 1, true].map((value) => [value, 1] as const),
  ...['0', '-1', 'false', 'no', 0, -1, false].map((value) => [value, 0] as const),
]);

/** 1 or 0 as files write them: 1, 0, -1 (for 0), true, false, yes, no in any case; undefined for anything else. */
export const truthOf = (value: unknown): number | undefined =>
  TRUTHS.get(typeof value === 'string' ? value.trim().toLowerCase() : value);

/** Gathers the rows of a table; one image may stand there twice only if both say the same. */
export class RowCollector {
  readonly rows = new Map<string, ArrayLike<number>>();
  private readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  /** @throws DataError label_file */
  add(name: string, numbers: ArrayLike<number>, line: number): void {
    const before = this.rows.get(name);
    if (before && Array.from(before).join() !== Array.from(numbers).join()) {
      throw badLabelFile(
        this.source,
        line,
        `labels ${name} for a second time, and otherwise; remove one of the two lines`,
      );
    }
    this.rows.set(name, numbers);
  }
}
