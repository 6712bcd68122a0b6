import type { Work } from '../device/execution.ts';
import { ConfigError } from '../errors.ts';
import { type Recipe, recipeOf, recipes } from '../models/index.ts';
import { PRODUCT_PRECISIONS, type ProductPrecision, toleranceOf } from '../oracle/tolerance.ts';
import { didYouMean } from '../suggest.ts';
import { type Case, cases, largeCases } from './cases/index.ts';
import { traceCase, workOf } from './cases/trace.ts';
import { trainingStep } from './steps.ts';

/** Something that is computed on both sides and compared. */
export interface Trial {
  readonly name: string;
  /** What it is about: an op, or `step of RECIPE`. */
  readonly subject: string;
  /** The precisions in which comparing it says something. */
  readonly precisions: readonly ProductPrecision[];
  /** @param precision one of `precisions` */
  readonly tolerance: (precision: ProductPrecision) => number;
  /** Traces it and gives its inputs their values. */
  readonly prepare: () => Work;
}

const ofCase = (row: Case): Trial => ({
  name: row.name,
  subject: row.op,
  precisions: PRODUCT_PRECISIONS,
  tolerance: (precision) => toleranceOf(precision, row),
  prepare: () => workOf(traceCase(row)),
});

/** Whole steps are compared in float32 alone: products that round push activations over kinks, and what depends on them with them. */
const ofStep = (recipe: Recipe): Trial => ({
  name: `step of ${recipe.name}`,
  subject: `step of ${recipe.name}`,
  precisions: ['float32'],
  tolerance: toleranceOf,
  prepare: () => trainingStep(recipe),
});

/** The whole case table, and a training step of every recipe. */
export const allTrials: readonly Trial[] = [...[...cases, ...largeCases].map(ofCase), ...recipes.map(ofStep)];

/** Which trials to compare; all if nothing is said. */
export interface TrialChoice {
  /** Patterns, one of which a trial's name must contain: `*` stands for any text, and case does not count. */
  readonly only?: readonly string[] | undefined;
  /** The training steps of these recipes alone, each by its name or, of one's own, itself. */
  readonly recipes?: readonly (string | Recipe)[] | undefined;
}

/** @throws ConfigError `no_such_case` for a pattern that chooses nothing, `unknown_recipe` */
export function chooseTrials({ only: patterns = [], recipes: named = [] }: TrialChoice = {}): readonly Trial[] {
  const trials = named.length > 0 ? named.map((recipe) => ofStep(recipeOf({ recipe }))) : allTrials;
  if (patterns.length === 0) return trials;
  const matchers = patterns.map((pattern) => {
    const matches = matcherOf(pattern);
    if (pattern.trim() !== '' && trials.some(matches)) return matches;
    const subjects = [...new Set(trials.map(({ subject }) => subject))];
    throw new ConfigError(
      'no_such_case',
      `no case's name contains '${pattern}'.${didYouMean(pattern, subjects)} A pattern is part of a name; * stands for any text.\n  Names begin with what they are about: ${subjects.join(', ')}.`,
    );
  });
  return trials.filter((trial) => matchers.some((matches) => matches(trial)));
}

function matcherOf(pattern: string): (trial: Trial) => boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(parts.join('.*'), 'i');
  return ({ name }) => expression.test(name);
}
