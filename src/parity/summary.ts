import type { ProductPrecision } from '../oracle/tolerance.ts';
import { ORDERS, type Order, type ParityResult } from './judge.ts';

/** The worst of all cases of one op, or of a recipe's step, in one precision. */
export interface ParityRow {
  readonly subject: string;
  readonly precision: ProductPrecision;
  readonly cases: number;
  readonly failed: number;
  readonly skipped: number;
  /** The largest error of each order that a case has. */
  readonly errors: Readonly<Partial<Record<Order, number>>>;
  /** The loosest of the cases' tolerances. */
  readonly tolerance: number;
}

/** How a comparison ended. */
export interface ParitySummary {
  /** Whether nothing failed and something was compared. */
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly rows: readonly ParityRow[];
}

/** Counts results, and finds the worst of every op and precision in the order in which they came. */
export function summarize(results: readonly ParityResult[]): ParitySummary {
  const rows = new Map<string, ParityRow>();
  for (const result of results) {
    const key = `${result.subject} ${result.precision}`;
    rows.set(key, taken(rows.get(key) ?? emptyRow(result), result));
  }
  const count = (status: ParityResult['status']) => results.filter((result) => result.status === status).length;
  const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')];
  return { ok: failed === 0 && passed > 0, passed, failed, skipped, rows: [...rows.values()] };
}

const emptyRow = ({ subject, precision, tolerance }: ParityResult): ParityRow => ({
  ...{ subject, precision, tolerance, cases: 0, failed: 0, skipped: 0, errors: {} },
});

function taken(row: ParityRow, { status, errors, tolerance }: ParityResult): ParityRow {
  const worst = ORDERS.flatMap((order) => {
    const both = [row.errors[order], errors[order]].filter((error) => error !== undefined);
    return both.length === 0 ? [] : [[order, Math.max(...both)]];
  });
  return {
    ...row,
    cases: row.cases + 1,
    failed: row.failed + Number(status === 'failed'),
    skipped: row.skipped + Number(status === 'skipped'),
    errors: Object.fromEntries(worst),
    tolerance: Math.max(row.tolerance, tolerance),
  };
}
