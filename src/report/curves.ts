import { type Curve, drawLines, type LinePanel } from '../charts/index.ts';
import { seriesOf } from '../watch/runs/series.ts';
import type { Drawing, Picture } from './document.ts';
import type { ReportedRun } from './reported_run.ts';

/** Of the points in a pixel's width the lowest and the highest are drawn. */
const PIXELS = 400;

/** A picture for each panel of a run's metrics; of several runs one for each metric, with a curve for each run that has it. */
export async function drawRunCurves(runs: readonly ReportedRun[]): Promise<Picture[]> {
  const panels = runs.length === 1 ? runs.flatMap(ownPanels) : sharedPanels(runs);
  const series = runs.length === 1 ? undefined : runs.map(({ name }) => drawable(name));
  const pictures: Picture[] = [];
  for (const [i, panel] of panels.entries())
    pictures.push({
      caption: captionOf(panel),
      name: `curves-${i + 1}`,
      image: await inBothThemes((theme) => drawLines([panel], { xTitle: 'step', theme, series })),
    });
  return pictures;
}

/** The same drawing for a light page and a dark one. */
export const inBothThemes = async (draw: (theme: 'light' | 'dark') => Promise<string>): Promise<Drawing> => ({
  light: await draw('light'),
  dark: await draw('dark'),
});

const ownPanels = (run: ReportedRun): LinePanel[] =>
  run.detail.panels.flatMap(({ title, unit, metrics }) => {
    const curves = metrics.flatMap(({ name, label }) => curveOf(run, name, label));
    return curves.length > 0 ? [{ title: drawable(title), yTitle: drawable(unit), curves }] : [];
  });

/** A panel for each metric that any of the runs has. */
function sharedPanels(runs: readonly ReportedRun[]): LinePanel[] {
  const panels = new Map<string, LinePanel>();
  for (const run of runs)
    for (const { title, unit, metrics } of run.detail.panels)
      for (const { name, label } of metrics) {
        const known = panels.get(name)?.curves ?? [];
        const curves = [...known, ...curveOf(run, name, run.name)];
        const shown = metrics.length > 1 ? `${title}: ${label}` : title;
        if (curves.length > 0) panels.set(name, { title: drawable(shown), yTitle: drawable(unit), curves });
      }
  return [...panels.values()];
}

function curveOf({ columns }: ReportedRun, metric: string, name: string): Curve[] {
  const series = seriesOf(columns, metric, { axis: 'step', pixels: PIXELS, halfLife: 'usual' });
  if (!series || series.count === 0) return [];
  const points = series.x.map((x, i) => ({ x, y: series.y[i] as number }));
  return [{ name: drawable(name), points, smoothed: series.smooth }];
}

/** What the last values of a panel are, for whoever cannot see it. */
const captionOf = ({ title, curves }: LinePanel): string =>
  `${title}. At the end: ${curves.map(({ name, points, smoothed }) => `${name} ${format(smoothed?.at(-1) ?? points.at(-1)?.y)}`).join(', ')}`;

const format = (value: number | undefined): string => String(Number((value ?? Number.NaN).toPrecision(4)));

/** Text without what XML cannot hold, such as control characters in the name of a metric. */
export const drawable = (text: string): string => text.replace(/\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu, '\ufffd');
