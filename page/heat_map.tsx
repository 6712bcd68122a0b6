import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { INK } from '../src/charts/theme.ts';
import type { BinCounts } from '../src/watch/protocol.ts';
import { placeOf, quantilePlace, ticks, valueAt } from './bins.ts';
import { measured, shortCount } from './format.ts';
import { faint, onThemeChange, theme } from './palette.ts';
import { AXIS, HEIGHT, movePointer, nearest, SYNC } from './plot.tsx';

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
  const { title, columns, edges, fullest, colour } = properties;
  const [pointer, setPointer] = useState<number | undefined>();
  const { place, plot } = useHeatPlot(properties, setPointer);
  const keys = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0 || !plot.current) return;
    event.preventDefault();
    movePointer(plot.current, by);
  };
  const at = columns[pointer === undefined ? columns.length - 1 : nearest(toSteps(columns), pointer)];
  const told = at ? describe(at, edges) : '';
  return (
    <>
      <p class="legend">
        <span class="shades" style={{ background: `linear-gradient(to right, transparent, ${colour})` }} />
        <span>0 to {Math.round(100 * fullest)} % of the images</span>
        <output class="at">{told}</output>
      </p>
      <div
        class="canvas"
        ref={place}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the pointer
        tabIndex={0}
        role="img"
        aria-label={`${title} over step: ${told}`}
        onKeyDown={keys}
      />
    </>
  );
}

const toSteps = (columns: readonly HeatColumn[]): number[] => columns.map(({ to }) => to);

function describe({ to, bins }: HeatColumn, edges: readonly number[]): string {
  const value = (part: number): string => measured(Number(valueAt(quantilePlace(bins, part), edges).toPrecision(3)));
  return `step ${shortCount(to)}: median ${value(0.5)}, half from ${value(0.25)} to ${value(0.75)}`;
}

/** Keeps the drawing in step with what it is of: made anew where its range or colours are others, else only given the new columns. */
function useHeatPlot(properties: HeatMapProperties, setPointer: (step: number | undefined) => void) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(properties);
  latest.current = properties;
  const [, setThemes] = useState(0);
  useEffect(() => onThemeChange(() => setThemes((count) => count + 1)), []);
  const { columns, shown, colour } = properties;
  const data: uPlot.AlignedData = [toSteps(columns), columns.map(({ bins }) => quantilePlace(bins, 0.5))];
  const form = JSON.stringify([shown, colour, theme()]);
  // The form stands for all that the drawing is made of.
  useEffect(() => {
    const element = place.current as HTMLDivElement;
    const made = new uPlot(optionsOf(element.clientWidth, latest, setPointer), data, element);
    plot.current = made;
    const sizing = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    sizing.observe(element);
    return () => {
      sizing.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [form]);
  useEffect(() => plot.current?.setData(data), [form, columns]);
  return { place, plot };
}

function optionsOf(
  width: number,
  latest: { readonly current: HeatMapProperties },
  setPointer: (step: number | undefined) => void,
): uPlot.Options {
  const ink = INK[theme()];
  const axis = { ...AXIS, stroke: ink.faint, grid: { show: false } };
  const { edges, shown } = latest.current;
  const apart = ((shown[1] - shown[0]) * TICK_PIXELS) / HEIGHT;
  const values = ticks(edges, shown, apart);
  const places = values.map((value) => placeOf(value, edges));
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: SYNC, scales: ['x', null] }, drag: { x: false, y: false }, y: false, points: { size: 6 } },
    scales: {
      x: { time: false, range: (_, min, max) => [min - stepWidth(latest.current.columns), Math.max(max, min + 1)] },
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

/** Steps between two columns; half a step where there is one alone. */
function stepWidth([first, second]: readonly HeatColumn[]): number {
  return first && second ? second.from - first.to : 0.5;
}

function drawColumns(plot: uPlot, { columns, fullest, colour }: HeatMapProperties): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  let behind = (columns[0]?.from ?? 0) - stepWidth(columns);
  for (const { to, bins } of columns) {
    const [left, right] = [plot.valToPos(behind, 'x', true), plot.valToPos(to, 'x', true)];
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
    behind = to;
  }
  ctx.restore();
}
