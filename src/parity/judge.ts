import type { Work } from '../device/execution.ts';
import { type Deviation, deviations, type Results } from '../oracle/compare.ts';
import type { ProductPrecision } from '../oracle/tolerance.ts';
import { OutOfBudget } from './budget.ts';
import type { Side } from './sides.ts';
import type { Trial } from './trial.ts';

/** Derivatives of a case by their order; losses and variables of a training step count as values. */
export const ORDERS = ['value', 'gradient', 'secondGradient'] as const;
/** One of ORDERS. */
export type Order = (typeof ORDERS)[number];

/** What comparing one case in one precision showed. */
export interface ParityResult {
  readonly name: string;
  /** The op that the case is about, or `step of RECIPE`. */
  readonly subject: string;
  readonly precision: ProductPrecision;
  /** `skipped`: a side ran out of its budget, so nothing is known. */
  readonly status: 'passed' | 'failed' | 'skipped';
  /** What every error must stay below: max |a - b| / max |b| of each result. */
  readonly tolerance: number;
  /** The largest error of each order that the case has; infinite where a number is missing or not finite. */
  readonly errors: Readonly<Partial<Record<Order, number>>>;
  /** The result that is furthest off. */
  readonly worst?: Deviation;
  /** Why there is nothing to compare: what a side said when it failed or gave up. */
  readonly problem?: string;
  /** Time that the device took. */
  readonly elapsedMs: number;
}

/** What a side made of some work. */
type Attempt =
  | { readonly results: Results; readonly elapsedMs: number }
  | { readonly status: 'failed' | 'skipped'; readonly problem: string; readonly elapsedMs: number };

/** Lets a side compute; whatever goes wrong there is a finding, not an end. */
export async function attempt({ name, compute }: Side, work: Work): Promise<Attempt> {
  const started = performance.now();
  const elapsed = () => performance.now() - started;
  try {
    return { results: await compute(work), elapsedMs: elapsed() };
  } catch (error) {
    const status = error instanceof OutOfBudget ? 'skipped' : 'failed';
    return { status, problem: `${name}: ${(error as Error).message}`, elapsedMs: elapsed() };
  }
}

/** Compares what two sides made of a trial. */
export function judge(
  { name, subject, tolerance: toleranceIn }: Trial,
  precision: ProductPrecision,
  [actual, wanted]: readonly [Attempt, Attempt],
): ParityResult {
  const tolerance = toleranceIn(precision);
  const common = { name, subject, precision, tolerance, elapsedMs: actual.elapsedMs };
  for (const side of [actual, wanted]) {
    if ('problem' in side) return { ...common, status: side.status, errors: {}, problem: side.problem };
  }
  const found = deviations((actual as { results: Results }).results, (wanted as { results: Results }).results);
  const worst = found.reduce((a, b) => (b.error > a.error ? b : a));
  return { ...common, status: worst.error < tolerance ? 'passed' : 'failed', errors: byOrder(found), worst };
}

function byOrder(found: readonly Deviation[]): ParityResult['errors'] {
  const errors: Partial<Record<Order, number>> = {};
  for (const { result, error } of found) {
    const order = orderOf(result);
    errors[order] = Math.max(errors[order] ?? 0, error);
  }
  return errors;
}

const orderOf = (result: string): Order => {
  if (result.startsWith('second gradient of ')) return 'secondGradient';
  return result.startsWith('gradient of ') ? 'gradient' : 'value';
};
