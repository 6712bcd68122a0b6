import { type Curve, drawLines, type LineOptions, type LinePanel } from '../charts/index.ts';
import { DataError } from '../errors.ts';
import type { Monitors } from '../losses/index.ts';
import type { MetricsRecord } from '../train/index.ts';
import { panelsOf } from './panels.ts';

/** A run's metrics over its steps as an SVG drawing: the panels that their monitors say, and one for each metric without a monitor.
 *  @throws DataError `no_metrics` */
export function drawCurves(
  records: readonly MetricsRecord[],
  monitors: Monitors,
  options: Omit<LineOptions, 'xTitle'> = {},
): Promise<string> {
  const panels = linePanels(records, monitors);
  if (panels.length === 0)
    throw new DataError('no_metrics', 'the run has no metrics yet; train it for at least logEvery steps');
  return drawLines(panels, { ...options, xTitle: 'step' });
}

function linePanels(records: readonly MetricsRecord[], monitors: Monitors): LinePanel[] {
  const reported = new Set(records.flatMap(({ values }) => Object.keys(values)));
  const panels = panelsOf(reported, monitors).map(({ title, unit, metrics }) => ({
    title,
    yTitle: unit,
    curves: metrics.flatMap(({ name, label }) => curveOf(records, name, label)),
  }));
  return panels.filter(({ curves }) => curves.length > 0);
}

function curveOf(records: readonly MetricsRecord[], name: string, label: string): Curve[] {
  const points = records.flatMap(({ step, values }) => {
    const value = values[name];
    return typeof value === 'number' ? [{ x: step, y: value }] : [];
  });
  return points.length > 0 ? [{ name: label, points }] : [];
}
