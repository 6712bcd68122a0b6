import { addProduct } from '../device/index.ts';
import { type FeatureMatrix, rowsInFloat64 } from './feature_matrix.ts';

/** Rows of either set whose distances are computed at once. */
const BLOCK = 1024;

/** Squares that are smaller than this part of the vectors' own squares are rounding: the vectors are the same. */
const SAME = 1e-13;

/** Squared Euclidean distances of some rows of a from some rows of b. */
export interface DistanceBlock {
  /** The first row of a, and of b. */
  readonly first: readonly [number, number];
  readonly rows: number;
  readonly columns: number;
  /** [rows,columns] */
  readonly squares: Float64Array;
}

interface Part {
  readonly first: number;
  readonly count: number;
  readonly values: Float64Array;
  /** The squared lengths of the rows. */
  readonly lengths: Float64Array;
}

/** The distances of all rows of a from all rows of b, block by block, so that memory does not grow with the square of the rows. */
export function* distanceBlocks(a: FeatureMatrix, b: FeatureMatrix): Generator<DistanceBlock> {
  for (let i = 0; i < a.rows; i += BLOCK) {
    const left = partOf(a, i);
    for (let j = 0; j < b.rows; j += BLOCK) yield distancesOf(left, partOf(b, j), a.columns);
  }
}

/** The distances of the rows of one set from each other: only the blocks on and above the diagonal. */
export function* innerDistanceBlocks(set: FeatureMatrix): Generator<DistanceBlock> {
  for (let i = 0; i < set.rows; i += BLOCK) {
    const left = partOf(set, i);
    for (let j = i; j < set.rows; j += BLOCK) yield distancesOf(left, i === j ? left : partOf(set, j), set.columns);
  }
}

function partOf(set: FeatureMatrix, first: number): Part {
  const count = Math.min(BLOCK, set.rows - first);
  const values = rowsInFloat64(set, first, count);
  const lengths = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    const one = values.subarray(row * set.columns, (row + 1) * set.columns);
    lengths[row] = one.reduce((sum, value) => sum + value * value, 0);
  }
  return { first, count, values, lengths };
}

function distancesOf(a: Part, b: Part, columns: number): DistanceBlock {
  const squares = new Float64Array(a.count * b.count);
  addProduct(squares, a.values, b.values, columns);
  for (let row = 0; row < a.count; row++) {
    for (let column = 0; column < b.count; column++) {
      const at = row * b.count + column;
      const lengths = (a.lengths[row] as number) + (b.lengths[column] as number);
      const square = lengths - 2 * (squares[at] as number);
      squares[at] = square > SAME * lengths ? square : 0;
    }
  }
  return { first: [a.first, b.first], rows: a.count, columns: b.count, squares };
}
