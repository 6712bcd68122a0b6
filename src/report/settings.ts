import { differingSettings, settingsOf } from '../config/index.ts';
import type { JsonValue } from '../durable.ts';
import { findRecipe, resolveConfig } from '../models/index.ts';
import type { ReportedRun } from './reported_run.ts';

/** A setting of a run that its recipe has another value for. */
export interface OwnSetting {
  readonly key: string;
  readonly value: string;
  /** The recipe's value; undefined if the recipe has none. */
  readonly usual: string | undefined;
}

/** The settings in which a run differs from its recipe's defaults; undefined for a recipe that is not one of gannet, whose defaults only its
 *  code knows. */
export function ownSettings({ summary, detail }: ReportedRun): OwnSetting[] | undefined {
  if (!findRecipe(summary.recipe)) return undefined;
  const defaults = settingsOf(resolveConfig({ recipe: summary.recipe }) as unknown as JsonValue);
  return differingSettings([detail.settings, defaults]).flatMap(({ key, values: [value, usual] }) =>
    // A run whose optimiser is another lacks settings of the recipe's.
    value === undefined || key === 'recipe' ? [] : [{ key, value, usual }],
  );
}

/** Rows of a key and its value in each run, of the keys in which runs differ. */
export const differenceRows = (runs: readonly ReportedRun[]): string[][] =>
  differingSettings(runs.map(({ detail }) => detail.settings)).map(({ key, values }) => [
    key,
    ...values.map((value) => value ?? 'none'),
  ]);
