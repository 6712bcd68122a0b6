import { type ConfigChanges, mergeChanges } from '../config/index.ts';
import { type Recipe, recipeOf, resolveChanges } from '../models/index.ts';
import { hasWidth } from '../models/recipe.ts';
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
  readonly variant?: Variant;
}

/** One of several steps of a recipe. */
interface Variant {
  readonly name: string;
  readonly changes: ConfigChanges;
  /** What tells the same to PyTorch's step. */
  readonly pytorch: Readonly<Record<string, unknown>>;
}

const stepCase = ({ recipe, batch, small, variant }: StepSpec): StepCase => ({
  group: recipe,
  name: variant === undefined ? 'step' : `${variant.name} step`,
  kind: 'step',
  recipe,
  quick: variant?.name === QUICK_VARIANT,
  workload: (size, chosen = batch) => {
    const base = { recipe, ...variant?.changes };
    if (size === 'small') return stepWorkload(resolveChanges(mergeChanges(base, { ...small, model: { width: 8 } })));
    const config = resolveChanges({ ...base, batch: chosen });
    return stepWorkload(config, { op: 'step', recipe, batch: chosen, ...variant?.pytorch });
  },
});

/** The step of any recipe, of one's own too: with its defaults, and small in what can be small in any network. */
const stepOf = (recipe: Recipe): StepCase => ({
  group: recipe.name,
  name: 'step',
  kind: 'step',
  recipe: recipe.name,
  quick: true,
  workload: (size, batch = recipe.defaults.batch) => {
    const small = { batch: 2, ...(hasWidth(recipe) && { model: { width: 8 } }) };
    return stepWorkload(resolveChanges({ recipe, ...(size === 'small' ? small : { batch }) }));
  },
});

/** The step that stands for all in a quick run. */
const QUICK_VARIANT = '5x5';

const ofKernel = (kernel: number): Variant => ({
  name: `${kernel}x${kernel}`,
  changes: { model: { kernel } },
  pytorch: { kernel },
});

const simultaneous: Variant = {
  name: 'simultaneous',
  changes: { schedule: 'simultaneous' },
  pytorch: { schedule: 'simultaneous' },
};

const began = { recipe: 'began', batch: 8, small: { batch: 1, size: 32 } };

/** The steps of the three families at their published widths, in batches that take seconds on two cores; and small ones that tfjs's
 *  pure JavaScript does in seconds. */
export const stepCases: readonly StepCase[] = [
  ...[3, 4, 5].map((kernel) =>
    stepCase({ recipe: 'dcgan', batch: 32, small: { batch: 2 }, variant: ofKernel(kernel) }),
  ),
  stepCase({ recipe: 'wgan-gp', batch: 8, small: { batch: 2, size: 32 } }),
  stepCase(began),
  stepCase({ ...began, variant: simultaneous }),
];

/** The steps of a recipe, by its name or itself: those above, or else the step that it has by its defaults. @throws ConfigError unknown_recipe */
export function stepsOf(named: string | Recipe): readonly StepCase[] {
  const known = stepCases.filter(({ recipe }) => recipe === named);
  return known.length > 0 ? known : [stepOf(recipeOf({ recipe: named }))];
}
