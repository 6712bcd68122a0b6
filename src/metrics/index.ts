export type { ClassFigures } from './classes.ts';
export { classifierScore } from './classifier_score.ts';
export {
  type EvaluatedRun,
  type Evaluation,
  type EvaluationListener,
  type EvaluationOptions,
  evaluateRun,
} from './evaluate.ts';
export { type FeatureMatrix, featureMatrix } from './feature_matrix.ts';
export type { Extracted, FeatureExtractor } from './features/extractor.ts';
export { openFeatures } from './features/open.ts';
export { pixelFeatures, projectedPixels } from './features/pixels.ts';
export type { FigureOptions, Figures } from './figures.ts';
export { frechetDistance } from './frechet.ts';
export { type KernelDistanceOptions, kernelDistance } from './kernel_distance.ts';
export { type ManifoldOverlap, manifoldOverlap } from './manifolds.ts';
export { MomentAccumulator, type Moments, momentsOf } from './moments.ts';
export { type Nearest, nearestRows } from './neighbours.ts';
export { evaluationName, evaluationsFolder, writeEvaluation } from './report.ts';
export { type LevelDistance, type SlicedWassersteinOptions, slicedWasserstein } from './sliced_wasserstein.ts';
export type { Estimate } from './statistics.ts';
export { meanSimilarity } from './structural_similarity.ts';
