import { type ConfigChanges, resolveConfig } from '../models/index.ts';
import type { BenchCase } from './op_cases.ts';
import { stepWorkload } from './training_step.ts';

/** A whole training step. */
export interface StepCase extends BenchCase {
  readonly recipe: string;
}

interface StepSpec {
  readonly recipe: string;
  /** Images per update at the published widths. */
  readonly batch: number;
  /** What makes it small. */
  readonly small: ConfigChanges;
  /** Of a DCGAN, which was published with several. */
  readonly kernel?: number;
}

const stepCase = ({ recipe, batch, small, kernel }: StepSpec): StepCase => ({
  group: recipe,
  name: kernel === undefined ? 'step' : `${kernel}x${kernel} step`,
  kind: 'step',
  recipe,
  quick: kernel === 5,
  workload: (size, chosen = batch) => {
    const model = kernel === undefined ? {} : { kernel };
    if (size === 'small') return stepWorkload(resolveConfig({ recipe, ...small, model: { ...model, width: 8 } }));
    const config = resolveConfig({ recipe, batch: chosen, model });
    return stepWorkload(config, { op: 'step', recipe, batch: chosen, ...model });
  },
});

/** The steps of the three families at their published widths, in batches that take seconds on two cores; and small ones that tfjs's
 *  pure JavaScript does in seconds. */
export const stepCases: readonly StepCase[] = [
  ...[3, 4, 5].map((kernel) => stepCase({ recipe: 'dcgan', batch: 32, small: { batch: 2 }, kernel })),
  stepCase({ recipe: 'wgan-gp', batch: 8, small: { batch: 2, size: 32 } }),
  stepCase({ recipe: 'began', batch: 8, small: { batch: 1, size: 32 } }),
];
