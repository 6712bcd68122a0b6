import { DataError } from '../errors.ts';
import type { Monitor, Monitors } from '../losses/index.ts';
import type { MetricsRecord } from '../train/index.ts';
import { drawText, TEXT_HEIGHT, textWidth } from './svg_text.ts';

const COLORS = ['#2563eb', '#dc2626', '#059669', '#9333ea'];
const PANEL = { width: 480, height: 200, left: 58, right: 12, top: 30, bottom: 26 };
const COLUMNS = 2;
const TICKS = 4;

interface Curve {
  readonly name: string;
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

/** A run's metrics over its steps as an SVG picture: the panels that their monitors say, and one for each metric without a monitor. Text
 *  is drawn with a font of gannet's own, so that it looks the same everywhere. @throws DataError `no_metrics` */
export function drawCurves(records: readonly MetricsRecord[], monitors: Monitors): string {
  const panels = panelsOf(records, monitors);
  if (panels.length === 0)
    throw new DataError('no_metrics', 'the run has no metrics yet; train it for at least logEvery steps');
  const rows = Math.ceil(panels.length / COLUMNS);
  const width = Math.min(COLUMNS, panels.length) * PANEL.width;
  const drawn = panels.map(({ title, curves }, i) => {
    const place = `translate(${(i % COLUMNS) * PANEL.width} ${Math.floor(i / COLUMNS) * PANEL.height})`;
    return `<g transform="${place}">${drawPanel(title, curves)}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${rows * PANEL.height}">`,
    '<title>Metrics by training step</title>',
    '<rect width="100%" height="100%" fill="white"/>',
    ...drawn,
    '</svg>',
  ].join('\n');
}

interface Panel {
  readonly title: string;
  readonly curves: readonly Curve[];
}

/** In the order of the monitors; those behind that have none. */
function panelsOf(records: readonly MetricsRecord[], monitors: Monitors): Panel[] {
  const reported = new Set(records.flatMap(({ values }) => Object.keys(values)));
  const panels = new Map<string, Curve[]>();
  for (const name of new Set([...Object.keys(monitors), ...reported])) {
    const title = titleOf(name, monitors[name]);
    panels.set(title, [...(panels.get(title) ?? []), ...curveOf(records, name)]);
  }
  return [...panels].map(([title, curves]) => ({ title, curves })).filter(({ curves }) => curves.length > 0);
}

const titleOf = (name: string, monitor: Monitor | undefined): string =>
  monitor ? `${monitor.panel}${monitor.unit === '' ? '' : `, ${monitor.unit}`}` : name;

function curveOf(records: readonly MetricsRecord[], name: string): Curve[] {
  const points = records.flatMap(({ step, values }) => {
    const value = values[name];
    return typeof value === 'number' ? [{ step, value }] : [];
  });
  return points.length > 0 ? [{ name, points }] : [];
}

function drawPanel(title: string, curves: readonly Curve[]): string {
  const points = curves.flatMap((curve) => curve.points);
  const steps = range(points.map(({ step }) => step));
  const values = range(points.map(({ value }) => value));
  const inner = { width: PANEL.width - PANEL.left - PANEL.right, height: PANEL.height - PANEL.top - PANEL.bottom };
  const x = (step: number) => PANEL.left + (inner.width * (step - steps.low)) / (steps.high - steps.low);
  const y = (value: number) => PANEL.top + inner.height * (1 - (value - values.low) / (values.high - values.low));
  const at = (part: number, { low, high }: Range) => low + part * (high - low);
  const ticks = Array.from({ length: TICKS + 1 }, (_, i) => i / TICKS);
  return [
    drawText(title, PANEL.left, 8, '#111'),
    ...legend(curves),
    ...ticks.map((part) => gridLine(y(at(part, values)), format(at(part, values)))),
    ...ticks.map((part) => stepLabel(x(at(part, steps)), format(Math.round(at(part, steps))))),
    ...curves.map((curve, i) => {
      const line = curve.points.map(({ step, value }) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
      return `<polyline points="${line}" fill="none" stroke="${COLORS[i % COLORS.length]}" stroke-width="1.3"/>`;
    }),
  ].join('\n');
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/** The range of some values, widened where it is empty. */
function range(values: readonly number[]): Range {
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  return high > low ? { low, high } : { low: low - 0.5, high: high + 0.5 };
}

function gridLine(y: number, label: string): string {
  const line = `<line x1="${PANEL.left}" x2="${PANEL.width - PANEL.right}" y1="${y}" y2="${y}" stroke="#ddd"/>`;
  return line + drawText(label, PANEL.left - 6 - textWidth(label), y - TEXT_HEIGHT / 2, '#555');
}

/** Centred below its place, but within the panel. */
function stepLabel(x: number, label: string): string {
  const left = Math.min(x - textWidth(label) / 2, PANEL.width - textWidth(label));
  return drawText(label, left, PANEL.height - PANEL.bottom + 8, '#555');
}

function legend(curves: readonly Curve[]): string[] {
  if (curves.length < 2) return [];
  let right = PANEL.width - PANEL.right;
  return curves.map(({ name }, i) => {
    right -= textWidth(name) + 16;
    return drawText(name, right + 12, 8, COLORS[i % COLORS.length] as string);
  });
}

const format = (value: number): string => String(Number(value.toPrecision(3)));
