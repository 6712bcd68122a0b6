import type { Dataset } from '../data/dataset.ts';
import type { ImageBatch } from '../data/grid.ts';
import { imageElements } from '../data/pixels.ts';
import type { StepMetrics } from './session.ts';

/** Something that a run's numbers say is going wrong, told once. */
export interface Warning {
  readonly code: 'loss_at_zero' | 'exploding_gradient' | 'collapse';
  readonly message: string;
}

/** A discriminator's loss below this has nothing left to teach. */
const ZERO_LOSS = 1e-3;

/** A mean slope of the critic this far above 1 is no accident. */
const LARGEST_NORM = 100;

/** How often in a row a bad sign must show. */
const PATIENCE = 3;

/** Grids in a row that must look alike. */
const COLLAPSE_PATIENCE = 2;

/** What a health monitor remembers; saved with a checkpoint. */
export interface HealthState {
  /** The kinds of warnings that were given. */
  readonly told: readonly string[];
  /** How often in a row each kind of sign has shown. */
  readonly inARow: Readonly<Record<string, number>>;
}

/** Watches losses, gradient norms and the diversity of samples; every kind of warning comes once. */
export class HealthMonitor {
  private readonly told: Set<string>;
  private readonly inARow: Map<string, number>;
  private readonly collapseBelow: number;

  /** @param collapseBelow the diversity, relative to real images, under which samples count as collapsed
   *  @param state what a monitor of an earlier sitting remembered */
  constructor(collapseBelow: number, state: HealthState = { told: [], inARow: {} }) {
    this.collapseBelow = collapseBelow;
    this.told = new Set(state.told);
    this.inARow = new Map(Object.entries(state.inARow));
  }

  get state(): HealthState {
    return { told: [...this.told], inARow: Object.fromEntries(this.inARow) };
  }

  /** Warnings that a step's metrics give rise to. */
  observe({ discriminatorLoss, wasserstein, reconstruction, gradientNorm }: StepMetrics): Warning[] {
    const competes = discriminatorLoss !== undefined && wasserstein === undefined && reconstruction === undefined;
    const won = competes && discriminatorLoss < ZERO_LOSS;
    return [
      ...this.sign(
        'loss_at_zero',
        won,
        PATIENCE,
        () =>
          `the discriminator's loss stays at ${discriminatorLoss?.toExponential(1)}: it tells real from generated without effort, and the generator learns nothing. Try label smoothing (--set labels.real=0.9), a smaller discriminator.learningRate, or generatorSteps=2`,
      ),
      ...this.sign(
        'exploding_gradient',
        gradientNorm !== undefined && gradientNorm > LARGEST_NORM,
        PATIENCE,
        () =>
          `the critic's gradient norm is ${gradientNorm?.toFixed(0)}, far from 1. Try a smaller discriminator.learningRate or a larger gradientPenalty`,
      ),
    ];
  }

  /** Warnings that a grid's diversity gives rise to. */
  observeDiversity(diversity: number): Warning[] {
    return this.sign(
      'collapse',
      diversity < this.collapseBelow,
      COLLAPSE_PATIENCE,
      () =>
        `the samples have become alike: their diversity is ${diversity.toFixed(2)} of that of real images. Try another seed, a smaller generator.learningRate, label smoothing, or a Wasserstein recipe; an earlier checkpoint may be better`,
    );
  }

  private sign(code: Warning['code'], shows: boolean, patience: number, message: () => string): Warning[] {
    const count = shows ? (this.inARow.get(code) ?? 0) + 1 : 0;
    this.inARow.set(code, count);
    if (count < patience || this.told.has(code)) return [];
    this.told.add(code);
    return [{ code, message: message() }];
  }
}

/** How much images differ from one another: the root mean square difference of two pixels at one place, averaged over all pairs. */
export function diversity({ data, shape: [count, height, width, channels] }: ImageBatch): number {
  const elements = height * width * channels;
  let sum = 0;
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < a; b++) sum += rootMeanSquareDifference(data, a * elements, b * elements, elements);
  }
  return sum / ((count * (count - 1)) / 2);
}

function rootMeanSquareDifference(data: Float32Array, first: number, second: number, elements: number): number {
  let sum = 0;
  for (let i = 0; i < elements; i++) {
    const difference = (data[first + i] as number) - (data[second + i] as number);
    sum += difference * difference;
  }
  return Math.sqrt(sum / elements);
}

/** Up to `count` images spread evenly over a data set, to compare samples with. */
export async function realImagesOf(dataset: Dataset, count: number): Promise<ImageBatch> {
  const total = Math.min(count, dataset.count);
  const elements = imageElements(dataset);
  const data = new Float32Array(total * elements);
  for (let i = 0; i < total; i++) await dataset.read(Math.floor((i * dataset.count) / total), data, i * elements);
  return { data, shape: [total, ...dataset.size, dataset.channels] };
}
