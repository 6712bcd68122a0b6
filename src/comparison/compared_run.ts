import { join } from 'node:path';
import { type Evaluation, evaluationsFolder } from '../evaluation/index.ts';
import { readEvaluation } from '../evaluation/read.ts';
import { panelsOf } from '../explore/panels.ts';
import type { Monitors } from '../losses/index.ts';
import { type MetricsRecord, readMetrics, readMonitors } from '../train/index.ts';
import type { RunCurves } from './panels.ts';

/** What is read of a run to be compared with others. */
export interface ComparedRun extends RunCurves {
  readonly folder: string;
  readonly records: readonly MetricsRecord[];
  readonly monitors: Monitors;
  /** Undefined if it has none, or its file is gone or damaged. */
  readonly evaluation?: Evaluation | undefined;
}

/** Reads a run. @param name what tables, curves and grids call it @param evaluation name of its evaluation, without `.json`
 *  @throws CheckpointError, ConfigError of its own recipe */
export async function readComparedRun(folder: string, name: string, evaluation?: string): Promise<ComparedRun> {
  const [records, monitors] = [await readMetrics(folder), await readMonitors(folder)];
  const reported = new Set(records.flatMap(({ values }) => Object.keys(values)));
  return {
    name,
    folder,
    records,
    monitors,
    panels: panelsOf(reported, monitors),
    curveOf: (metric) => curveOf(records, metric),
    evaluation:
      evaluation === undefined
        ? undefined
        : await readEvaluation(join(evaluationsFolder(folder), `${evaluation}.json`)),
  };
}

function curveOf(records: readonly MetricsRecord[], metric: string) {
  const points = records.flatMap(({ step, values }) => {
    const value = values[metric];
    return typeof value === 'number' ? [{ x: step, y: value }] : [];
  });
  return points.length > 0 ? { points } : undefined;
}
