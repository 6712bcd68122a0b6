import type { Monitor } from '../losses/index.ts';

/** Metrics whose curves share their axes. */
export interface MetricPanel {
  readonly title: string;
  readonly unit: string;
  readonly metrics: readonly { readonly name: string; readonly label: string }[];
}

/** The panels that the monitors of a run's metrics say, in the order of the monitors, and then one for each metric without a monitor.
 *  @param reported names of the metrics that there are */
export function panelsOf(
  reported: Iterable<string>,
  monitors: Readonly<Record<string, Pick<Monitor, 'label' | 'panel' | 'unit'>>>,
): MetricPanel[] {
  const present = new Set(reported);
  const known = Object.keys(monitors).filter((name) => present.has(name));
  const panels = new Map<string, MetricPanel>();
  for (const name of new Set([...known, ...present])) {
    // A file may call a metric by any name, such as `constructor`.
    const monitor = Object.hasOwn(monitors, name) ? monitors[name] : undefined;
    const { label, panel: title, unit } = monitor ?? { label: name, panel: name, unit: '' };
    const before = panels.get(title)?.metrics ?? [];
    panels.set(title, { title, unit, metrics: [...before, { name, label }] });
  }
  return [...panels.values()];
}
