import { useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { INK } from '../src/charts/theme.ts';
import type { BinCounts } from '../src/watch/protocol.ts';
import { bordersOf, placeOf, quantilePlace, ticks, valueAt } from './bins.ts';
import { AXIS, Canvas, HEIGHT } from './canvas.tsx';
import { measured, shortCount } from './format.ts';
import { faint, theme } from './palette.ts';
import { nearest } from './plot.tsx';

/** What is shown of the steps from `from` to `to`. */
export interface HeatColumn {
  readonly from: number;
  readonly to: number;
  readonly bins: BinCounts;
}

interface HeatMapProperties {
  /** Such as `D(x)`. */
  readonly title: string;
  readonly columns: readonly HeatColumn[];
  readonly edges: readonly number[];
  /** The first bin that is shown, and the one behind the last. */
  readonly shown: readonly [number, number];
  /** The part of a column's images in one bin that has the full colour. */
  readonly fullest: number;
  readonly colour: string;
}

/** Pixels between two numbers of the vertical axis. */
const TICK_PIXELS = 24;
/** Rare values are to be seen too. */
const shade = (part: number): number => Math.sqrt(Math.min(1, part));

/** How numbers are distributed as training goes on: the more of a column's images lie in a bin, the stronger its colour. A line goes through
 *  the medians. */
export function HeatMap(properties: HeatMapProperties) {
  const { title, columns, edges, shown, fullest, colour } = properties;
  const [pointer, setPointer] = useState<number | undefined>();
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(properties);
  latest.current = properties;
  const at = columns[pointer === undefined ? columns.length - 1 : nearest(toSteps(columns), pointer)];
  const told = at ? describe(at, edges) : '';
  return (
    <>
      <p class="legend">
        <span class="shades" style={{ background: `linear-gradient(to right, transparent, ${colour})` }} />
        <span>0 to {Math.round(100 * fullest)} % of the images</span>
        <output class="at">{told}</output>
      </p>
      <Canvas
        label={`${title} over step`}
        pointer={pointer}
        told={told}
        form={JSON.stringify([edges, shown])}
        options={() => optionsOf(latest, setPointer)}
        data={[toSteps(columns), columns.map(({ bins }) => quantilePlace(bins, 0.5))]}
        content={[columns, colour]}
        plot={plot}
      />
    </>
  );
}

const toSteps = (columns: readonly HeatColumn[]): number[] => columns.map(({ to }) => to);

function describe({ to, bins }: HeatColumn, edges: readonly number[]): string {
  const value = (part: number): string => measured(Number(valueAt(quantilePlace(bins, part), edges).toPrecision(3)));
  return `step ${shortCount(to)}: median ${value(0.5)}, half from ${value(0.25)} to ${value(0.75)}`;
}

function optionsOf(
  latest: { readonly current: HeatMapProperties },
  setPointer: (step: number | undefined) => void,
): Omit<uPlot.Options, 'width' | 'height'> {
  const ink = INK[theme()];
  const axis = { ...AXIS, stroke: ink.faint, grid: { show: false } };
  const { edges, shown } = latest.current;
  const apart = ((shown[1] - shown[0]) * TICK_PIXELS) / HEIGHT;
  const values = ticks(edges, shown, apart);
  const places = values.map((value) => placeOf(value, edges));
  return {
    cursor: { sync: { key: 'step', scales: ['x', null] }, drag: { x: false, y: false }, y: false, points: { size: 6 } },
    scales: {
      x: { time: false, range: (_, min, max) => [bordersOf(latest.current.columns)[0] ?? 0, Math.max(max, min + 1)] },
      y: { range: () => [shown[0], shown[1]] },
    },
    axes: [
      { ...axis, values: (_, splits) => splits.map((value) => shortCount(value)), size: 28 },
      { ...axis, splits: () => places, values: () => values.map(measured), size: 56 },
    ],
    series: [{ label: 'step' }, { label: 'median', stroke: ink.text, width: 1.2, points: { show: false } }],
    hooks: {
      setCursor: [({ cursor, data }) => setPointer(typeof cursor.idx === 'number' ? data[0][cursor.idx] : undefined)],
      drawAxes: [(plot) => drawColumns(plot, latest.current)],
    },
  };
}

function drawColumns(plot: uPlot, { columns, fullest, colour }: HeatMapProperties): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const borders = bordersOf(columns).map((step) => plot.valToPos(step, 'x', true));
  for (const [at, { bins }] of columns.entries()) {
    const [left, right] = [borders[at] as number, borders[at + 1] as number];
    const total = bins.counts.reduce((sum, count) => sum + count, 0);
    for (const [i, count] of bins.counts.entries()) {
      if (count === 0) continue;
      const bottom = plot.valToPos(bins.first + i, 'y', true);
      const top = plot.valToPos(bins.first + i + 1, 'y', true);
      ctx.fillStyle = faint(colour, shade(count / total / fullest));
      // Whole pixels, so that neither gaps nor double lines stand between two bins.
      const [x, y] = [Math.round(left), Math.round(top)];
      ctx.fillRect(x, y, Math.max(1, Math.round(right) - x), Math.max(1, Math.round(bottom) - y));
    }
  }
  ctx.restore();
}
