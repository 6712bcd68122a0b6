import type { MetricsRecord } from '../train/index.ts';
import type { ComparedRun } from './compared_run.ts';

/** Figures of a run at its end, by what people call them. A figure that the run does not have is missing. */
export interface FinalFigures {
  readonly step: number;
  /** Training time over all sittings, in seconds. */
  readonly seconds: number;
  /** Real images read in a second of training, over the whole run. */
  readonly imagesPerSecond: number;
  /** By the metric's name: the mean of the last tenth of its values. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Undefined for a run without metrics. */
export function finalFigures({ records }: Pick<ComparedRun, 'records'>): FinalFigures | undefined {
  const last = records.at(-1);
  if (!last) return undefined;
  const seconds = last.elapsedMs / 1000;
  const names = [...new Set(records.flatMap(({ values }) => Object.keys(values)))];
  return {
    step: last.step,
    seconds,
    imagesPerSecond: seconds > 0 ? last.imagesSeen / seconds : 0,
    metrics: Object.fromEntries(names.flatMap((name) => meanAtEnd(records, name))),
  };
}

/** Losses jump from step to step, so that a single one says little. */
function meanAtEnd(records: readonly MetricsRecord[], name: string): [string, number][] {
  const values = records.flatMap(({ values }) => {
    const value = values[name];
    return typeof value === 'number' ? [value] : [];
  });
  if (values.length === 0) return [];
  const end = values.slice(-Math.max(1, Math.round(values.length / 10)));
  return [[name, end.reduce((sum, value) => sum + value, 0) / end.length]];
}
