import { addProduct } from '../device/index.ts';
import { DataError } from '../errors.ts';
import { expectFinite } from './feature_matrix.ts';

/** Mean and covariance of features, in float64. */
export interface Moments {
  /** Of the rows that they were taken of. */
  readonly count: number;
  /** [columns] */
  readonly mean: Float64Array;
  /** [columns,columns]; divided by count - 1. */
  readonly covariance: Float64Array;
}

/** Rows whose products are summed at once. */
const BLOCK_ROWS = 512;

/** Takes the moments of features that come piece by piece, by the pairwise update of Chan, Golub and LeVeque, about the mean of
 *  each block, so that nothing cancels. Memory does not grow with the number of rows. */
export class MomentAccumulator {
  private readonly columns: number;
  private readonly mean: Float64Array;
  private readonly scatter: Float64Array;
  private readonly block: Float64Array;
  private count = 0;
  private waiting = 0;

  constructor(columns: number) {
    this.columns = columns;
    this.mean = new Float64Array(columns);
    this.scatter = new Float64Array(columns * columns);
    this.block = new Float64Array(columns * BLOCK_ROWS);
  }

  /** @param values whole rows @throws DataError features_not_finite */
  add(values: Float32Array): void {
    expectFinite(values, this.columns);
    for (let at = 0; at < values.length; at += this.columns) {
      this.block.set(values.subarray(at, at + this.columns), this.waiting * this.columns);
      this.waiting++;
      if (this.waiting === BLOCK_ROWS) this.flush();
    }
  }

  /** The moments of all rows so far. @throws DataError samples_few for fewer than two */
  moments(): Moments {
    this.flush();
    if (this.count < 2) {
      throw new DataError('samples_few', `a covariance needs at least 2 images, but received ${this.count}`);
    }
    const rest = this.count - 1;
    return { count: this.count, mean: this.mean.slice(), covariance: this.scatter.map((value) => value / rest) };
  }

  private flush(): void {
    const { columns, waiting, block } = this;
    if (waiting === 0) return;
    const mean = columnMeans(block, waiting, columns);
    const centred = new Float64Array(columns * waiting);
    for (let row = 0; row < waiting; row++) {
      for (let column = 0; column < columns; column++) {
        centred[column * waiting + row] = (block[row * columns + column] as number) - (mean[column] as number);
      }
    }
    addProduct(this.scatter, centred, centred, waiting);
    this.merge(mean, waiting);
    this.waiting = 0;
  }

  /** Moves the mean to that of all rows; what lies between the two means belongs to the scatter. */
  private merge(mean: Float64Array, rows: number): void {
    const total = this.count + rows;
    const difference = mean.map((value, column) => value - (this.mean[column] as number));
    const scaled = difference.map((value) => (value * this.count * rows) / total);
    addProduct(this.scatter, difference, scaled, 1);
    for (const [column, value] of difference.entries()) {
      this.mean[column] = (this.mean[column] as number) + (value * rows) / total;
    }
    this.count = total;
  }
}

function columnMeans(block: Float64Array, rows: number, columns: number): Float64Array {
  const mean = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      mean[column] = (mean[column] as number) + (block[row * columns + column] as number) / rows;
    }
  }
  return mean;
}

/** The moments of whole features [rows,columns]. @throws DataError features_not_finite, samples_few */
export function momentsOf({ columns, values }: { readonly columns: number; readonly values: Float32Array }): Moments {
  const accumulator = new MomentAccumulator(columns);
  accumulator.add(values);
  return accumulator.moments();
}
