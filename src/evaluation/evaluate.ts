import { type DeviceKeys, deviceKeysOf } from '../config/index.ts';
import type { Dataset, ImageFormat, PackedImages, Picture } from '../data/index.ts';
import type { DeviceListener } from '../device/index.ts';
import { DataError } from '../errors.ts';
import { collectImages, realImages } from '../metrics/collect.ts';
import { drawIndices, evaluationRandom } from '../metrics/draw.ts';
import type { FeatureExtractor } from '../metrics/features/extractor.ts';
import { pixelFeatures } from '../metrics/features/pixels.ts';
import { type FigureOptions, type Figures, measureImages } from '../metrics/figures.ts';
import { inTurns } from '../metrics/turns.ts';
import {
  generatedImages,
  loadCheckpoint,
  openSampler,
  type RecipeChoice,
  type TrainingSession,
} from '../train/index.ts';
import { labelsLike } from '../train/labelled_data.ts';
import { neighboursPicture } from './neighbours_picture.ts';
import { openRunImages } from './run_images.ts';

/** What is evaluated, and how. */
export interface EvaluationOptions extends FigureOptions, DeviceKeys, RecipeChoice {
  /** Images in place of those that the run was trained on, as `--data` names them. */
  readonly data?: string | undefined;
  /** Which part of a data set that has two; 'train' if not given. */
  readonly split?: 'train' | 'test' | undefined;
  /** Images of either kind; as many as there are real ones, and at most 10,000, if not given. */
  readonly count?: number | undefined;
  /** Makes the features; pixels if not given. */
  readonly features?: ((format: ImageFormat) => FeatureExtractor | Promise<FeatureExtractor>) | undefined;
  /** The step of the checkpoint; the newest if not given. */
  readonly step?: number | undefined;
  /** Called once, with the device that images are drawn on and why. */
  readonly onDevice?: DeviceListener | undefined;
  readonly onProgress?: EvaluationListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Called while images are read, drawn and turned into features: how many of how many are done. */
export type EvaluationListener = (phase: 'real' | 'generated', done: number, total: number) => void;

/** Figures of a checkpoint, with all that they depend on. */
export interface Evaluation {
  readonly recipe: string;
  readonly step: number;
  /** What `--data` named, and the fingerprint of its images. */
  readonly data: string;
  readonly fingerprint: string;
  readonly features: Pick<FeatureExtractor, 'name' | 'hash' | 'columns'>;
  /** Images of either kind. */
  readonly count: number;
  readonly seed: number;
  readonly neighbours: number;
  readonly figures: Figures;
  /** Why the figures are to be taken with care, a sentence each. */
  readonly warnings: readonly string[];
}

/** An evaluation, and a picture of generated images with the real ones that are nearest to them. */
export interface EvaluatedRun {
  readonly evaluation: Evaluation;
  readonly neighbours: Picture;
}

/** Images of either kind that are compared if not told otherwise: what published figures use at least. */
const USUAL_COUNT = 10_000;
/** Images of which patches and structure are compared. */
const KEPT = 2048;

/** Measures what a run's generator draws beside the images that it was trained on.
 *  @throws CheckpointError, ConfigError, DataError, DeviceError */
export async function evaluateRun(folder: string, options: EvaluationOptions = {}): Promise<EvaluatedRun> {
  const { step } = await loadCheckpoint(folder, options.step === undefined ? {} : { step: options.step });
  // A run that goes on meanwhile may save another.
  const session = await openSampler(folder, {
    ...deviceKeysOf(options),
    step,
    recipe: options.recipe,
    onDevice: options.onDevice,
  });
  try {
    const dataset = await openRunImages(folder, session.model.config, options);
    const extractor = await (options.features ?? pixelFeatures)(dataset);
    try {
      return await evaluate({ session, step, dataset, extractor }, options);
    } finally {
      extractor.close();
    }
  } finally {
    session.close();
  }
}

interface Subject {
  readonly session: TrainingSession;
  readonly step: number;
  readonly dataset: Dataset;
  readonly extractor: FeatureExtractor;
}

async function evaluate(subject: Subject, options: EvaluationOptions): Promise<EvaluatedRun> {
  const { session, step, dataset, extractor } = subject;
  const { seed = 1, neighbours = 5, onProgress, signal } = options;
  const count = countOf(dataset, options.count);
  const indices = drawIndices(dataset.count, count, evaluationRandom(seed, 0));
  const collect = (phase: 'real' | 'generated', batches: AsyncIterable<PackedImages>) =>
    collectImages(batches, extractor, {
      count,
      keep: KEPT,
      onProgress: (done, total) => onProgress?.(phase, done, total),
      signal,
    });
  const real = await collect('real', realImages(dataset, indices));
  const asked = labelsLike(session.model.config, dataset, indices);
  const generated = await collect('generated', generatedImages(session, { count, seed, labels: asked?.vectors }));
  const { kernelBlocks } = options;
  const figureOptions = { seed, neighbours, kernelBlocks, asked: asked?.classes };
  const { figures, nearestReal } = await inTurns(measureImages(real, generated, extractor, figureOptions), signal);
  const { name, hash, columns } = extractor;
  return {
    evaluation: {
      recipe: session.model.config.recipe,
      step,
      data: options.data ?? session.model.config.data,
      fingerprint: dataset.fingerprint,
      features: { name, hash, columns },
      count,
      seed,
      neighbours,
      figures,
      warnings: [...warningsOf(count, columns), ...warningsOfClasses(extractor, asked?.classes)],
    },
    neighbours: await neighboursPicture({ generated: generated.first, dataset, indices, nearestReal }),
  };
}

/** @throws DataError samples_few where there are not as many real images as asked for */
function countOf({ name, count: available }: Dataset, asked: number | undefined): number {
  if (asked === undefined) return Math.min(available, USUAL_COUNT);
  if (asked <= available) return asked;
  throw new DataError(
    'samples_few',
    `--count: ${asked} images of either kind were asked for, but ${name} holds ${available}; figures of unlike numbers do not compare, so take at most ${available}`,
  );
}

function warningsOf(count: number, columns: number): string[] {
  const warnings: string[] = [];
  if (count < USUAL_COUNT) {
    warnings.push(
      `${count} images of either kind: below ${USUAL_COUNT} a Frechet distance is too large, by more the fewer they are, so compare it with such of ${count} images alone`,
    );
  }
  if (count <= columns) {
    warnings.push(
      `no more images (${count}) than feature columns (${columns}): the covariances are not of full rank; the kernel distance does not mind`,
    );
  }
  return warnings;
}

/** Why it is not told how often the generator draws the class that it is asked for. */
function warningsOfClasses({ name, classes }: FeatureExtractor, asked: readonly string[] | undefined): string[] {
  const stranger = classes && asked?.find((wanted) => !classes.includes(wanted));
  if (stranger === undefined) return [];
  return [
    `${name} knows no class '${stranger}' of the run, so it cannot tell whether images are of the class asked for; train a classifier on the run's data`,
  ];
}
