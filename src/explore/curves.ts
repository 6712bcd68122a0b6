import { DataError } from '../errors.ts';
import type { MetricsRecord } from '../train/index.ts';
import { drawText, TEXT_HEIGHT, textWidth } from './svg_text.ts';

/** Metrics that belong into one panel, by name. Others get a panel of their own. */
const PANELS: readonly { readonly title: string; readonly names: readonly string[] }[] = [
  { title: 'losses', names: ['discriminatorLoss', 'generatorLoss'] },
  { title: 'mean probabilities', names: ['dReal', 'dFake', 'dGenerated'] },
  { title: 'Wasserstein estimate', names: ['wasserstein'] },
  { title: "critic's gradient norm", names: ['gradientNorm'] },
  { title: 'gradient penalty', names: ['penalty'] },
  { title: 'reconstruction error', names: ['reconstruction'] },
  { title: 'convergence measure M', names: ['convergence'] },
  { title: 'k', names: ['k'] },
];

const COLORS = ['#2563eb', '#dc2626', '#059669', '#9333ea'];
const PANEL = { width: 480, height: 200, left: 58, right: 12, top: 30, bottom: 26 };
const COLUMNS = 2;
const TICKS = 4;

interface Curve {
  readonly name: string;
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

/** A run's metrics over its steps as an SVG picture, a panel for every group of curves that the run has. Text is drawn with a font
 *  of gannet's own, so that it looks the same everywhere. @throws DataError `no_metrics` */
export function drawCurves(records: readonly MetricsRecord[]): string {
  const panels = PANELS.map(({ title, names }) => ({
    title,
    curves: names.flatMap((name) => curveOf(records, name)),
  })).filter(({ curves }) => curves.length > 0);
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
