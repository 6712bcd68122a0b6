import type { GroupMark, Legend, Mark, Scale, Spec } from 'vega';
import { smooth, usualHalfLife } from './smooth.ts';
import { INK, PALETTE, type Theme } from './theme.ts';
import { configOf, drawSpec } from './vega.ts';

/** Values of one name over x. */
export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** The smoothed value at each point, where it comes from more points than these; `halfLife` is not applied then. */
  readonly smoothed?: readonly number[] | undefined;
}

/** Curves that share their axes. */
export interface LinePanel {
  readonly title: string;
  /** What the values are and their unit; stands beside the axis. */
  readonly yTitle?: string | undefined;
  readonly curves: readonly Curve[];
}

/** How panels of curves are drawn. */
export interface LineOptions {
  /** What x is and its unit. */
  readonly xTitle: string;
  /** Default: light. */
  readonly theme?: Theme | undefined;
  /** Points after which the weight of a value is halved in the smoothed line; 0 draws none. Default: a fiftieth of the curve. */
  readonly halfLife?: number | undefined;
  /** Names of curves that have the same colour in every panel, with one legend above all; without it each panel has its own. From the
   *  seventh name on lines are dashed. */
  readonly series?: readonly string[] | undefined;
}

const COLUMNS = 2;
const SIZE = { width: 400, height: 170 };
const TICKS = { x: 5, y: 4 };

/** Panels of curves, two to a row, as an SVG drawing. A smoothed line runs over the faint one of the values themselves. */
export function drawLines(panels: readonly LinePanel[], options: LineOptions): Promise<string> {
  const { theme = 'light', series } = options;
  const spec: Spec = {
    background: INK[theme].page,
    padding: 14,
    config: configOf(theme),
    ...(series && { scales: lineScales(series, theme), legends: [sharedLegend(panels.length)] }),
    layout: { columns: COLUMNS, padding: { row: 26, column: 40 }, bounds: 'full', align: 'all' },
    marks: panels.map((panel) => panelMark(panel, options, theme)),
  };
  return drawSpec(spec);
}

/** How lines are told apart by the names of their curves. */
const lineScales = (names: readonly string[], theme: Theme): Scale[] => [
  { name: 'color', type: 'ordinal', domain: [...names], range: [...PALETTE[theme]] },
  {
    name: 'dash',
    type: 'ordinal',
    domain: [...names],
    range: names.map((_, index) => (index < PALETTE[theme].length ? [] : [5, 3])),
  },
];

function panelMark({ title, yTitle, curves }: LinePanel, options: LineOptions, theme: Theme): GroupMark {
  const names = curves.map(({ name }) => name);
  // The faint ones come first, so that no strong one lies beneath them.
  const lines = curves
    .flatMap((curve) => linesOf(curve, options.halfLife))
    .sort((a, b) => a.kind.localeCompare(b.kind));
  return {
    type: 'group',
    title: { text: title, anchor: 'start', frame: 'group', offset: 8 },
    // Lines of the grid are as long as these say.
    signals: [
      { name: 'width', value: SIZE.width },
      { name: 'height', value: SIZE.height },
    ],
    encode: { update: { width: { value: SIZE.width }, height: { value: SIZE.height } } },
    data: [
      {
        name: 'points',
        values: lines.flatMap(({ points, ...line }) => points.map((point) => ({ ...line, ...point }))),
      },
    ],
    scales: [
      { name: 'x', type: 'linear', domain: { data: 'points', field: 'x' }, range: [0, SIZE.width], zero: false },
      {
        name: 'y',
        type: 'linear',
        domain: { data: 'points', field: 'y' },
        range: [SIZE.height, 0],
        nice: true,
        zero: false,
      },
      ...(options.series ? [] : lineScales(names, theme)),
    ],
    axes: [
      { orient: 'bottom', scale: 'x', tickCount: TICKS.x, title: options.xTitle, labelFlush: true },
      { orient: 'left', scale: 'y', tickCount: TICKS.y, grid: true, ...(yTitle && { title: yTitle }) },
    ],
    legends: names.length > 1 && !options.series ? [LEGEND] : [],
    marks: [
      { type: 'group', from: { facet: { name: 'line', data: 'points', groupby: ['name', 'kind'] } }, marks: [LINE] },
    ],
  };
}

const LEGEND = {
  stroke: 'color',
  symbolType: 'stroke',
  symbolStrokeWidth: 2,
  orient: 'none',
  direction: 'horizontal',
  legendX: 0,
  legendY: -20,
  columnPadding: 14,
} as const;

/** As wide as the panels below it. */
const sharedLegend = (panels: number): Legend => ({
  stroke: 'color',
  strokeDash: 'dash',
  symbolType: 'stroke',
  symbolStrokeWidth: 2,
  orient: 'top',
  direction: 'horizontal',
  columns: 2 * Math.min(panels, COLUMNS),
  columnPadding: 14,
  labelLimit: 0,
});

const LINE: Mark = {
  type: 'line',
  from: { data: 'line' },
  encode: {
    update: {
      x: { scale: 'x', field: 'x' },
      y: { scale: 'y', field: 'y' },
      stroke: { scale: 'color', field: 'name' },
      strokeDash: { scale: 'dash', field: 'name' },
      strokeWidth: { value: 1.5 },
      strokeOpacity: [{ test: "datum.kind === 'faint'", value: 0.3 }, { value: 1 }],
    },
  },
};

interface Line extends Pick<Curve, 'name' | 'points'> {
  /** Values themselves are faint beneath their smoothed line. */
  readonly kind: 'faint' | 'strong';
}

function linesOf(curve: Curve, halfLife?: number): Line[] {
  const { name, points } = curve;
  const smoothed = curve.smoothed ?? smoothedOf(points, halfLife);
  if (!smoothed) return [{ name, points, kind: 'strong' }];
  return [
    { name, points, kind: 'faint' },
    { name, points: points.map(({ x }, i) => ({ x, y: smoothed[i] as number })), kind: 'strong' },
  ];
}

function smoothedOf(points: Curve['points'], halfLife = usualHalfLife(points.length)): number[] | undefined {
  if (halfLife <= 0) return undefined;
  return smooth(
    points.map(({ y }) => y),
    halfLife,
  );
}
