/** A point of the latent space. Computed with float64 throughout; the generator rounds it to float32. */
export type Latent = Float64Array;

/** a + factor b. */
export const addScaled = (a: Latent, factor: number, b: Latent): Latent =>
  a.map((value, i) => value + factor * (b[i] as number));

export const subtract = (a: Latent, b: Latent): Latent => addScaled(a, -1, b);

export const dot = (a: Latent, b: Latent): number => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

/** Euclidean length. */
export const length = (a: Latent): number => Math.sqrt(dot(a, a));

/** The mean of one or more vectors. */
export function mean(vectors: readonly Latent[]): Latent {
  const [first, ...rest] = vectors as readonly [Latent, ...Latent[]];
  const sum = rest.reduce((total, vector) => addScaled(total, 1, vector), first);
  return sum.map((value) => value / vectors.length);
}

/** The rows of a matrix [rows, columns] that lies row after row. */
export const rowsOf = (matrix: ArrayLike<number>, rows: number): Latent[] => {
  const columns = matrix.length / rows;
  return Array.from({ length: rows }, (_, row) =>
    Float64Array.from({ length: columns }, (_, column) => matrix[row * columns + column] as number),
  );
};
