import { type Curve, drawLines, type LineOptions, type LinePanel } from '../charts/index.ts';
import { DataError } from '../errors.ts';
import type { Monitors } from '../losses/index.ts';
import type { MetricsRecord } from '../train/index.ts';

/** A run's metrics over its steps as an SVG drawing: the panels that their monitors say, and one for each metric without a monitor.
 *  @throws DataError `no_metrics` */
export function drawCurves(
  records: readonly MetricsRecord[],
  monitors: Monitors,
  options: Omit<LineOptions, 'xTitle'> = {},
): Promise<string> {
  const panels = panelsOf(records, monitors);
  if (panels.length === 0)
    throw new DataError('no_metrics', 'the run has no metrics yet; train it for at least logEvery steps');
  return drawLines(panels, { ...options, xTitle: 'step' });
}

/** In the order of the monitors; metrics without one come last. */
function panelsOf(records: readonly MetricsRecord[], monitors: Monitors): LinePanel[] {
  const reported = new Set(records.flatMap(({ values }) => Object.keys(values)));
  const panels = new Map<string, LinePanel>();
  for (const name of new Set([...Object.keys(monitors), ...reported])) {
    const monitor = monitors[name];
    const title = monitor?.panel ?? name;
    const { curves } = panels.get(title) ?? { curves: [] };
    const curve = curveOf(records, name, monitor?.label ?? name);
    panels.set(title, { title, yTitle: monitor?.unit, curves: [...curves, ...curve] });
  }
  return [...panels.values()].filter(({ curves }) => curves.length > 0);
}

function curveOf(records: readonly MetricsRecord[], name: string, label: string): Curve[] {
  const points = records.flatMap(({ step, values }) => {
    const value = values[name];
    return typeof value === 'number' ? [{ x: step, y: value }] : [];
  });
  return points.length > 0 ? [{ name: label, points }] : [];
}
