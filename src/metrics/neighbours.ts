import { DataError } from '../errors.ts';
import { distanceBlocks, innerDistanceBlocks } from './distances.ts';
import type { FeatureMatrix } from './feature_matrix.ts';
import type { Pausing } from './turns.ts';

/** The smallest of the numbers that each row is offered, in ascending order, with what they belong to. */
export class Nearest {
  readonly count: number;
  /** [rows,count]; infinite where fewer were offered. */
  readonly squares: Float64Array;
  /** [rows,count]; -1 where fewer were offered. */
  readonly indices: Int32Array;

  constructor(rows: number, count: number) {
    this.count = count;
    this.squares = new Float64Array(rows * count).fill(Number.POSITIVE_INFINITY);
    this.indices = new Int32Array(rows * count).fill(-1);
  }

  offer(row: number, square: number, index: number): void {
    const begin = row * this.count;
    let at = begin + this.count - 1;
    if (square >= (this.squares[at] as number)) return;
    for (; at > begin && (this.squares[at - 1] as number) > square; at--) {
      this.squares[at] = this.squares[at - 1] as number;
      this.indices[at] = this.indices[at - 1] as number;
    }
    this.squares[at] = square;
    this.indices[at] = index;
  }
}

/** The `count` rows of `among` that are nearest to each row of `features`, by Euclidean distance.
 *  @throws DataError samples_few if there are not as many */
export function nearestRows(features: FeatureMatrix, among: FeatureMatrix, count: number): Nearest {
  expectMore(among.rows, count - 1);
  const nearest = new Nearest(features.rows, count);
  for (const { first, rows, columns, squares } of distanceBlocks(features, among)) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) nearest.offer(first[0] + i, squares[i * columns + j] as number, first[1] + j);
    }
  }
  return nearest;
}

/** The k other rows of a set that are nearest to each of its rows, with a pause after each block of distances.
 *  @throws DataError samples_few if there are not as many */
export function* nearestOthers(features: FeatureMatrix, k: number): Pausing<Nearest> {
  expectMore(features.rows, k);
  const nearest = new Nearest(features.rows, k);
  for (const { first, rows, columns, squares } of innerDistanceBlocks(features)) {
    const isDiagonal = first[0] === first[1];
    for (let i = 0; i < rows; i++) {
      for (let j = isDiagonal ? i + 1 : 0; j < columns; j++) {
        const square = squares[i * columns + j] as number;
        nearest.offer(first[0] + i, square, first[1] + j);
        nearest.offer(first[1] + j, square, first[0] + i);
      }
    }
    yield;
  }
  return nearest;
}

/** The squared distance of each row from the last of its nearest: the radius of its neighbourhood. */
export const radiiOf = ({ squares, count }: Nearest): Float64Array =>
  Float64Array.from({ length: squares.length / count }, (_, row) => squares[(row + 1) * count - 1] as number);

function expectMore(rows: number, k: number): void {
  if (rows > k) return;
  throw new DataError(
    'samples_few',
    `nearest neighbours: expected more than ${k} images, but received ${rows}; draw more images, or ask for fewer neighbours`,
  );
}
