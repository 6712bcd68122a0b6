import type { PackedImages } from '../data/pixels.ts';
import { DataError } from '../errors.ts';
import { evaluationRandom } from './draw.ts';
import { type AxisFilter, filterPlane, greyPlane, type Plane } from './planes.ts';

/** The weights of the five scales, the finest first. @see Wang, Simoncelli and Bovik (2003) */
const SCALE_WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
/** The window is a normal distribution of this many pixels and this deviation. */
const WINDOW = 11;
const DEVIATION = 1.5;
/** Constants that keep the quotients finite, for pixels from 0 to 255. */
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

/** Multi-scale structural similarity of two planes of one size: 1 if they are the same. Small images have fewer scales: as many as
 *  leave a side of 11 pixels, with the weights of the coarsest given to those that are left in proportion.
 *  @throws DataError image_size for a side below 11 @see Wang, Simoncelli and Bovik, Multiscale structural similarity (2003) */
export function structuralSimilarity(a: Plane, b: Plane): number {
  const scales = scalesOf(Math.min(a.height, a.width));
  const weights = SCALE_WEIGHTS.slice(0, scales);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let similarity = 1;
  let [left, right] = [a, b];
  for (const [scale, weight] of weights.entries()) {
    const { luminance, structure } = compare(left, right);
    const factor = scale === scales - 1 ? luminance : structure;
    similarity *= Math.max(0, factor) ** (weight / sum);
    if (scale < scales - 1) [left, right] = [halve(left), halve(right)];
  }
  return similarity;
}

function scalesOf(side: number): number {
  if (side < WINDOW) {
    throw new DataError(
      'image_size',
      `structural similarity needs images of at least ${WINDOW} pixels, but these have ${side}`,
    );
  }
  return Math.min(SCALE_WEIGHTS.length, 1 + Math.floor(Math.log2(side / WINDOW)));
}

/** The mean over all windows of the similarity of contrast and structure, and of the same times that of luminance. */
function compare(a: Plane, b: Plane): { luminance: number; structure: number } {
  const smooth = (values: Float64Array) =>
    filterPlane({ ...a, values }, windowFilter(a.height), windowFilter(a.width)).values;
  const product = (x: Plane, y: Plane) => smooth(x.values.map((value, at) => value * (y.values[at] as number)));
  const [meanA, meanB] = [smooth(a.values), smooth(b.values)];
  const [squareA, squareB, both] = [product(a, a), product(b, b), product(a, b)];
  let [luminance, structure] = [0, 0];
  for (let at = 0; at < meanA.length; at++) {
    const [ma, mb] = [meanA[at] as number, meanB[at] as number];
    const variances = (squareA[at] as number) - ma * ma + ((squareB[at] as number) - mb * mb);
    const covariance = (both[at] as number) - ma * mb;
    const contrast = (2 * covariance + C2) / (variances + C2);
    structure += contrast / meanA.length;
    luminance += (contrast * (2 * ma * mb + C1)) / (ma * ma + mb * mb + C1) / meanA.length;
  }
  return { luminance, structure };
}

const WINDOW_WEIGHTS = (() => {
  const weights = Float64Array.from({ length: WINDOW }, (_, i) =>
    Math.exp(-((i - (WINDOW - 1) / 2) ** 2) / (2 * DEVIATION ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
})();

/** The window at every place where all of it lies inside. */
const windowFilter = (size: number): AxisFilter => {
  const firsts = Array.from({ length: size - WINDOW + 1 }, (_, first) => first);
  return { firsts, weights: firsts.map(() => WINDOW_WEIGHTS) };
};

/** The means of 2x2 pixels. */
function halve(plane: Plane): Plane {
  const filter = (size: number): AxisFilter => {
    const firsts = Array.from({ length: Math.floor(size / 2) }, (_, i) => 2 * i);
    return { firsts, weights: firsts.map(() => Float64Array.of(0.5, 0.5)) };
  };
  return filterPlane(plane, filter(plane.height), filter(plane.width));
}

/** The mean structural similarity of pairs of images that are drawn at random, in grey: high where all look alike. Compare that of the
 *  generated images with that of the real ones. @throws DataError samples_few, image_size @see arXiv:1610.09585 */
export function meanSimilarity(images: PackedImages, { pairs = 500, seed = 1 } = {}): number {
  if (images.count < 2)
    throw new DataError('samples_few', `pairs need at least 2 images, but received ${images.count}`);
  const random = evaluationRandom(seed, 0);
  let sum = 0;
  for (let pair = 0; pair < pairs; pair++) {
    const a = random.below(images.count);
    const other = random.below(images.count - 1);
    sum += structuralSimilarity(greyPlane(images, a), greyPlane(images, other < a ? other : other + 1));
  }
  return sum / pairs;
}
