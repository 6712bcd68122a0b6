import { type ClassAccuracy, classAccuracy } from './class_accuracy.ts';
import { type ClassFigures, compareClasses } from './classes.ts';
import { classifierScore } from './classifier_score.ts';
import type { FeatureSet, ImageSet } from './collect.ts';
import { expectComparable } from './feature_matrix.ts';
import type { FeatureExtractor } from './features/extractor.ts';
import { frechetDistance } from './frechet.ts';
import { estimateKernelDistance } from './kernel_distance.ts';
import { compareNeighbourhoods, type ManifoldOverlap } from './manifolds.ts';
import { momentsOf } from './moments.ts';
import type { Nearest } from './neighbours.ts';
import { type LevelDistance, slicedWasserstein } from './sliced_wasserstein.ts';
import type { Estimate } from './statistics.ts';
import { meanSimilarity } from './structural_similarity.ts';
import type { Pausing } from './turns.ts';

/** What is measured of features. */
export interface FeatureFigures extends ManifoldOverlap {
  /** Fréchet distance of the features, squared as is the custom; 0 at best. */
  readonly frechet: number;
  /** Kernel distance of the features; about 0 at best. */
  readonly kernel: Estimate & { readonly blocks: number; readonly blockSize: number };
  /** The median distance of a generated image from its nearest real one, divided by that of a real image from its nearest other real one:
   *  about 1 for images of one distribution, near 0 for copies. */
  readonly nearestRatio: number;
  /** Only with features of a network that classifies. */
  readonly classifierScore?: { readonly generated: Estimate; readonly real: Estimate };
  /** Only with features of a network that classifies. */
  readonly classes?: readonly ClassFigures[];
  /** Only of images that were asked to be of classes which the network knows. */
  readonly classAccuracy?: ClassAccuracy;
}

/** All that is measured of generated images beside real ones. */
export interface Figures extends FeatureFigures {
  /** Sliced Wasserstein distance of patches, the finest level first; absent for images below 16 pixels. */
  readonly slicedWasserstein?: readonly LevelDistance[];
  /** Mean structural similarity of pairs; absent for images below 11 pixels. */
  readonly similarity?: { readonly generated: number; readonly real: number };
}

/** How the figures are taken. */
export interface FigureOptions {
  /** Decides every random draw; 1 if not given. */
  readonly seed?: number;
  /** Neighbours that make a neighbourhood; 5 if not given. */
  readonly neighbours?: number;
  /** Blocks of the kernel distance; 100 if not given. */
  readonly kernelBlocks?: number | undefined;
  /** The class that each generated image was asked to be of. */
  readonly asked?: readonly string[] | undefined;
}

/** Figures, and the neighbours that were found on the way. */
export interface FiguresWithNeighbours<F extends FeatureFigures = Figures> {
  readonly figures: F;
  /** The real images that are nearest to each generated one. */
  readonly nearestReal: Nearest;
}

const LARGEST_BLOCK = 1000;
const LEAST_SIDE = { patches: 16, similarity: 11 };

/** Everything that is measured of two sets of as many images, with pauses.
 *  @throws DataError samples_differ, samples_few, features_differ, probabilities_invalid */
export function* measureImages(
  real: ImageSet,
  generated: ImageSet,
  extractor: Pick<FeatureExtractor, 'classes'>,
  options: FigureOptions = {},
): Pausing<FiguresWithNeighbours> {
  const { figures, nearestReal } = yield* measureFeatures(real, generated, extractor, options);
  return { figures: { ...figures, ...measurePixels(real, generated, options.seed ?? 1) }, nearestReal };
}

/** What is measured of the features of two sets of as many images, with pauses. @throws as {@link measureImages} */
export function* measureFeatures(
  real: FeatureSet,
  generated: FeatureSet,
  { classes }: Pick<FeatureExtractor, 'classes'>,
  { seed = 1, neighbours = 5, kernelBlocks: blocks = 100, asked }: FigureOptions = {},
): Pausing<FiguresWithNeighbours<FeatureFigures>> {
  expectComparable(real.features, generated.features, Math.max(neighbours + 1, 4));
  const blockSize = Math.min(LARGEST_BLOCK, Math.floor(real.features.rows / 2));
  const kernel = yield* estimateKernelDistance(real.features, generated.features, { blocks, blockSize, seed });
  const neighbourhoods = yield* compareNeighbourhoods(real.features, generated.features, neighbours);
  const { overlap, nearestReal, amongReal } = neighbourhoods;
  const figures = {
    frechet: frechetDistance(momentsOf(real.features), momentsOf(generated.features)),
    kernel: { ...kernel, blocks, blockSize },
    ...overlap,
    nearestRatio: nearestDistance(nearestReal) / nearestDistance(amongReal),
    ...measureClasses(real, generated, classes, asked),
  };
  return { figures, nearestReal };
}

function measurePixels(real: ImageSet, generated: ImageSet, seed: number) {
  const side = Math.min(...real.first.size);
  return {
    ...(side >= LEAST_SIDE.patches && { slicedWasserstein: slicedWasserstein(real.first, generated.first, { seed }) }),
    ...(side >= LEAST_SIDE.similarity && {
      similarity: { generated: meanSimilarity(generated.first, { seed }), real: meanSimilarity(real.first, { seed }) },
    }),
  };
}

function measureClasses(
  real: FeatureSet,
  generated: FeatureSet,
  classes: readonly string[] | undefined,
  asked: readonly string[] | undefined,
) {
  const [a, b] = [real.probabilities, generated.probabilities];
  if (!classes || !a || !b) return {};
  const splits = Math.min(10, real.features.rows);
  const score = (probabilities: Float32Array) => classifierScore(probabilities, classes.length, splits);
  return {
    classifierScore: { generated: score(b), real: score(a) },
    classes: compareClasses(classes, { ...real, probabilities: a }, { ...generated, probabilities: b }),
    ...(asked?.every((name) => classes.includes(name)) && { classAccuracy: classAccuracy(b, classes, asked) }),
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
