import { ConfigError } from '../errors.ts';
import type { Recipe } from '../models/index.ts';
import { type BenchCase, fullName, opCases } from './op_cases.ts';
import { stepCases, stepsOf } from './step_cases.ts';

/** Everything that is timed. */
export const benchCases: readonly BenchCase[] = [...stepCases, ...opCases];

/** Which cases to time; all if nothing is said. */
export interface Choice {
  /** Parts of names in capitals or not, any of which will do. */
  readonly only?: readonly string[] | undefined;
  /** Whole steps of these recipes alone, each by its name or, of one's own, itself. */
  readonly recipes?: readonly (string | Recipe)[] | undefined;
  /** A few that stand for all, where `only` names none. */
  readonly quick?: boolean | undefined;
}

/** @throws ConfigError `unknown_recipe`, `nothing_timed` */
export function chooseCases({ only = [], recipes = [], quick = false }: Choice): readonly BenchCase[] {
  const cases = recipes.length > 0 ? recipes.flatMap(stepsOf) : benchCases;
  const isNamed = (row: BenchCase) => only.some((part) => fullName(row).toLowerCase().includes(part.toLowerCase()));
  const chosen = cases.filter((row) => (only.length > 0 ? isNamed(row) : !quick || row.quick));
  if (chosen.length > 0) return chosen;
  const names = cases.map((row) => `  ${fullName(row)}`).join('\n');
  throw new ConfigError(
    'nothing_timed',
    `expected part of a case's name, but none holds ${only.map((part) => `'${part}'`).join(' or ')}. The cases are\n${names}`,
  );
}
