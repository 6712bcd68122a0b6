import { addProduct } from '../device/index.ts';
import { DataError } from '../errors.ts';
import { drawIndices, evaluationRandom } from './draw.ts';
import { type FeatureMatrix, gatherInFloat64 } from './feature_matrix.ts';
import { type Estimate, estimateOf } from './statistics.ts';
import { atOnce, type Pausing } from './turns.ts';

/** The kernel (gamma x.y + coefficient)^degree, and how often it is estimated. The defaults are the published protocol. */
export interface KernelDistanceOptions {
  /** 3 if not given. */
  readonly degree?: number;
  /** 1 / columns if not given. */
  readonly gamma?: number;
  /** 1 if not given. */
  readonly coefficient?: number;
  /** Blocks that are drawn; 100 if not given. */
  readonly blocks?: number;
  /** Images of either kind in a block; 1,000 if not given. */
  readonly blockSize?: number;
  /** Decides the blocks; 1 if not given. */
  readonly seed?: number;
}

/** The kernel inception distance, KID if the features are Inception's: the squared maximum mean discrepancy under a polynomial
 *  kernel. It is unbiased, so it may be below 0, and it does not depend on the number of images but in its deviation.
 *  @throws DataError features_differ, samples_few @see arXiv:1801.01401 */
export const kernelDistance = (
  real: FeatureMatrix,
  generated: FeatureMatrix,
  options: KernelDistanceOptions = {},
): Estimate => atOnce(estimateKernelDistance(real, generated, options));

/** The same, with a pause after each block. @throws as {@link kernelDistance} */
export function* estimateKernelDistance(
  real: FeatureMatrix,
  generated: FeatureMatrix,
  { blocks = 100, blockSize = 1000, seed = 1, ...kernel }: KernelDistanceOptions,
): Pausing<Estimate> {
  const { columns } = real;
  if (generated.columns !== columns) {
    throw new DataError(
      'features_differ',
      `features: expected both sets from one network, but received ${columns} and ${generated.columns} columns`,
    );
  }
  const fewest = Math.min(real.rows, generated.rows);
  if (blockSize < 2 || fewest < blockSize) {
    throw new DataError(
      'samples_few',
      `expected blocks of 2 to ${fewest} images, as many as there are of either kind, but received ${blockSize}; draw more images, or take smaller blocks`,
    );
  }
  const draw = (set: FeatureMatrix, step: number) =>
    gatherInFloat64(set, drawIndices(set.rows, blockSize, evaluationRandom(seed, step)));
  const estimates: number[] = [];
  for (let block = 0; block < blocks; block++) {
    estimates.push(discrepancy(draw(real, 2 * block), draw(generated, 2 * block + 1), columns, kernel));
    yield;
  }
  return estimateOf(estimates);
}

type Kernel = Pick<KernelDistanceOptions, 'degree' | 'gamma' | 'coefficient'>;

/** The unbiased estimate of the squared discrepancy of x and y, both [rows,columns]. */
function discrepancy(x: Float64Array, y: Float64Array, columns: number, kernel: Kernel): number {
  const rows = x.length / columns;
  const pairs = rows * (rows - 1);
  const within = (a: Float64Array) => (kernelSum(a, a, columns, kernel) - diagonalSum(a, columns, kernel)) / pairs;
  return within(x) + within(y) - (2 * kernelSum(x, y, columns, kernel)) / (rows * rows);
}

function kernelOf(product: number, columns: number, { degree = 3, gamma = 1 / columns, coefficient = 1 }: Kernel) {
  const base = gamma * product + coefficient;
  // Powers in general take ten times as long, and this is done for a hundred million pairs.
  return degree === 3 ? base * base * base : base ** degree;
}

/** The sum of the kernel over all pairs of rows. */
function kernelSum(a: Float64Array, b: Float64Array, columns: number, kernel: Kernel): number {
  const products = new Float64Array((a.length / columns) * (b.length / columns));
  addProduct(products, a, b, columns);
  let sum = 0;
  for (const product of products) sum += kernelOf(product, columns, kernel);
  return sum;
}

/** The sum of the kernel over each row with itself. */
function diagonalSum(a: Float64Array, columns: number, kernel: Kernel): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += columns) {
    const square = a.subarray(at, at + columns).reduce((total, value) => total + value * value, 0);
    sum += kernelOf(square, columns, kernel);
  }
  return sum;
}
