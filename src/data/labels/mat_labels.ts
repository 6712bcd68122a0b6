import { DataError } from '../../errors.ts';
import { FLOWERS_102 } from './flower_names.ts';
import { readMatFile } from './mat_file.ts';
import type { LabelTable } from './table.ts';

/** The name of an image of Oxford's flowers: `image_00001.jpg` with five digits. */
export const flowerFile = (number: number, digits: number): string =>
  `image_${String(number).padStart(digits, '0')}.jpg`;

/** The labels of Flowers 102 from `imagelabels.mat`: the array `labels` has the class of each image, from 1 on.
 *  @throws DataError mat_file */
export function readMatLabels(source: string, content: Uint8Array): LabelTable {
  const values = readIndexList(source, content, 'labels');
  const rows = new Map<string, readonly number[]>();
  for (const [i, value] of values.entries()) {
    if (value > FLOWERS_102.length) {
      throw new DataError(
        'mat_file',
        `${source}: expected classes from 1 to ${FLOWERS_102.length}, but label ${i + 1} is ${value}; take imagelabels.mat of Flowers 102`,
      );
    }
    rows.set(flowerFile(i + 1, 5), [value - 1]);
  }
  return { source, kind: 'classes', names: FLOWERS_102, rows };
}

/** An array of whole numbers from 1 on. @throws DataError mat_file */
export function readIndexList(source: string, content: Uint8Array, name: string): Float64Array {
  const arrays = readMatFile(source, content);
  const array = arrays.get(name);
  if (!array) {
    const found = arrays.size === 0 ? 'no array of numbers' : [...arrays.keys()].join(', ');
    throw new DataError('mat_file', `${source}: expected an array \`${name}\`, but it has ${found}`);
  }
  const stray = array.values.find((value) => !Number.isInteger(value) || value < 1);
  if (stray === undefined) return array.values;
  throw new DataError('mat_file', `${source}: expected whole numbers from 1 on in \`${name}\`, but it holds ${stray}`);
}
