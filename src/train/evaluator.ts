import { resolve } from 'node:path';
import type { ConfigChanges } from '../config/changes.ts';
import type { Config } from '../config/schema.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigError, DataError } from '../errors.ts';
import type { Monitors } from '../losses/index.ts';
import { collectFeatures, type FeatureSet, realImages } from '../metrics/collect.ts';
import { drawIndices, evaluationRandom } from '../metrics/draw.ts';
import { type FeatureExtractor, labelOf } from '../metrics/features/extractor.ts';
import { isNetworkFile, openFeatures } from '../metrics/features/open.ts';
import { type FeatureFigures, measureFeatures } from '../metrics/figures.ts';
import { inTurns } from '../metrics/turns.ts';
import { generatedImages } from './generated_images.ts';
import { type AskedLabels, labelsLike } from './labelled_data.ts';
import type { StepMetrics, TrainingSession } from './session.ts';

/** Neighbours that make a neighbourhood, and blocks of the kernel distance: fewer than a report takes, for the sake of time. */
const OPTIONS = { neighbours: 5, kernelBlocks: 10 };
const FEWEST = OPTIONS.neighbours + 1;

/** Whether a run is measured while it trains. */
export const isEvaluated = ({ evaluateEvery }: Config): boolean => evaluateEvery > 0;

/** A configuration that says by which network a run is measured, if it is: figures of another do not compare.
 *  @throws ConfigError features_unknown, features_changed; DataError samples_few; and what opening the network throws */
export async function withEvaluation(config: Config, dataset: Dataset): Promise<Config> {
  if (!isEvaluated(config)) return config;
  if (dataset.count < FEWEST) {
    throw new DataError(
      'samples_few',
      `${dataset.name}: evaluateEvery needs at least ${FEWEST} images to compare with, but received ${dataset.count}`,
    );
  }
  const { evaluateFeatures: named, evaluatedBy: before } = config;
  const evaluateFeatures = isNetworkFile(named) ? resolve(named) : named;
  const extractor = await openFeatures(evaluateFeatures, dataset);
  extractor.close();
  const { name, hash } = extractor;
  if (before && before.hash !== hash) {
    throw new ConfigError(
      'features_changed',
      `evaluateFeatures: the run was evaluated by ${labelOf(before)}, but ${evaluateFeatures} is ${labelOf(extractor)} now, whose figures do not compare with those before; restore it, or name the network to go on with by --set evaluateFeatures=FILE`,
    );
  }
  return { ...config, evaluateFeatures, evaluatedBy: { name, hash } };
}

/** A stored configuration without what changes of it make void: which network there was where another is named, and all about the
 *  evaluation where there is none any more. */
export function withoutVoidKeys(stored: Config, changes: ConfigChanges): ConfigChanges {
  const { evaluatedBy, ...others } = stored;
  if (changes.evaluateEvery === 0) {
    const { evaluateFeatures, evaluateCount, ...rest } = others;
    return rest;
  }
  return changes.evaluateFeatures === undefined ? stored : others;
}

/** What an evaluated run reports. */
export function evaluationMonitors({ evaluatedBy }: Config): Monitors {
  const by = evaluatedBy ? labelOf(evaluatedBy) : '';
  const part = { panel: `neighbours (${by})`, meaning: 'part', unit: '' } as const;
  return {
    frechet: { label: 'Frechet', panel: `Frechet distance (${by})`, meaning: 'distance', unit: '' },
    kernel: { label: 'kernel', panel: `kernel distance (${by})`, meaning: 'distance', unit: '' },
    precision: { label: 'precision', ...part },
    recall: { label: 'recall', ...part },
    density: { label: 'density', ...part },
    coverage: { label: 'coverage', ...part },
    classAccuracy: {
      label: 'class accuracy',
      panel: `images of the class asked for (${by})`,
      meaning: 'part',
      unit: '',
    },
    classifierScore: {
      label: 'classifier score',
      panel: `classifier score (${by})`,
      meaning: 'score',
      unit: '',
    },
  };
}

/** Measures a run's images while it trains, always the same ones: those of the run's seed. It draws nothing on the device, so that the
 *  training goes on as if it were not there. */
export class Evaluator {
  /** The network's name and the beginning of its hash. */
  readonly label: string;
  private readonly extractor: FeatureExtractor;
  private readonly real: FeatureSet;
  /** What a conditional generator is asked for: the labels of the real images. */
  private readonly asked: AskedLabels | undefined;
  private readonly seed: number;

  private constructor(extractor: FeatureExtractor, real: FeatureSet, asked: AskedLabels | undefined, seed: number) {
    this.label = labelOf(extractor);
    this.extractor = extractor;
    this.real = real;
    this.asked = asked;
    this.seed = seed;
  }

  /** Opens the network, and takes the features of the real images, without augmentation. */
  static async open(config: Config, images: Dataset): Promise<Evaluator> {
    const { evaluateFeatures, evaluateCount, seed, threads } = config;
    const dataset = images.original ?? images;
    const extractor = await openFeatures(evaluateFeatures, dataset, { threads });
    try {
      const count = Math.min(evaluateCount, dataset.count);
      const indices = drawIndices(dataset.count, count, evaluationRandom(seed, 0));
      const real = await collectFeatures(realImages(dataset, indices), extractor, { count });
      return new Evaluator(extractor, real, labelsLike(config, dataset, indices), seed);
    } catch (error) {
      extractor.close();
      throw error;
    }
  }

  /** Figures compare only with those of the same network and as many images. */
  get comparableWith(): string {
    return `${this.label}, ${this.real.features.rows} images`;
  }

  /** The figures of the generator as it is now, by the names of their monitors. */
  async evaluate(session: TrainingSession): Promise<StepMetrics> {
    const { extractor, real, asked, seed } = this;
    const count = real.features.rows;
    const images = generatedImages(session, { count, seed, labels: asked?.vectors });
    const generated = await collectFeatures(images, extractor, { count });
    const options = { seed, asked: asked?.classes, ...OPTIONS };
    return valuesOf((await inTurns(measureFeatures(real, generated, extractor, options))).figures);
  }

  close(): void {
    this.extractor.close();
  }
}

const valuesOf = ({ frechet, kernel, classifierScore, classAccuracy, ...figures }: FeatureFigures): StepMetrics => ({
  frechet,
  kernel: kernel.mean,
  precision: figures.precision,
  recall: figures.recall,
  density: figures.density,
  coverage: figures.coverage,
  ...(classAccuracy && { classAccuracy: classAccuracy.overall }),
  ...(classifierScore && { classifierScore: classifierScore.generated.mean }),
});
