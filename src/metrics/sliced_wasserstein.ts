import { formatImage, formatSize } from '../config/image_size.ts';
import type { PackedImages } from '../data/pixels.ts';
import type { RandomSequence } from '../data/random.ts';
import { addProduct } from '../device/index.ts';
import { DataError } from '../errors.ts';
import { evaluationRandom, normalNumbers } from './draw.ts';
import { type Plane, planeOf } from './planes.ts';
import { laplacianPyramid } from './pyramid.ts';

/** How patches are taken and compared. */
export interface SlicedWassersteinOptions {
  /** Of each image, at each level; 64 if not given. */
  readonly patches?: number;
  /** Random directions; 256 if not given. */
  readonly directions?: number;
  /** Decides the patches and the directions; 1 if not given. */
  readonly seed?: number;
}

/** The distance at one level of the pyramid. */
export interface LevelDistance {
  /** Height of the level in pixels. */
  readonly side: number;
  /** A thousand times the mean distance, as is the custom. */
  readonly distance: number;
}

/** Side of a patch in pixels. */
const PATCH = 7;
/** The coarsest level has at least this side. */
const COARSEST = 16;
/** Directions that patches are projected on at once. */
const DIRECTIONS_AT_ONCE = 32;

/** The sliced Wasserstein distance of 7x7 patches, level by level of Laplacian pyramids from the images' own size down to 16 pixels:
 *  fine levels compare texture, coarse ones shape. It needs no network.
 *  @throws DataError samples_differ, image_format, samples_few @see arXiv:1710.10196 */
export function slicedWasserstein(
  real: PackedImages,
  generated: PackedImages,
  { patches = 64, directions = 256, seed = 1 }: SlicedWassersteinOptions = {},
): LevelDistance[] {
  expectAlike(real, generated);
  const levels = levelsOf(real.size);
  const sets = [real, generated].map((images) => patchesOf(images, levels, { patches, seed }));
  return levels.map((side, level) => {
    const [a, b] = sets.map((set) => normalised(set[level] as Float64Array, real.channels)) as [
      Float64Array,
      Float64Array,
    ];
    const random = evaluationRandom(seed, 2 + level);
    return { side, distance: 1000 * meanDistance(a, b, PATCH * PATCH * real.channels, directions, random) };
  });
}

function expectAlike(real: PackedImages, generated: PackedImages): void {
  if (real.count !== generated.count) {
    throw new DataError(
      'samples_differ',
      `expected as many real images as generated ones, but received ${real.count} and ${generated.count}`,
    );
  }
  const [a, b] = [real, generated].map(({ size, channels }) => formatImage([...size, channels]));
  if (a !== b)
    throw new DataError('image_format', `real images are ${a}, and generated ones ${b}; bring both to one size`);
  if (Math.min(...real.size) < COARSEST) {
    throw new DataError(
      'image_size',
      `patches are taken of images of at least ${COARSEST} pixels, but these have ${formatSize(real.size)}`,
    );
  }
  if (real.count < 1) throw new DataError('samples_few', 'expected at least one image of either kind');
}

/** The heights of the levels. */
function levelsOf([height, width]: readonly [number, number]): number[] {
  const levels = [height];
  for (let factor = 2; Math.floor(Math.min(height, width) / factor) >= COARSEST; factor *= 2)
    levels.push(Math.ceil(height / factor));
  return levels;
}

/** Patches of each level [images * patches, 7 * 7 * channels], at places that are the same for both sets. */
function patchesOf(
  images: PackedImages,
  levels: readonly number[],
  { patches, seed }: { readonly patches: number; readonly seed: number },
): Float64Array[] {
  const { count, channels, size } = images;
  const build = laplacianPyramid(size, levels.length);
  const width = PATCH * PATCH * channels;
  const sets = levels.map(() => new Float64Array(count * patches * width));
  const random = evaluationRandom(seed, 1);
  for (let image = 0; image < count; image++) {
    const pyramids = Array.from({ length: channels }, (_, channel) => build(planeOf(images, image, channel)));
    for (const [level, set] of sets.entries()) {
      const planes = pyramids.map((pyramid) => pyramid[level] as Plane);
      for (let patch = 0; patch < patches; patch++) copyPatch(set, (image * patches + patch) * width, planes, random);
    }
  }
  return sets;
}

function copyPatch(into: Float64Array, at: number, planes: readonly Plane[], random: RandomSequence): void {
  const { height, width } = planes[0] as Plane;
  const [top, left] = [random.below(height - PATCH + 1), random.below(width - PATCH + 1)];
  for (const [channel, { values }] of planes.entries()) {
    for (let y = 0; y < PATCH; y++) {
      const row = (top + y) * width + left;
      into.set(values.subarray(row, row + PATCH), at + (channel * PATCH + y) * PATCH);
    }
  }
}

/** Every channel brought to mean 0 and deviation 1 over all patches. */
function normalised(patches: Float64Array, channels: number): Float64Array {
  const area = PATCH * PATCH;
  const count = patches.length / channels;
  const result = new Float64Array(patches.length);
  for (let channel = 0; channel < channels; channel++) {
    const each = (visit: (at: number) => void) => {
      for (let begin = channel * area; begin < patches.length; begin += channels * area) {
        for (let at = begin; at < begin + area; at++) visit(at);
      }
    };
    let [sum, squares] = [0, 0];
    each((at) => {
      sum += patches[at] as number;
    });
    const mean = sum / count;
    each((at) => {
      squares += ((patches[at] as number) - mean) ** 2;
    });
    const deviation = Math.sqrt(squares / count) || 1;
    each((at) => {
      result[at] = ((patches[at] as number) - mean) / deviation;
    });
  }
  return result;
}

/** The mean over random directions of the distance of the sorted projections. */
function meanDistance(a: Float64Array, b: Float64Array, width: number, count: number, random: RandomSequence): number {
  let sum = 0;
  for (let first = 0; first < count; first += DIRECTIONS_AT_ONCE) {
    const directions = unitVectors(Math.min(DIRECTIONS_AT_ONCE, count - first), width, random);
    const [left, right] = [projected(a, directions, width), projected(b, directions, width)];
    for (let at = 0; at < left.length; at++) sum += Math.abs((left[at] as number) - (right[at] as number));
  }
  return sum / (count * (a.length / width));
}

function unitVectors(count: number, width: number, random: RandomSequence): Float64Array {
  const vectors = normalNumbers(count * width, random);
  for (let at = 0; at < vectors.length; at += width) {
    const vector = vectors.subarray(at, at + width);
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    for (let i = 0; i < width; i++) vector[i] = (vector[i] as number) / length;
  }
  return vectors;
}

/** The rows' components along each direction [directions,rows], those of one direction in ascending order. */
function projected(rows: Float64Array, directions: Float64Array, width: number): Float64Array {
  const result = new Float64Array((rows.length / width) * (directions.length / width));
  addProduct(result, directions, rows, width);
  const count = rows.length / width;
  for (let at = 0; at < result.length; at += count) result.subarray(at, at + count).sort();
  return result;
}
