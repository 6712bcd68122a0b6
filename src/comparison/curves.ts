import { drawLines, type LineOptions, type LinePanel } from '../charts/index.ts';
import { panelsOf } from '../explore/panels.ts';
import type { ComparedRun } from './compared_run.ts';

/** Metrics of runs over their steps as an SVG drawing: a panel for each metric, a curve for each run that has it. Undefined if no run
 *  has metrics. */
export async function drawRunCurves(
  runs: readonly ComparedRun[],
  options: Omit<LineOptions, 'xTitle' | 'series'> = {},
): Promise<string | undefined> {
  const panels = panelsOfRuns(runs);
  if (panels.length === 0) return undefined;
  return drawLines(panels, { ...options, xTitle: 'step', series: runs.map(({ name }) => name) });
}

function panelsOfRuns(runs: readonly ComparedRun[]): LinePanel[] {
  const monitors = Object.assign({}, ...runs.toReversed().map((run) => run.monitors));
  const reported = new Set(runs.flatMap(({ records }) => records.flatMap(({ values }) => Object.keys(values))));
  return panelsOf(reported, monitors)
    .flatMap(({ title, unit, metrics }) =>
      metrics.map(({ name, label }) => ({
        title: metrics.length === 1 ? title : `${title}: ${label}`,
        yTitle: unit,
        curves: runs.flatMap((run) => {
          const points = pointsOf(run, name);
          return points.length === 0 ? [] : [{ name: run.name, points }];
        }),
      })),
    )
    .filter(({ curves }) => curves.length > 0);
}

const pointsOf = ({ records }: ComparedRun, name: string) =>
  records.flatMap(({ step, values }) => {
    const value = values[name];
    return typeof value === 'number' ? [{ x: step, y: value }] : [];
  });
