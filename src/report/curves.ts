import { type Curve, drawLines, type LinePanel } from '../charts/index.ts';
import { panelsOfRuns, type RunCurves } from '../comparison/index.ts';
import { seriesOf } from '../watch/runs/series.ts';
import type { Drawing, Picture } from './document.ts';
import type { ReportedRun } from './reported_run.ts';

/** Of the points in a pixel's width the lowest and the highest are drawn. */
const PIXELS = 400;

/** A picture for each panel of a run's metrics; of several runs one for each metric, with a curve for each run that has it. */
export async function drawRunCurves(runs: readonly ReportedRun[]): Promise<Picture[]> {
  const panels = runs.length === 1 ? runs.flatMap(ownPanels) : panelsOfRuns(runs.map(curvesOf));
  const series = runs.length === 1 ? undefined : runs.map(({ name }) => name);
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
    const curves = metrics.flatMap(({ name, label }): Curve[] => {
      const curve = curveOf(run, name);
      return curve ? [{ name: label, ...curve }] : [];
    });
    return curves.length > 0 ? [{ title, yTitle: unit, curves }] : [];
  });

const curvesOf = (run: ReportedRun): RunCurves => ({
  name: run.name,
  panels: run.detail.panels,
  curveOf: (metric) => curveOf(run, metric),
});

function curveOf({ columns }: ReportedRun, metric: string): Omit<Curve, 'name'> | undefined {
  const series = seriesOf(columns, metric, { axis: 'step', pixels: PIXELS, halfLife: 'usual' });
  if (!series || series.count === 0) return undefined;
  return { points: series.x.map((x, i) => ({ x, y: series.y[i] as number })), smoothed: series.smooth };
}

/** What the last values of a panel are, for whoever cannot see it. */
const captionOf = ({ title, curves }: LinePanel): string =>
  `${title}. At the end: ${curves.map(({ name, points, smoothed }) => `${name} ${format(smoothed?.at(-1) ?? points.at(-1)?.y)}`).join(', ')}`;

const format = (value: number | undefined): string => String(Number((value ?? Number.NaN).toPrecision(4)));
