import type { Curve, LinePanel } from '../charts/index.ts';
import { type MetricPanel, panelsOf } from '../explore/panels.ts';

/** What is drawn of a run beside others. */
export interface RunCurves {
  readonly name: string;
  /** Of all its metrics. */
  readonly panels: readonly MetricPanel[];
  /** Undefined if it has no values of a metric. */
  curveOf(metric: string): Omit<Curve, 'name'> | undefined;
}

/** A panel for each metric of several runs, with a curve for each run that has it. Where runs disagree about a metric's title and unit, the
 *  first says them. */
export function panelsOfRuns(runs: readonly RunCurves[]): LinePanel[] {
  const monitors = new Map<string, { readonly label: string; readonly panel: string; readonly unit: string }>();
  for (const { title, unit, metrics } of runs.flatMap(({ panels }) => panels))
    for (const { name, label } of metrics) if (!monitors.has(name)) monitors.set(name, { label, panel: title, unit });
  return panelsOf(monitors.keys(), Object.fromEntries(monitors))
    .flatMap(({ title, metrics }) =>
      metrics.map(({ name, label }) => ({
        title: metrics.length === 1 ? title : `${title}: ${label}`,
        yTitle: monitors.get(name)?.unit,
        curves: runs.flatMap((run) => {
          const curve = run.curveOf(name);
          return curve ? [{ name: run.name, ...curve }] : [];
        }),
      })),
    )
    .filter(({ curves }) => curves.length > 0);
}
