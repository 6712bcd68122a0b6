import { type ClassFigures, compareClasses } from './classes.ts';
import { classifierScore } from './classifier_score.ts';
import type { ImageSet } from './collect.ts';
import { expectComparable } from './feature_matrix.ts';
import type { FeatureExtractor } from './features/extractor.ts';
import { frechetDistance } from './frechet.ts';
import { kernelDistance } from './kernel_distance.ts';
import { compareNeighbourhoods, type ManifoldOverlap } from './manifolds.ts';
import { momentsOf } from './moments.ts';
import type { Nearest } from './neighbours.ts';
import { type LevelDistance, slicedWasserstein } from './sliced_wasserstein.ts';
import type { Estimate } from './statistics.ts';
import { meanSimilarity } from './structural_similarity.ts';

/** All that is measured of generated images beside real ones. */
export interface Figures extends ManifoldOverlap {
  /** Fréchet distance of the features, squared as is the custom; 0 at best. */
  readonly frechet: number;
  /** Kernel distance of the features; about 0 at best. */
  readonly kernel: Estimate & { readonly blocks: number; readonly blockSize: number };
  /** The median distance of a generated image from its nearest real one, divided by that of a real image from its nearest other real one:
   *  about 1 for images of one distribution, near 0 for copies. */
  readonly nearestRatio: number;
  /** Only with features of a network that classifies. */
  readonly classifierScore?: { readonly generated: Estimate; readonly real: Estimate };
  /** Sliced Wasserstein distance of patches, the finest level first; absent for images below 16 pixels. */
  readonly slicedWasserstein?: readonly LevelDistance[];
  /** Mean structural similarity of pairs; absent for images below 11 pixels. */
  readonly similarity?: { readonly generated: number; readonly real: number };
  /** Only with features of a network that classifies. */
  readonly classes?: readonly ClassFigures[];
}

/** How the figures are taken. */
export interface FigureOptions {
  /** Decides every random draw; 1 if not given. */
  readonly seed?: number;
  /** Neighbours that make a neighbourhood; 5 if not given. */
  readonly neighbours?: number;
}

/** Figures, and the neighbours that were found on the way. */
export interface FiguresWithNeighbours {
  readonly figures: Figures;
  /** The real images that are nearest to each generated one. */
  readonly nearestReal: Nearest;
}

const KERNEL_BLOCKS = 100;
const LARGEST_BLOCK = 1000;
const LEAST_SIDE = { patches: 16, similarity: 11 };

/** Everything that is measured of two sets of as many images. The event loop gets a turn between the measures.
 *  @throws DataError samples_differ, samples_few, features_differ, probabilities_invalid */
export async function measureImages(
  real: ImageSet,
  generated: ImageSet,
  extractor: Pick<FeatureExtractor, 'classes'>,
  { seed = 1, neighbours = 5 }: FigureOptions = {},
): Promise<FiguresWithNeighbours> {
  const count = real.features.rows;
  expectComparable(real.features, generated.features, Math.max(neighbours + 1, 4));
  const kernel = { blocks: KERNEL_BLOCKS, blockSize: Math.min(LARGEST_BLOCK, Math.floor(count / 2)) };
  const frechet = frechetDistance(momentsOf(real.features), momentsOf(generated.features));
  await nextTurn();
  const estimate = kernelDistance(real.features, generated.features, { ...kernel, seed });
  await nextTurn();
  const { overlap, nearestReal, amongReal } = compareNeighbourhoods(real.features, generated.features, neighbours);
  await nextTurn();
  const figures = {
    frechet,
    kernel: { ...estimate, ...kernel },
    ...overlap,
    nearestRatio: nearestDistance(nearestReal) / nearestDistance(amongReal),
    ...measurePixels(real, generated, seed),
    ...measureClasses(real, generated, extractor.classes),
  };
  return { figures, nearestReal };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function measurePixels(real: ImageSet, generated: ImageSet, seed: number) {
  const side = Math.min(...real.first.size);
  return {
    ...(side >= LEAST_SIDE.patches && { slicedWasserstein: slicedWasserstein(real.first, generated.first, { seed }) }),
    ...(side >= LEAST_SIDE.similarity && {
      similarity: { generated: meanSimilarity(generated.first, { seed }), real: meanSimilarity(real.first, { seed }) },
    }),
  };
}

function measureClasses(real: ImageSet, generated: ImageSet, classes: readonly string[] | undefined) {
  const [a, b] = [real.probabilities, generated.probabilities];
  if (!classes || !a || !b) return {};
  const splits = Math.min(10, real.features.rows);
  const score = (probabilities: Float32Array) => classifierScore(probabilities, classes.length, splits);
  return {
    classifierScore: { generated: score(b), real: score(a) },
    classes: compareClasses(classes, { ...real, probabilities: a }, { ...generated, probabilities: b }),
  };
}

/** The median distance of a row from its nearest. */
function nearestDistance({ squares, count }: Nearest): number {
  const nearest = Float64Array.from(
    { length: squares.length / count },
    (_, row) => squares[row * count] as number,
  ).sort();
  return Math.sqrt(nearest[Math.floor(nearest.length / 2)] as number);
}
