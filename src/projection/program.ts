import { conditionedOn, isConditional } from '../config/index.ts';
import { useAverage } from '../games/average.ts';
import { gradients } from '../graph/gradients.ts';
import { zeros } from '../nn/initializers.ts';
import { parameter, statistic } from '../nn/layer.ts';
import { add, allButSample, assign, div, mul, reduceMean, reduceSum, square, sub } from '../ops/index.ts';
import { createOptimizer, type Optimizer } from '../optim/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { feed, type Graph, read, trace } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import type { TrainingModel } from '../train/index.ts';
import type { Coordinates } from './coordinates.ts';
import type { ProjectionFeatures } from './features.ts';

/** Searches that go through the generator at once, however many there are: devices choose by the size of a batch in which order they
 *  add, and what a search finds must not depend on those beside it. */
export const ROWS = 16;

/** What is searched, and by which distance. */
export interface SearchProblem {
  readonly model: TrainingModel;
  readonly coordinates: Coordinates;
  /** What images are compared by beside their pixels. */
  readonly features?: ProjectionFeatures | undefined;
  /** Weight of the distance of features, beside 1 for the pixels. */
  readonly featureWeight: number;
}

/** What `ROWS` searches keep on a device. */
export interface SearchState {
  /** [ROWS,size] */
  readonly coordinates: Variable;
  /** [ROWS,H,W,C] */
  readonly targets: Variable;
  /** [ROWS,labels]; only for a conditional generator. */
  readonly labels?: Variable;
  /** [ROWS,columns]; only where features are compared. */
  readonly targetFeatures?: Variable;
  readonly optimizer: Optimizer;
}

/** The variables of a search, on no device yet. */
export function createSearchState({ model, coordinates, features }: SearchProblem): SearchState {
  const { generator, config } = model;
  const kept = (name: string, shape: readonly number[]) => statistic(`projection.${name}`, [ROWS, ...shape], zeros);
  const moved = parameter('projection.coordinates', [ROWS, coordinates.size], zeros);
  return {
    coordinates: moved,
    targets: kept('targets', generator.outputShape),
    ...(isConditional(config) && { labels: kept('labels', [conditionedOn(config).names.length]) }),
    ...(features && { targetFeatures: kept('targetFeatures', [features.columns]) }),
    optimizer: createOptimizer('projection.optimizer', { name: 'adam', learningRate: 0 }, [moved]),
  };
}

/** One step of every search down the gradient of its own loss. Feed: `learningRate`. */
export const searchStep = (problem: SearchProblem, state: SearchState): Graph =>
  trace('search step', () => {
    const { coordinates, optimizer } = state;
    assign(optimizer.learningRate, feed('learningRate', []));
    const { loss } = compare(problem, state);
    // No loss depends on the coordinates of another row, so that the gradient of their sum is that of each.
    optimizer.update(gradients(reduceSum(loss), [read(coordinates)]));
    assign(coordinates, problem.coordinates.bounded(read(coordinates)));
    return {};
  });

/** Where the searches are. Outputs: `latents` [ROWS,size], and `loss` [ROWS]. */
export const searchLook = (problem: SearchProblem, state: SearchState): Graph =>
  trace('search look', () => compare(problem, state));

/** The latents of the present coordinates, and how far their images are from the targets: the mean square of the difference of pixels,
 *  which go from -1 to 1. With features, `featureWeight` times the mean square of their difference is added, divided by that of the
 *  target's. */
function compare({ model, coordinates, features, featureWeight }: SearchProblem, state: SearchState) {
  const { generator, average } = model;
  if (average) useAverage(average);
  const latents = coordinates.latents(read(state.coordinates));
  const images = generator.apply(latents, { training: false, ...(state.labels && { labels: read(state.labels) }) });
  const pixels = meanSquare(sub(images, read(state.targets)));
  if (!features || !state.targetFeatures) return { latents, loss: pixels };
  const wanted = read(state.targetFeatures);
  const relative = div(meanSquare(sub(features.apply(images), wanted)), add(meanSquare(wanted), LEAST_SQUARE));
  return { latents, loss: add(pixels, mul(featureWeight, relative)) };
}

/** Features that are all 0 would be divided by. */
const LEAST_SQUARE = 1e-12;

/** [N,...] -> [N] */
const meanSquare = (x: Tensor): Tensor => reduceMean(square(x), allButSample(x.shape));
