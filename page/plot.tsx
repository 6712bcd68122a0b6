import { useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { INK } from '../src/charts/theme.ts';
import type { Points } from '../src/watch/protocol.ts';
import { AXIS, Canvas } from './canvas.tsx';
import { measured, shortCount } from './format.ts';
import { faint, theme } from './palette.ts';

/** One curve, with how it is drawn. */
export interface Curve {
  readonly label: string;
  readonly colour: string;
  readonly dash: readonly number[];
  readonly points: Points;
}

/** A stretch of the horizontal axis. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

interface PlotMark {
  readonly kind: string;
  readonly text: string;
  readonly x: number;
}

interface PlotProperties {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly xTitle: string;
  readonly logX: boolean;
  readonly logY: boolean;
  readonly range: Range | undefined;
  readonly marks: readonly PlotMark[];
  /** Called with the stretch that was drawn up with the mouse; undefined for all. */
  readonly choose: (range: Range | undefined) => void;
}

/** The values themselves lie faint beneath their smoothed line. */
const FAINT = 0.28;
const LINE_WIDTH = 1.6;
const FEW_POINTS = 40;

/** Curves over one axis; the values at the pointer stand in the legend, whose entries hide and show their curves. */
export function Plot(properties: PlotProperties) {
  const { title, curves, xTitle, marks } = properties;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [pointer, setPointer] = useState<number | undefined>();
  const shown = curves.filter(({ label }) => !hidden.has(label));
  const plot = useRef<uPlot | undefined>(undefined);
  const toggle = (label: string): void => {
    const next = new Set(hidden);
    if (!next.delete(label)) next.add(label);
    setHidden(next);
  };
  const near = pointer === undefined ? [] : marks.filter(({ x }) => isNear(plot.current, x, pointer));
  return (
    <>
      <ul class="legend">
        {curves.map(({ label, colour, dash, points }) => (
          <li key={label}>
            <button type="button" aria-pressed={!hidden.has(label)} onClick={() => toggle(label)}>
              <span class={dash.length > 0 ? 'line dashed' : 'line'} style={{ color: colour }} />
              {label} <output>{readout(points, pointer)}</output>
            </button>
          </li>
        ))}
        {pointer !== undefined && (
          <li class="at">
            {xTitle} {shortCount(pointer)}
          </li>
        )}
      </ul>
      <Canvas
        label={`${title} over ${xTitle}`}
        pointer={pointer}
        told={describe(shown, xTitle, pointer)}
        plot={plot}
        {...useDrawing(properties, shown, setPointer)}
      />
      {near.length > 0 && <p class="mark-text">{near.map(({ text }) => text).join('; ')}</p>}
    </>
  );
}

/** The value at the pointer, or the last one. */
function readout({ x, y, smooth }: Points, pointer: number | undefined): string {
  const values = smooth ?? y;
  const index = pointer === undefined ? x.length - 1 : nearest(x, pointer);
  const value = values[index];
  return value === undefined ? '' : measured(value);
}

/** The index of the nearest of rising numbers. */
export function nearest(x: readonly number[], wanted: number): number {
  const after = x.findIndex((value) => value >= wanted);
  if (after < 0) return x.length - 1;
  if (after === 0) return 0;
  return wanted - (x[after - 1] as number) < (x[after] as number) - wanted ? after - 1 : after;
}

function describe(curves: readonly Curve[], xTitle: string, pointer: number | undefined): string {
  const at = pointer === undefined ? 'now' : `${xTitle} ${shortCount(pointer)}`;
  return `${at}: ${curves.map(({ label, points }) => `${label} ${readout(points, pointer)}`).join(', ')}`;
}

const NEAR_PIXELS = 8;

function isNear(plot: uPlot | undefined, x: number, pointer: number): boolean {
  return plot !== undefined && Math.abs(plot.valToPos(x, 'x') - plot.valToPos(pointer, 'x')) < NEAR_PIXELS;
}

/** What is drawn of the curves that are shown. */
function useDrawing(properties: PlotProperties, shown: readonly Curve[], setPointer: (x: number | undefined) => void) {
  const latest = useRef(properties);
  latest.current = properties;
  const { logX, logY, xTitle, range, marks } = properties;
  const points = shown.map((curve) => curve.points);
  // The same points give the same data.
  const data = useMemo(() => dataOf(points, logX, logY), [logX, logY, ...points]);
  const looks = shown.map(({ label, colour, dash, points: { smooth, count } }) => [
    ...[label, colour, dash, smooth !== undefined, count < FEW_POINTS],
  ]);
  return {
    form: JSON.stringify([looks, logX, logY, xTitle]),
    options: () => optionsOf(shown, latest, setPointer),
    data,
    // The marks as text stand for the marks.
    content: [data, range?.from, range?.to, JSON.stringify(marks)],
  };
}

/** All curves over the places that any of them has, the values themselves first, so that no smoothed line lies beneath them. */
function dataOf(points: readonly Points[], logX: boolean, logY: boolean): uPlot.AlignedData {
  // A logarithm has no place for what is not above 0.
  const fits = (values: readonly number[], isLog: boolean) =>
    values.map((value) => (isLog && value <= 0 ? null : value));
  const table = (x: readonly number[], values: readonly number[]): uPlot.AlignedData => {
    const places = logX ? x.filter((value) => value > 0) : [...x];
    return [places, fits(values.slice(x.length - places.length), logY)];
  };
  const smoothed = points.flatMap(({ x, smooth }) => (smooth ? [table(x, smooth)] : []));
  const tables = [...points.map(({ x, y }) => table(x, y)), ...smoothed];
  return tables.length === 0 ? [[]] : uPlot.join(tables);
}

function optionsOf(
  curves: readonly Curve[],
  latest: { readonly current: PlotProperties },
  setPointer: (x: number | undefined) => void,
): Omit<uPlot.Options, 'width' | 'height'> {
  const { logX, logY, xTitle } = latest.current;
  const ink = INK[theme()];
  const line = ({ colour, dash, points }: Curve, part: number): uPlot.Series => ({
    stroke: faint(colour, part),
    width: LINE_WIDTH,
    dash: [...dash],
    spanGaps: true,
    points: { show: points.count < FEW_POINTS, size: 4, fill: faint(colour, part) },
  });
  const smoothed = curves.filter(({ points }) => points.smooth);
  const axis = { ...AXIS, stroke: ink.faint, grid: { stroke: ink.grid, width: 1 } };
  return {
    cursor: {
      // The pointers of drawings over the same axis move together.
      sync: { key: xTitle },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
    },
    scales: {
      x: { time: false, distr: logX ? 3 : 1, range: (_, min, max) => rangeOf(latest.current.range, min, max) },
      y: { distr: logY ? 3 : 1 },
    },
    axes: [
      { ...axis, values: (_, splits) => splits.map((value) => (value === null ? '' : shortCount(value))), size: 28 },
      { ...axis, values: (_, splits) => splits.map((value) => (value === null ? '' : measured(value))), size: 56 },
    ],
    series: [
      { label: xTitle },
      ...curves.map((curve) => line(curve, curve.points.smooth ? FAINT : 1)),
      ...smoothed.map((curve) => line(curve, 1)),
    ],
    hooks: {
      ready: [({ over }) => over.addEventListener('dblclick', () => latest.current.choose(undefined))],
      setCursor: [({ cursor, data }) => setPointer(typeof cursor.idx === 'number' ? data[0][cursor.idx] : undefined)],
      setSelect: [(plot) => chooseSelected(plot, latest.current.choose)],
      drawClear: [(plot) => drawMarks(plot, latest.current.marks)],
    },
  };
}

/** The stretch that was chosen, or all that there is; a single point has some room on either side. */
function rangeOf(range: Range | undefined, min: number, max: number): [number, number] {
  if (range) return [range.from, range.to];
  return min === max ? [min - 1, max + 1] : [min, max];
}

const LEAST_SELECTED = 4;

function chooseSelected(plot: uPlot, choose: PlotProperties['choose']): void {
  const { left, width } = plot.select;
  if (width < LEAST_SELECTED) return;
  choose({ from: plot.posToVal(left, 'x'), to: plot.posToVal(left + width, 'x') });
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

/** A line from top to bottom where something happened. */
function drawMarks(plot: uPlot, marks: readonly PlotMark[]): void {
  const { ctx, bbox } = plot;
  const { min = 0, max = 0 } = plot.scales.x ?? {};
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  for (const { kind, x } of marks) {
    if (min === null || max === null || x < min || x > max) continue;
    const at = plot.valToPos(x, 'x', true);
    ctx.strokeStyle = kind === 'warning' || kind === 'rollback' ? INK[theme()].warning : INK[theme()].line;
    ctx.setLineDash(kind === 'note' ? [2, 4] : [6, 3]);
    ctx.beginPath();
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}
