/** The part of a factor that holds numbers. */
export interface SemidefiniteFactor {
  readonly rank: number;
  /** [rank,size]: the columns of L as rows. */
  readonly transposed: Float64Array;
}

/** L with L L^T = matrix [size,size], symmetric and positive semidefinite, by Cholesky's factorisation with pivots. It ends where the
 *  rest is rounding, by LAPACK's rule, so a matrix of lower rank has a factor of fewer columns.
 *  @see Higham, Analysis of the Cholesky decomposition of a semi-definite matrix (1990) */
export function semidefiniteFactor(matrix: Float64Array, size: number): SemidefiniteFactor {
  const lower = new Float64Array(size * size);
  const rest = Float64Array.from({ length: size }, (_, i) => matrix[i * (size + 1)] as number);
  const least = size * Number.EPSILON * Math.max(0, ...rest);
  const open = new Set(rest.keys());
  let rank = 0;
  for (; rank < size; rank++) {
    const pivot = largest(rest, open);
    const square = rest[pivot] as number;
    if (!(square > least)) break;
    open.delete(pivot);
    eliminate(matrix, lower, rest, { size, rank, pivot, open, scale: Math.sqrt(square) });
  }
  return { rank, transposed: transpose(lower, size, rank) };
}

interface Elimination {
  readonly size: number;
  /** The column that is made. */
  readonly rank: number;
  readonly pivot: number;
  readonly open: ReadonlySet<number>;
  readonly scale: number;
}

/** Makes one column of L, and takes its squares from what is left of the diagonal. */
function eliminate(
  matrix: Float64Array,
  lower: Float64Array,
  rest: Float64Array,
  { size, rank, pivot, open, scale }: Elimination,
): void {
  const above = pivot * size;
  lower[above + rank] = scale;
  for (const row of open) {
    const begin = row * size;
    const value = ((matrix[begin + pivot] as number) - dot(lower, begin, above, rank)) / scale;
    lower[begin + rank] = value;
    rest[row] = (rest[row] as number) - value * value;
  }
}

function largest(values: Float64Array, among: ReadonlySet<number>): number {
  let best = -1;
  for (const index of among) {
    if (best < 0 || (values[index] as number) > (values[best] as number)) best = index;
  }
  return best;
}

/** The product of two runs of `count` numbers; four sums, so that the additions need not wait for each other. */
function dot(values: Float64Array, a: number, b: number, count: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    s0 += (values[a + i] as number) * (values[b + i] as number);
    s1 += (values[a + i + 1] as number) * (values[b + i + 1] as number);
    s2 += (values[a + i + 2] as number) * (values[b + i + 2] as number);
    s3 += (values[a + i + 3] as number) * (values[b + i + 3] as number);
  }
  for (; i < count; i++) s0 += (values[a + i] as number) * (values[b + i] as number);
  return s0 + s1 + (s2 + s3);
}

/** Columns 0 .. columns - 1 of a matrix [size,size] as rows. */
function transpose(matrix: Float64Array, size: number, columns: number): Float64Array {
  const result = new Float64Array(columns * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * size + row] = matrix[row * size + column] as number;
    }
  }
  return result;
}

/** The eigenvalues of a symmetric matrix [size,size], in no order; only its lower triangle is read. Householder's reflections make it
 *  tridiagonal, the implicit QL iteration does the rest. Libraries at hand compute the eigenvectors too, which takes ten times as
 *  long: minutes at 2,048 columns.
 *  @see Wilkinson and Reinsch, Handbook for Automatic Computation II: Linear Algebra (1971), contributions II/2 and II/4 */
export function symmetricEigenvalues(matrix: Float64Array, size: number): Float64Array {
  const { diagonal, below } = tridiagonalise(matrix.slice(), size);
  return iterate(diagonal, below);
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** below[i] lies beside diagonal[i] and diagonal[i + 1]; the last one is 0. */
  readonly below: Float64Array;
}

/** @param a is overwritten */
function tridiagonalise(a: Float64Array, size: number): Tridiagonal {
  const diagonal = new Float64Array(size);
  const below = new Float64Array(size);
  const image = new Float64Array(size);
  for (let last = size - 1; last > 0; last--) {
    const u = a.subarray(last * size, last * size + last);
    diagonal[last] = a[last * (size + 1)] as number;
    below[last - 1] = reflect(a, size, u, image);
  }
  if (size > 0) diagonal[0] = a[0] as number;
  return { diagonal, below };
}

/** Reflects the leading block of a, as large as u is long, so that of u only the last number is left, which is returned. */
function reflect(a: Float64Array, size: number, u: Float64Array, image: Float64Array): number {
  const end = u.length - 1;
  const scale = u.reduce((sum, value) => sum + Math.abs(value), 0);
  if (end === 0 || scale === 0) return u[end] as number;
  let square = 0;
  for (let i = 0; i <= end; i++) {
    u[i] = (u[i] as number) / scale;
    square += (u[i] as number) ** 2;
  }
  const tip = u[end] as number;
  const left = tip > 0 ? -Math.sqrt(square) : Math.sqrt(square);
  const half = square - tip * left;
  u[end] = tip - left;
  applySymmetric(a, size, u, image);
  let overlap = 0;
  for (let i = 0; i <= end; i++) {
    image[i] = (image[i] as number) / half;
    overlap += (image[i] as number) * (u[i] as number);
  }
  const shift = overlap / (2 * half);
  for (let i = 0; i <= end; i++) image[i] = (image[i] as number) - shift * (u[i] as number);
  subtractOuter(a, size, u, image);
  return scale * left;
}

/** image = the leading block of a, as large as u is long, times u. */
function applySymmetric(a: Float64Array, size: number, u: Float64Array, image: Float64Array): void {
  for (let row = 0; row < u.length; row++) {
    const begin = row * size;
    const factor = u[row] as number;
    let sum = 0;
    for (let column = 0; column < row; column++) {
      const value = a[begin + column] as number;
      sum += value * (u[column] as number);
      image[column] = (image[column] as number) + value * factor;
    }
    image[row] = sum + (a[begin + row] as number) * factor;
  }
}

/** a -= u q^T + q u^T in its leading block. */
function subtractOuter(a: Float64Array, size: number, u: Float64Array, q: Float64Array): void {
  for (let row = 0; row < u.length; row++) {
    const begin = row * size;
    const [f, g] = [u[row] as number, q[row] as number];
    for (let column = 0; column <= row; column++) {
      a[begin + column] = (a[begin + column] as number) - f * (q[column] as number) - g * (u[column] as number);
    }
  }
}

/** The implicit QL iteration; both arrays are overwritten. */
function iterate(d: Float64Array, e: Float64Array): Float64Array {
  const largest = d.reduce((most, value, i) => Math.max(most, Math.abs(value) + Math.abs(e[i] as number)), 0);
  const rounding = Number.EPSILON * largest;
  for (let first = 0; first < d.length; first++) {
    let end = unreduced(e, first, rounding);
    for (; end > first; end = unreduced(e, first, rounding)) chase(d, e, first, end);
  }
  return d;
}

/** Where the block that begins at `first` ends: at the next number beside the diagonal that is rounding, measured by the whole matrix.
 *  Measured by its neighbours it might never be, where those are 0. */
function unreduced(e: Float64Array, first: number, rounding: number): number {
  let end = first;
  while (end < e.length - 1 && Math.abs(e[end] as number) > rounding) end++;
  return end;
}

/** One QL step with Wilkinson's shift on the block from `first` to `end`. */
function chase(d: Float64Array, e: Float64Array, first: number, end: number): void {
  const ratio = ((d[first + 1] as number) - (d[first] as number)) / (2 * (e[first] as number));
  const root = Math.hypot(ratio, 1);
  let g = (d[end] as number) - (d[first] as number) + (e[first] as number) / (ratio + (ratio < 0 ? -root : root));
  let [sine, cosine, taken] = [1, 1, 0];
  for (let i = end - 1; i >= first; i--) {
    const f = sine * (e[i] as number);
    const b = cosine * (e[i] as number);
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] = (d[i + 1] as number) - taken;
      e[end] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    g = (d[i + 1] as number) - taken;
    const t = ((d[i] as number) - g) * sine + 2 * cosine * b;
    taken = sine * t;
    d[i + 1] = g + taken;
    g = cosine * t - b;
  }
  d[first] = (d[first] as number) - taken;
  e[first] = g;
  e[end] = 0;
}
